package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Options say how to read.
type Options struct {
	// Together gives the recordings that belong to one call, such as its two sides, the same key; ""
	// where one stands for itself. It sees Item.Name. Only what lies in the same folder or archive comes together. Nil for none.
	Together func(name string) string
	// Temp is where members of archives are copied to while they are needed; "" for the system's
	// temporary folder.
	Temp string
	// MaxMember is the largest member of an archive that is read, in bytes; 0 for DefaultMaxMember.
	MaxMember int64
}

// DefaultMaxMember is 1 GiB: more than a day of telephone sound.
const DefaultMaxMember = 1 << 30

// Walker goes through all that a user named.
type Walker struct {
	options Options
	paths   []string
	named   []string // paths as they were named
	// NotAudio counts the files that are no recordings. It grows while the Walker walks.
	NotAudio int
}

// errStop ends a walk whose yield wants no more.
var errStop = errors.New("stop")

// New readies a Walker. Paths are files, folders, archives, and patterns such as calls/**/*.wav;
// the error is about one that stands for nothing. Whatever their order, the same paths are walked in the same order.
func New(paths []string, o Options) (*Walker, error) {
	if o.MaxMember == 0 {
		o.MaxMember = DefaultMaxMember
	}
	w := &Walker{options: o}
	for _, p := range paths {
		found, err := expand(p)
		if err != nil {
			return nil, err
		}
		w.paths = append(w.paths, found...)
	}
	slices.Sort(w.paths)
	w.paths = slices.Compact(w.paths)
	w.named = slices.Clone(w.paths)
	w.paths = slices.DeleteFunc(w.paths, w.below)
	w.named = nil
	return w, nil
}

// below tells that a path lies in a folder that is walked, too.
func (w *Walker) below(path string) bool {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if _, named := slices.BinarySearch(w.named, dir); named && dir != path {
			return true
		}
		if dir == filepath.Dir(dir) || dir == "." {
			return false
		}
	}
}

// expand gives what a path or a pattern stands for.
func expand(p string) ([]string, error) {
	_, err := os.Stat(p)
	if err == nil {
		return []string{filepath.Clean(p)}, nil
	}
	if !strings.ContainsAny(p, "*?[{") {
		if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
			err = pathErr.Err
		}
		return nil, fmt.Errorf("%s: %w", p, err)
	}
	found, err := doublestar.FilepathGlob(p, doublestar.WithFilesOnly())
	if err != nil {
		return nil, fmt.Errorf("%s: the pattern is wrong: %w", p, err)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: nothing fits the pattern", p)
	}
	return found, nil
}

// Bytes is how many there are to read: the sum of all Weights, but for what is no recording.
func (w *Walker) Bytes(ctx context.Context) (total int64) {
	for _, p := range w.paths {
		_ = filepath.WalkDir(p, func(_ string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				if info, err := d.Info(); err == nil {
					total += info.Size()
				}
			}
			return ctx.Err() // what can't be read is told when it is walked
		})
	}
	return total
}

// Walk gives all recordings, those together that belong to one call, until yield returns false or
// ctx ends. What can't be read is an Item with its Err. Whoever takes Items releases them.
func (w *Walker) Walk(ctx context.Context, yield func([]*Item) bool) error {
	r := &reading{Walker: w, ctx: ctx, yield: yield}
	err := r.paths()
	if errors.Is(err, errStop) {
		return ctx.Err()
	}
	return err
}

// reading is one walk.
type reading struct {
	*Walker
	ctx   context.Context // it lives no longer than Walk
	yield func([]*Item) bool
}

// paths walks what the user named: files that follow each other as if they lay in a folder.
func (r *reading) paths() error {
	var plain []string
	for _, p := range r.Walker.paths {
		info, err := os.Stat(p)
		if err == nil && !info.IsDir() {
			plain = append(plain, p)
			continue
		}
		if err := r.files(plain, true); err != nil {
			return err
		}
		plain = nil
		if err != nil {
			err = r.give(&Item{File: p, Err: bare(err)})
		} else {
			err = r.folder(p)
		}
		if err != nil {
			return err
		}
	}
	return r.files(plain, true)
}

// folder walks a folder: its files, then what is below it.
func (r *reading) folder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return r.give(&Item{File: dir, Err: fmt.Errorf("the folder can't be read: %w", bare(err))})
	}
	var names, below []string
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir():
			below = append(below, name)
		case e.Type().IsRegular(), e.Type()&fs.ModeSymlink != 0 && isFile(name):
			names = append(names, name)
		default:
			r.NotAudio++
		}
	}
	if err := r.files(names, false); err != nil {
		return err
	}
	for _, name := range below {
		if err := r.folder(name); err != nil {
			return err
		}
	}
	return nil
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// files walks files that lie beside each other. What the user named is meant.
func (r *reading) files(names []string, named bool) error {
	g := r.gather(names, nil)
	for _, name := range names {
		if err := r.file(name, named, g); err != nil {
			return err
		}
	}
	return g.end()
}

// file gives a file, or all that is in it where it is an archive.
func (r *reading) file(name string, named bool, g *gatherer) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	kind, size, err := lookAt(name, named)
	switch {
	case err != nil:
		return g.add(&Item{File: name, Err: bare(err)})
	case kind == other:
		r.NotAudio++
		return nil
	case kind == sound:
		return g.add(&Item{File: name, Size: size, Weight: size})
	case kind == foreignArchive:
		return r.give(&Item{File: name, Weight: size, Err: errForeign})
	case kind == zipArchive:
		return r.zip(name, size)
	}
	return r.tar(name, size)
}

// give yields items that stand for themselves.
func (r *reading) give(items ...*Item) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if !r.yield(items) {
		return errStop
	}
	return nil
}

// bare is an error without the path that everybody who shows it tells.
func bare(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
