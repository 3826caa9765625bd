package files

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Out is a file that is written to its end or is not there at all: a list that was
// cut off looks like a whole one.
type Out struct {
	*bufio.Writer
	path string
	file *os.File
}

// Create begins a file that is not there yet. Only its owner may read it: numbers
// stand in it.
func Create(path string) (*Out, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s is there already; move it away or name another file", path)
	}
	if err != nil {
		return nil, err
	}
	return &Out{bufio.NewWriterSize(f, 1<<18), path, f}, nil
}

// End closes the file. Where err says that what was to be written failed, or this does,
// it removes the file. It returns err and what went wrong besides.
func (f *Out) End(err error) error {
	if err == nil {
		err = f.Flush()
	}
	if err = errors.Join(err, f.file.Close()); err != nil {
		err = errors.Join(err, os.Remove(f.path))
	}
	return err
}
