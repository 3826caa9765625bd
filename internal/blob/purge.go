package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/internal/atomicfile"
	"github.com/refrain-asr/refrain/recording"
)

// RemoveAll removes blobs, and what is left of them among strays. When it returns, a crash of the
// machine doesn't bring them back.
func (d *Dir) RemoveAll(_ context.Context, ids []string) error {
	left := map[string]bool{}
	for _, id := range ids {
		path, err := d.path(recording.ID(id))
		if err != nil {
			return err
		}
		if err := d.remove(recording.ID(id)); err != nil {
			return err
		}
		left[filepath.Dir(path)] = true
		strays, err := filepath.Glob(filepath.Join(d.root, strayDir, "*", id+"*"))
		if err != nil {
			return err
		}
		for _, name := range strays {
			if err := removeFile(name); err != nil {
				return fmt.Errorf("remove stray audio: %w", err)
			}
			left[filepath.Dir(name)] = true
		}
	}
	for dir := range left {
		if err := atomicfile.SyncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove audio for good: %w", err)
		}
	}
	return nil
}

// PurgeStrays removes strays that were set aside on a day that ended before a time, and those whose
// recordings were erased, and counts them. How old the recordings are doesn't matter: whoever put a wrong
// database there has that long to find it out.
func (d *Dir) PurgeStrays(ctx context.Context, erased Known, before time.Time) (purged int, err error) {
	files, err := filepath.Glob(filepath.Join(d.root, strayDir, "*", "*"))
	if err != nil || len(files) == 0 {
		return 0, err
	}
	byID := map[recording.ID][]string{}
	var ids []recording.ID
	for _, name := range files {
		text, _, _ := strings.Cut(filepath.Base(name), ".")
		if _, err := ulid.ParseStrict(text); err != nil {
			continue
		}
		id := recording.ID(text)
		ids, byID[id] = append(ids, id), append(byID[id], name)
	}
	gone, err := erased(ctx, ids)
	if err != nil {
		return 0, err
	}
	for id, names := range byID {
		for _, name := range names {
			if !gone[id] && !lainSince(name, before) {
				continue
			}
			if err := os.Remove(name); err != nil {
				return purged, fmt.Errorf("remove stray audio: %w", err)
			}
			purged++
		}
	}
	return purged, nil
}

// lainSince tells whether a stray's day ended before a time. One that lies in no day's directory stays.
func lainSince(name string, before time.Time) bool {
	day, err := time.Parse(time.DateOnly, filepath.Base(filepath.Dir(name)))
	return err == nil && day.AddDate(0, 0, 1).Before(before)
}
