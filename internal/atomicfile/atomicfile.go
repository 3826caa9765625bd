package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// File is a file in the making, under a temporary name. It ends with Commit, Publish or
// Discard. It is not safe for concurrent use.
type File struct {
	*os.File
	over bool
}

// Create makes a file in dir with those permissions, whatever the umask says. dir must be
// in the file system in which the file is to stay. Pattern is that of os.CreateTemp.
func Create(dir, pattern string, mode fs.FileMode) (*File, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return nil, err
	}
	file := &File{File: f}
	if err := f.Chmod(mode); err != nil {
		file.Discard()
		return nil, err
	}
	return file, nil
}

// Commit gives the file its name, in place of what had it before: at every moment, also
// after a crash, the name leads to the old contents or to the new ones. When it returns
// without an error a crash undoes nothing any more; after an error nothing of the file is
// left, unless only the directory could not be synced.
func (f *File) Commit(path string) error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		f.Discard()
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		f.Discard()
		return err
	}
	f.over = true
	return SyncDir(filepath.Dir(path))
}

// Publish is Commit for a file that is new and counts only once something else says so:
// it has its name before it is synced. A journalling file system then commits data and
// names at once, and finds nothing left to do when the directory is synced. A crash in
// between leaves a file with its name and without its contents. After an error nothing
// of it is left.
func (f *File) Publish(path string) error {
	if err := os.Rename(f.Name(), path); err != nil {
		f.Discard()
		return err
	}
	f.over = true
	if err := errors.Join(f.Sync(), f.Close(), SyncDir(filepath.Dir(path))); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// Discard removes the file. It does nothing once the file has its name.
func (f *File) Discard() {
	if f.over {
		return
	}
	f.over = true
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// Write makes a file of contents as Create and Commit do.
func Write(path string, contents []byte, mode fs.FileMode) error {
	f, err := Create(filepath.Dir(path), filepath.Base(path)+".*.tmp", mode)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(contents); err != nil {
		return err
	}
	return f.Commit(path)
}

// Rename gives a file that was synced another name in the same file system, so that a
// crash does not undo it.
func Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(to))
}

// SyncDir makes the names in a directory survive a crash of the machine.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
