package archive

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
)

// tar gives what is in a tar archive, packed by gzip or not, in its order. It is gone through twice: to see which members
// belong together, and to read them.
func (r *reading) tar(name string, size int64) error {
	var names []string
	w := weigher{archive: size}
	err := r.eachTarred(name, size, func(h *tar.Header, _ io.Reader) error {
		names = append(names, clean(h.Name))
		w.members += h.Size
		return nil
	})
	broken := err // what comes before is read all the same
	if err := r.ctx.Err(); err != nil {
		return err
	}
	m := &members{r: r, gather: r.gather(names, nil), file: name}
	err = r.eachTarred(name, size, func(h *tar.Header, body io.Reader) error {
		return m.take(clean(h.Name), w.weight(h.Size), body)
	})
	if own, ok := errors.AsType[tarError](err); ok {
		broken, err = own, nil
	}
	if err != nil && !errors.Is(err, errBomb) {
		return err
	}
	if err == nil {
		err = broken
	}
	if ended := m.gather.end(); ended != nil || err == nil {
		return ended
	}
	return r.give(&Item{File: name, Err: err})
}

// tarError is what is wrong with the archive itself.
type tarError struct{ error }

func (e tarError) Unwrap() error { return e.error }

// eachTarred calls f with each file in the archive. Errors of the archive's are a tarError, or errBomb.
func (r *reading) eachTarred(
	name string, size int64, f func(h *tar.Header, body io.Reader) error,
) error {
	file, err := os.Open(name)
	if err != nil {
		return tarError{bare(err)}
	}
	defer func() { _ = file.Close() }()
	in, err := unpacked(file, size)
	if err != nil {
		return tarError{err}
	}
	t := tar.NewReader(in)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = r.ctx.Err()
		} else if !errors.Is(err, errBomb) {
			err = tarError{fmt.Errorf("the archive is cut off or damaged, and what comes after that is not read: %w", err)}
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeGNUSparse {
			continue
		}
		if err := f(h, t); err != nil {
			return err
		}
	}
}

// unpacked is a tar archive without the gzip around it.
func unpacked(file *os.File, size int64) (io.Reader, error) {
	in := bufio.NewReaderSize(file, 1<<16)
	if head, err := in.Peek(2); err != nil || string(head) != "\x1f\x8b" {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		return file, nil // which lets members be skipped
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("the gzip file is damaged: %w", err)
	}
	return newBudget(size).reader(z), nil
}
