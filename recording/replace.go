package recording

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/fault"
)

// With is the recording with next's file in the place of its own, to be heard anew with the
// priority that it had. A line that was not known of it is next's.
// Unavailable while it is being heard: what is made of the old file must be stored first.
func (r Recording) With(next Recording) (Recording, error) {
	if r.Erased() {
		return r, &fault.Error{Op: opUpload, Kind: fault.Exists, Reason: "RECORDING_ERASED",
			Subject: r.Name(), Message: "its audio was erased meanwhile"}
	}
	if r.State == Running {
		return r, &fault.Error{Op: opUpload, Kind: fault.Unavailable, Reason: "RECORDING_BUSY",
			Subject: r.Name(),
			Message: "it is being transcribed, as far as it was sent before; send the rest again " +
				"in a minute"}
	}
	r.Audio, r.SHA256, r.Size = next.Audio, next.SHA256, next.Size
	r.State, r.Problem, r.Attempts, r.Deaths, r.Heard = Queued, nil, 0, 0, 0
	r.Replaced++
	if r.Line == "" {
		r.Line = next.Line
	}
	return r, nil
}

// Version is what a recording was before another file took its place.
type Version struct {
	Audio  audio.Info
	SHA256 string
	Size   int64
	Heard  Defects
	// ReplacedAt is when that was.
	ReplacedAt time.Time
}

// Replacement is the order that a file takes the place of whatever else is there for its call and part.
type Replacement struct {
	// By is who ordered it, Reason why.
	By, Reason string
}

// SetAside tells why a recording gave its part free for another file.
type SetAside struct {
	// Part is the one that it had.
	Part string
	Replacement
	At time.Time
}

// asidePart is the part of a recording that was set aside.
func asidePart(id ID) string { return "set-aside-" + string(id) }

// setAside gives the call and part of a recording that is there free for r, as somebody ordered, and
// keeps r as one of its own. What is there keeps its audio and what was heard and decided: a decision
// may rest on it. Where r can't be kept after that, it can be sent again.
func (in *Intake) setAside(
	ctx context.Context, old, r Recording, blob Blob, why Replacement,
) (Recording, bool, error) {
	now := in.Now().UTC().Truncate(time.Microsecond)
	err := in.Store.SetAside(ctx, old.ID, asidePart(old.ID), SetAside{Part: old.Part, Replacement: why, At: now})
	if err != nil {
		return Recording{}, false, err
	}
	kept, duplicate, err := in.create(ctx, r, blob)
	if err == nil && !duplicate {
		kept.Aside = old.ID
	}
	return kept, duplicate, err
}

// relation is how a file that arrives for a recording goes with the one that is there.
type relation int

const (
	unrelated relation = iota
	// further: it begins with the same samples and goes on, or is the same, finished.
	further
	// shorter: it is the beginning of what is there.
	shorter
)

// goOn takes another file for a known recording, where one of the two begins with the
// other: the longer one stays, unless the order is given that the shorter one replaces it. The audio is replaced before the row: whatever happens in
// between, the audio holds all that the row tells of.
func (in *Intake) goOn(
	ctx context.Context, old, r Recording, blob Blob, replace *Replacement,
) (Recording, bool, error) {
	how, err := in.relate(ctx, old, r, blob)
	if _, bad := errors.AsType[*audio.Error](err); err != nil && !bad {
		return Recording{}, false, err
	}
	switch how {
	case shorter:
		if replace != nil { // that the longer one is right is what somebody denies
			return Recording{}, false, sameAs(old, r)
		}
		return old, true, nil
	case further:
		if _, err := old.With(r); err != nil {
			return Recording{}, false, err
		}
		if err := blob.Commit(ctx, old.ID); err != nil {
			return Recording{}, false, fmt.Errorf("store the audio: %w", err)
		}
		now, err := in.Store.ReplaceAudio(ctx, old.ID, r)
		if fault.ReasonOf(err) == "RECORDING_ERASED" || fault.KindOf(err) == fault.NotFound {
			if rm := in.Blobs.Remove(context.WithoutCancel(ctx), old.ID); rm != nil { // it was erased meanwhile
				err = errors.Join(err, fmt.Errorf("remove audio that was erased: %w", rm))
			}
		}
		return now, false, err
	case unrelated:
	}
	return Recording{}, false, sameAs(old, r)
}

// checkFinished refuses a file whose recorder seems to be writing it still, unless the
// sender says that it is not.
func checkFinished(r Recording, unfinishedOK bool) error {
	if unfinishedOK || r.Audio.Sizes != audio.SizesZero {
		return nil
	}
	return &fault.Error{Op: opUpload, Kind: fault.Unavailable, Reason: "AUDIO_UNFINISHED",
		Message: "the file is not finished: its header has no sizes yet; send it once the recorder " +
			"has closed it. If the recorder died, say so with unfinished_ok (refrain send " +
			"--unfinished-ok): then what there is is taken"}
}

// relate compares the stored audio of old with what has arrived for r.
func (in *Intake) relate(ctx context.Context, old, r Recording, blob Blob) (relation, error) {
	for _, try := range []struct {
		storedFirst bool
		relation    relation
	}{{true, further}, {false, shorter}} {
		is, stored, arrived, err := in.prefix(ctx, old.ID, blob, try.storedFirst)
		switch {
		case err != nil:
			return unrelated, err
		case !is:
		case try.relation == shorter:
			return shorter, nil
		// by the row, which a crash may have left behind the audio
		case arrived > old.Audio.Frames, whole(r) && !whole(old) && arrived >= stored:
			return further, nil
		}
	}
	return unrelated, nil
}

// whole reports that the file says of itself that it is.
func whole(r Recording) bool { return FileDefects(r.Audio) == 0 }

// prefix reports whether one file begins with all samples of the other, the stored one
// being that other where storedFirst, and how many frames each has.
func (in *Intake) prefix(
	ctx context.Context, id ID, blob Blob, storedFirst bool,
) (is bool, stored, arrived int64, err error) {
	a, err := in.Blobs.Open(ctx, id)
	if err != nil {
		return false, 0, 0, err
	}
	defer func() { _ = a.Close() }()
	b, err := blob.Reread()
	if err != nil {
		return false, 0, 0, fmt.Errorf("read what arrived: %w", err)
	}
	defer func() { _ = b.Close() }()
	if storedFirst {
		is, stored, arrived, err = audio.Prefix(a, b)
	} else {
		is, arrived, stored, err = audio.Prefix(b, a)
	}
	return is, stored, arrived, err
}
