package table

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/refrain-asr/refrain/internal/cli/batch/journal"
	"github.com/refrain-asr/refrain/internal/cli/batch/record"
)

// Format is a kind of table.
type Format int

// The kinds of tables.
const (
	CSV Format = iota
	Parquet
)

// writer writes rows.
type writer interface {
	add(r Row) error
	end() error
}

// Write makes a table of a journal's lines, in the order of the files' names. It takes the place of the one that was
// there once it is whole.
func Write(path string, format Format, j *journal.Journal) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("the table: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("the table: %w", err), f.Close(), os.Remove(f.Name()))
		}
	}()
	out := bufio.NewWriterSize(f, 1<<18)
	w, err := newWriter(out, format)
	if err != nil {
		return err
	}
	err = j.EachBy(func(line []byte) (string, error) {
		l, err := record.Decode(line)
		return l.Order(), err
	}, func(line []byte) error {
		l, err := record.Decode(line)
		if err != nil {
			return err
		}
		return w.add(NewRow(l))
	})
	if err == nil {
		err = w.end()
	}
	if err == nil {
		err = errors.Join(out.Flush(), f.Sync())
	}
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return f.Close()
}

func newWriter(out io.Writer, format Format) (writer, error) {
	if format == Parquet {
		return newParquet(out), nil
	}
	return newCSV(out)
}
