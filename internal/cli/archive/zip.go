package archive

import (
	"archive/zip"
	"errors"
	"fmt"
)

// encrypted is the flag of members that nobody can read without a password.
const encrypted = 0x1

// zip gives what is in a zip archive, in the order of its list.
func (r *reading) zip(name string, size int64) error {
	z, err := zip.OpenReader(name)
	if err != nil {
		return r.give(&Item{File: name, Weight: size, Err: fmt.Errorf("the zip archive can't be read: %w", bare(err))})
	}
	defer func() { _ = z.Close() }()
	var names []string
	w := weigher{archive: size}
	for _, f := range z.File {
		if !f.FileInfo().IsDir() {
			names = append(names, clean(f.Name))
			w.members += int64(f.CompressedSize64)
		}
	}
	m := &members{r: r, gather: r.gather(names, nil), file: name}
	left := newBudget(size)
	for _, f := range z.File {
		if f.FileInfo().IsDir() {
			continue
		}
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if err := m.zipped(f, w.weight(int64(f.CompressedSize64)), left); err != nil {
			if errors.Is(err, errBomb) {
				err = errors.Join(m.gather.end(), r.give(&Item{File: name, Err: errBomb}))
			}
			return err
		}
	}
	return m.gather.end()
}

func (m *members) zipped(f *zip.File, weight int64, left *budget) error {
	name := clean(f.Name)
	item := &Item{File: m.file, Member: name, Weight: weight}
	if f.Flags&encrypted != 0 {
		return m.failed(item, errors.New("it is encrypted: unpack the archive with its password"))
	}
	body, err := f.Open()
	if err != nil {
		return m.failed(item, err)
	}
	defer func() { _ = body.Close() }()
	return m.take(name, weight, left.reader(body))
}
