package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/refrain-asr/refrain/internal/cli/files"
)

// Text is a table as lines of UTF-8, whatever it was. A workbook's rows are lines of CSV.
type Text struct {
	*bufio.Reader
	// Encoding is how it was written.
	Encoding Encoding
	// Book tells that it comes from a workbook.
	Book bool
	// Notes are what whoever imports it should know.
	Notes []string
	// Size is that of the file in bytes, 0 where it isn't known.
	Size int64

	taken counter
	close []func() error
}

// counter counts the bytes that are read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// OpenText opens a table. Its errors don't name the file, but where it can't be opened.
func OpenText(path string, o Options) (*Text, error) {
	if err := refusedByName(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	t := &Text{close: []func() error{f.Close}}
	if err := t.open(f, o); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

func (t *Text) open(f *os.File, o Options) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		return &os.PathError{Op: "read", Path: f.Name(), Err: errors.New("is a directory")}
	}
	if t.Size = info.Size(); !info.Mode().IsRegular() {
		if f, err = t.spool(f); err != nil {
			return err
		}
	}
	book, err := isBook(f)
	if err != nil {
		return err
	}
	if book {
		return t.openBook(f, o)
	}
	if o.Sheet != "" {
		return errors.New("--sheet is for workbooks, and this is none")
	}
	return t.openPlain(f, o)
}

// spool copies what can be read only once, since what it is can be told at its end only.
// The copy has no name.
func (t *Text) spool(f *os.File) (*os.File, error) {
	kept, err := os.CreateTemp("", "refrain-*")
	if err != nil {
		return nil, err
	}
	t.close = append(t.close, kept.Close)
	if err := os.Remove(kept.Name()); err != nil {
		return nil, err
	}
	if t.Size, err = io.Copy(kept, f); err != nil {
		return nil, err
	}
	_, err = kept.Seek(0, io.SeekStart)
	return kept, err
}

func (t *Text) openPlain(f io.ReadSeeker, o Options) (err error) {
	if t.Encoding, err = o.encodingOf(f); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	t.taken.r = f
	in, err := t.Encoding.reader(&t.taken)
	if err != nil {
		return err
	}
	t.Reader = bufio.NewReaderSize(in, files.MaxRow)
	if start, _ := t.Peek(oldMacPeek); oldMac(start) { // whoever reads on hears of an error
		t.Reader = bufio.NewReaderSize(oldMacReader{t.Reader}, files.MaxRow)
	}
	if !t.Encoding.IsUTF8() {
		t.Notes = append(t.Notes, "read as "+t.Encoding.Name+"; --encoding names another")
	}
	return nil
}

// oldMacPeek is how much of a text tells how its lines end.
const oldMacPeek = 1 << 16

// oldMac tells lines that end as on old Macintoshes, which Excel still offers to write.
func oldMac(start []byte) bool {
	return bytes.IndexByte(start, '\n') < 0 &&
		bytes.IndexByte(bytes.TrimRight(start, "\r"), '\r') >= 0
}

// oldMacReader ends lines as everybody else does.
type oldMacReader struct{ r io.Reader }

func (o oldMacReader) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	for i, b := range p[:n] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// Taken is how many bytes of the file were read so far.
func (t *Text) Taken() int64 { return t.taken.n }

// Close gives the file back.
func (t *Text) Close() {
	for _, f := range t.close {
		_ = f() // it was only read
	}
}

// ReadLine reads a line with its end, which the last one may lack. It lasts until the next
// is read. Place is what errors call it.
func (t *Text) ReadLine(place int) ([]byte, error) {
	line, err := t.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, fmt.Errorf("line %d is longer than %d bytes", place, files.MaxRow)
	case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0):
		return nil, err
	}
	return line, nil
}

// NewText is a table that is no file.
func NewText(r io.ReadSeeker, o Options) (*Text, error) {
	t := &Text{}
	if err := t.openPlain(r, o); err != nil {
		return nil, err
	}
	return t, nil
}

// Mark is what a text made of this one's rows begins with, so that a spreadsheet knows it
// for UTF-8.
func (t *Text) Mark() string {
	if t.Book || t.Encoding.mark != "" || !t.Encoding.IsUTF8() {
		return byteOrderMark
	}
	return ""
}
