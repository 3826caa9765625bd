package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/refrain-asr/refrain/recording"
)

// maxStray is how many blobs without a recording are moved away without a doubt.
const maxStray = 64

// Doubtful tells that it is more likely the database that is wrong where so many blobs have no
// recording, and so many have one.
func Doubtful(stray, kept int) bool { return stray > maxStray && stray > kept }

// Known tells which of the ids belong to recordings.
type Known func(ctx context.Context, ids []recording.ID) (map[recording.ID]bool, error)

// Part parts ids into those of which it tells, and the others.
func (k Known) Part(ctx context.Context, ids []recording.ID) (those, others []recording.ID, err error) {
	if len(ids) == 0 {
		return nil, nil, nil
	}
	have, err := k(ctx, ids)
	if err != nil {
		return nil, nil, fmt.Errorf("find out which audio belongs to recordings: %w", err)
	}
	for _, id := range ids {
		if have[id] {
			those = append(those, id)
		} else {
			others = append(others, id)
		}
	}
	return those, others, nil
}

// But tells of what k tells of and erased doesn't.
func (k Known) But(erased Known) Known {
	return func(ctx context.Context, ids []recording.ID) (map[recording.ID]bool, error) {
		_, ids, err := erased.Part(ctx, ids)
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		return k(ctx, ids)
	}
}

// Swept is what Sweep did.
type Swept struct {
	// Strayed are blobs that were moved away, since no recording is known by their ids, and
	// Returned are those that were moved away before and have a recording after all.
	Strayed, Returned int
	// Removed are blobs of recordings whose audio was erased.
	Removed int
	// To is where the former lie now.
	To string
}

// Sweep cleans up behind a crash: it removes unfinished files, which nobody was told of, and
// moves blobs that belong to no recording to stray/DAY below the directory. None is deleted:
// that no recording is known may as well be the database's fault. Where one is known again its
// blob is put back. To be called at the start, before anything is written.
//
// Blobs whose recordings erased tells of are removed for good, wherever they came from, such as a backup of
// the directory alone; nothing else would look for them any more.
//
// A crash leaves at most a few strays. Where there are many, and more than there are blobs
// with recordings, then it is the database that is wrong: Sweep then moves none and fails,
// unless it is told that this is meant.
func (d *Dir) Sweep(
	ctx context.Context, known, erased Known, now time.Time, meant bool,
) (s Swept, err error) {
	if err := Empty(d.Temp()); err != nil {
		return s, fmt.Errorf("remove unfinished uploads: %w", err)
	}
	if s.Returned, err = d.takeBack(ctx, known.But(erased)); err != nil {
		return s, fmt.Errorf("put back audio that had strayed: %w", err)
	}
	shards, err := os.ReadDir(d.root)
	if err != nil {
		return s, fmt.Errorf("look through the audio directory: %w", err)
	}
	var stray []recording.ID
	var gone []string
	kept := 0
	for _, sub := range shards {
		ids, err := d.blobsIn(sub)
		if err != nil {
			return s, fmt.Errorf("look through the audio directory: %w", err)
		}
		over, ids, err := erased.Part(ctx, ids)
		if err != nil {
			return s, err
		}
		_, lost, err := known.Part(ctx, ids)
		if err != nil {
			return s, err
		}
		for _, id := range over {
			gone = append(gone, string(id))
		}
		stray, kept = append(stray, lost...), kept+len(ids)-len(lost)
	}
	if Doubtful(len(stray), kept) && !meant {
		return s, &DoubtError{Dir: d.root, Strays: len(stray), Of: len(stray) + kept}
	}
	if !meant { // else it may be the database that is wrong
		if err := d.RemoveAll(ctx, gone); err != nil {
			return s, fmt.Errorf("remove audio that was erased: %w", err)
		}
		s.Removed = len(gone)
	}
	s.Strayed, s.To = len(stray), filepath.Join(d.root, strayDir, now.UTC().Format(time.DateOnly))
	return s, d.setAside(stray, s.To)
}

// DoubtError is Sweep's that the database is the one that goes with the audio.
type DoubtError struct {
	Dir        string
	Strays, Of int
}

// Error implements error.
func (d *DoubtError) Error() string {
	return fmt.Sprintf("%d of the %d files in %s belong to no recording in the database: is it the "+
		"database that goes with them? Restore that one", d.Strays, d.Of, d.Dir)
}

// Empty removes all that lies in a directory, and leaves the directory.
func Empty(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range files {
		errs = append(errs, os.RemoveAll(filepath.Join(dir, f.Name())))
	}
	return errors.Join(errs...)
}

// blobsIn lists the blobs of a subdirectory; what is no blob is left alone.
func (d *Dir) blobsIn(sub fs.DirEntry) ([]recording.ID, error) {
	if !sub.IsDir() || len(sub.Name()) != 2 {
		return nil, nil
	}
	files, err := os.ReadDir(filepath.Join(d.root, sub.Name()))
	if err != nil {
		return nil, err
	}
	var ids []recording.ID
	for _, f := range files {
		if id, ok := IDOf(sub.Name() + "/" + f.Name()); ok && f.Type().IsRegular() {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
