package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/recording"
)

// maxStray is how many blobs without a recording are removed without a doubt.
const maxStray = 64

// Known tells which of the ids belong to recordings.
type Known func(ctx context.Context, ids []recording.ID) (map[recording.ID]bool, error)

// Sweep removes what a crash left behind: unfinished files, and blobs whose recording
// was never acknowledged. removed counts the latter. To be called at the start, before
// anything is written.
//
// A crash leaves at most a few of those. Where there are many, and more than there are
// blobs with recordings, then it is the database that is wrong or empty: Sweep then
// removes no blob and fails.
func (d *Dir) Sweep(ctx context.Context, known Known) (removed int, err error) {
	if err := d.sweepTmp(); err != nil {
		return 0, fmt.Errorf("remove unfinished uploads: %w", err)
	}
	shards, err := os.ReadDir(d.root)
	if err != nil {
		return 0, fmt.Errorf("look through the audio directory: %w", err)
	}
	var stray []recording.ID
	kept := 0
	for _, s := range shards {
		ids, err := d.blobsIn(s)
		if err != nil {
			return 0, fmt.Errorf("look through the audio directory: %w", err)
		}
		lost, err := strays(ctx, ids, known)
		if err != nil {
			return 0, err
		}
		stray, kept = append(stray, lost...), kept+len(ids)-len(lost)
	}
	if len(stray) > maxStray && len(stray) > kept {
		return 0, fmt.Errorf("%d of the %d files in %s belong to no recording in the database: "+
			"is it the database that goes with them? "+
			"Restore that one, or move the files away", len(stray), len(stray)+kept, d.root)
	}
	var errs []error
	for _, id := range stray {
		errs = append(errs, d.Remove(id))
	}
	return len(stray), errors.Join(errs...)
}

func (d *Dir) sweepTmp() error {
	dir := filepath.Join(d.root, tmpDir)
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
		name := strings.TrimSuffix(f.Name(), referenceSuffix)
		if _, err := ulid.ParseStrict(name); err == nil && shard(name) == sub.Name() &&
			f.Type().IsRegular() {
			ids = append(ids, recording.ID(name))
		}
	}
	return ids, nil
}

func strays(ctx context.Context, ids []recording.ID, known Known) ([]recording.ID, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	have, err := known(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("find out which audio belongs to recordings: %w", err)
	}
	var out []recording.ID
	for _, id := range ids {
		if !have[id] {
			out = append(out, id)
		}
	}
	return out, nil
}
