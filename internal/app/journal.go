package app

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/retention"
)

// Which people were erased is kept in the data directory, and where audio lies in a bucket, there too: a database
// that is put back to an earlier state, beside a directory that is new, learns of them from there, and so do other
// servers' directories.

// journal is a data directory's that is kept in the bucket as well.
type journal struct {
	retention.Journal

	a *App
}

// Append implements retention.Journal. Where the bucket is away, whose audio can't go either then, it is noted there
// once it is back.
func (j *journal) Append(e retention.Erasure) error {
	if err := j.Journal.Append(e); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), bindFor)
	defer cancel()
	if err := noteErasure(ctx, j.a.bucket, e); err != nil {
		j.a.bucket.unnoted.Store(true)
		j.a.log.ErrorContext(ctx, "an erasure could not be noted in the bucket; it is once that can be used", "erasure", e.ID,
			"error", err)
	}
	return nil
}

func noteErasure(ctx context.Context, b *keptBucket, e retention.Erasure) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return b.NoteErasure(ctx, e.ID, append(text, '\n'))
}

// shareErasures has directory and bucket know of the same erasures, where the bucket can be reached.
func (a *App) shareErasures(ctx context.Context) error {
	if a.bucket == nil || a.onlyChecks() {
		return nil
	}
	a.bucket.unnoted.Store(false)
	err := a.exchangeErasures(ctx)
	if err != nil && (recording.StoreAway(err) || a.bucket.Ready() != nil) {
		a.bucket.unnoted.Store(true)
		return nil //nolint:nilerr // diallers must not wait for it
	}
	return err
}

func (a *App) exchangeErasures(ctx context.Context) error {
	noted := map[string]bool{}
	var there []retention.Erasure
	err := a.bucket.EachErasure(ctx, func(id string) bool { noted[id] = true; return true }, nil)
	if err != nil {
		return err
	}
	here, err := a.retention.Journal.Erasures()
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, e := range here {
		known[e.ID] = true
		if noted[e.ID] {
			continue
		}
		if err := noteErasure(ctx, a.bucket, e); err != nil {
			return err
		}
	}
	err = a.bucket.EachErasure(ctx, func(id string) bool { return !known[id] }, func(id string, text []byte) error {
		var e retention.Erasure
		if err := json.Unmarshal(text, &e); err != nil || e.ID != id || e.Name == "" {
			a.log.ErrorContext(ctx, "what tells of an erasure in the bucket is damaged, and is passed over", "erasure", id)
			return nil //nolint:nilerr // it is told
		}
		there = append(there, e)
		return nil
	})
	if err != nil {
		return err
	}
	people, err := datadir.MergeErasures(a.cfg.Data, there)
	if people > 0 {
		a.log.WarnContext(ctx, "the bucket tells of people who were erased and whom this directory did not know", "people", people)
	}
	if err != nil {
		return fmt.Errorf("note which people were erased: %w", err)
	}
	return nil
}
