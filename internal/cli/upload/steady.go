package upload

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/refrain-asr/refrain/asr/audio"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const (
	// settled is for how long a file must not have been written to that may be growing:
	// recorders write every few seconds.
	settled = 10 * time.Second
	// abandoned is for how long nobody has written a file whose recorder died.
	abandoned = 10 * time.Minute
)

var (
	errUnfinished = errors.New("the file is not finished: its header has no sizes yet; send it " +
		"once the recorder has closed it (or, if the recorder died, with --unfinished-ok)")
	errGrowing = errors.New("the file is not finished: it is still being written; send it once " +
		"the recorder has closed it")
)

// written tells when a file was written last, and how long it is.
type written struct {
	at   time.Time
	size int64
}

func lastWritten(f *os.File) (written, error) {
	info, err := f.Stat()
	if err != nil {
		return written{}, err
	}
	return written{info.ModTime(), info.Size()}, nil
}

// steady refuses a file that a recorder seems to be writing still. One whose header is not
// finished, but which nobody has written for long, was left by a recorder that died: meta
// then says so. One whose sizes are those of a stream may be whole or growing: it is looked
// at until it has settled.
func (u *Uploader) steady(ctx context.Context, f *os.File, meta *pb.RecordingMetadata) error {
	before, err := lastWritten(f)
	if err != nil {
		return err
	}
	age := max(0, u.now().Sub(before.at))
	switch sizesOf(f) {
	case audio.SizesZero:
		meta.UnfinishedOk = meta.GetUnfinishedOk() || age >= abandoned
		if !meta.GetUnfinishedOk() {
			return errUnfinished
		}
	case audio.SizesStreamed:
		if age >= settled || meta.GetUnfinishedOk() {
			break
		}
		if err := u.pause(ctx, settled-age); err != nil {
			return err
		}
		return unchanged(f, before)
	case audio.SizesTrue, audio.SizesStale: // whether it grows while it is sent is seen then
	}
	return nil
}

// unchanged refuses a file that was written to since before.
func unchanged(f *os.File, before written) error {
	now, err := lastWritten(f)
	if err == nil && (now.size != before.size || !now.at.Equal(before.at)) {
		err = errGrowing
	}
	return err
}

// sizesOf is what the sizes in a file's header are worth; what can't be read is for the
// server to refuse.
func sizesOf(f *os.File) audio.Sizes {
	r, err := audio.NewReader(io.NewSectionReader(f, 0, 1<<62))
	if err != nil {
		return audio.SizesTrue
	}
	return r.Info().Sizes
}
