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

	"github.com/refrain-asr/refrain/internal/atomicfile"
	"github.com/refrain-asr/refrain/recording"
)

// strayDir is where blobs lie that belong to no recording, in a subdirectory for each day on
// which they were found.
const strayDir = "stray"

// setAside moves blobs into a directory, which it makes. A file that lies there already keeps
// its name.
func (d *Dir) setAside(ids []recording.ID, to string) error {
	if len(ids) == 0 {
		return nil
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return fmt.Errorf("set stray audio aside: %w", err)
	}
	var errs []error
	left := map[string]bool{to: true, filepath.Dir(to): true, d.root: true}
	for _, id := range ids {
		from, err := d.path(id)
		if err == nil {
			left[filepath.Dir(from)] = true
			err = moveEach(from, filepath.Join(to, string(id)))
		}
		errs = append(errs, err)
	}
	for dir := range left {
		errs = append(errs, atomicfile.SyncDir(dir))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("set stray audio aside: %w", err)
	}
	return nil
}

// moveEach moves a blob, whether it is audio or says where that lies.
func moveEach(from, to string) error {
	var errs []error
	for _, suffix := range []string{"", referenceSuffix} {
		if err := moveNew(from+suffix, to+suffix); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// moveNew gives a file another name, with a number behind it where that name is taken.
func moveNew(from, to string) error {
	for n, name := 2, to; ; n, name = n+1, fmt.Sprintf("%s.%d", to, n) {
		_, err := os.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return os.Rename(from, name)
		}
		if err != nil {
			return err
		}
	}
}

// takeBack puts strays back whose recordings are known, and counts them.
func (d *Dir) takeBack(ctx context.Context, known Known) (returned int, err error) {
	days, err := filepath.Glob(filepath.Join(d.root, strayDir, "*"))
	if err != nil {
		return 0, err
	}
	for _, day := range days {
		n, err := d.takeBackFrom(ctx, day, known)
		returned += n
		if err != nil {
			return returned, err
		}
	}
	return returned, nil
}

func (d *Dir) takeBackFrom(ctx context.Context, day string, known Known) (returned int, err error) {
	files, err := os.ReadDir(day)
	if err != nil {
		return 0, err
	}
	var ids []recording.ID
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), referenceSuffix)
		if _, err := ulid.ParseStrict(name); err == nil && f.Type().IsRegular() {
			ids = append(ids, recording.ID(name))
		}
	}
	if len(ids) == 0 {
		return 0, nil
	}
	have, err := known(ctx, ids)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if !have[id] {
			continue
		}
		put, err := d.putBack(ctx, filepath.Join(day, string(id)), id)
		if err != nil {
			return returned, err
		}
		returned += put
	}
	return returned, nil
}

// putBack puts a stray back where its recording has no blob; it gives how many it put back.
func (d *Dir) putBack(ctx context.Context, stray string, id recording.ID) (int, error) {
	has, err := d.Has(ctx, id)
	if err != nil || has {
		return 0, err
	}
	to, err := d.path(id)
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return 0, err
	}
	if err := atomicfile.Rename(stray, to); !errors.Is(err, fs.ErrNotExist) {
		return 1, err
	}
	return 1, atomicfile.Rename(stray+referenceSuffix, to+referenceSuffix)
}
