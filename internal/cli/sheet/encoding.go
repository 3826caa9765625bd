package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Encoding is how a text's characters were written.
type Encoding struct {
	// Name is as in "utf-8" or "gb18030".
	Name string
	// mark is the byte order mark that the text began with.
	mark string
	// code is nil for UTF-8.
	code encoding.Encoding
}

const byteOrderMark = "\ufeff"

var (
	utf8Plain  = Encoding{Name: "utf-8"}
	utf8Marked = Encoding{Name: "utf-8", mark: byteOrderMark}
	gb18030    = Encoding{Name: "gb18030", code: simplifiedchinese.GB18030}
	utf16LE    = Encoding{Name: "utf-16le",
		code: unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)}
	utf16BE = Encoding{Name: "utf-16be",
		code: unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)}
)

// IsUTF8 tells UTF-8 from what had to be made it.
func (e Encoding) IsUTF8() bool { return e.code == nil }

// named finds an encoding by its name, as --encoding has it. Its errors follow the name
// and the value.
func named(name string) (Encoding, error) {
	switch simple := strings.NewReplacer("-", "", "_", "", " ", "").Replace(
		strings.ToLower(name)); simple {
	case "utf8", "utf8bom", "utf8sig":
		return utf8Plain, nil
	case "utf16", "utf16le", "unicode":
		return utf16LE, nil
	case "utf16be":
		return utf16BE, nil
	case "gb18030", "gbk", "gb2312", "cp936", "ansi":
		return gb18030, nil
	}
	code, err := htmlindex.Get(name)
	if err != nil {
		return Encoding{}, errors.New("is not known; use utf-8, utf-16le, utf-16be, gb18030, " +
			"big5 or another name that browsers know")
	}
	return Encoding{Name: strings.ToLower(name), code: code}, nil
}

// marked finds the encoding that a byte order mark tells of.
func marked(start []byte) (Encoding, bool) {
	for _, e := range []struct {
		mark string
		Encoding
	}{{byteOrderMark, utf8Marked}, {"\xff\xfe", utf16LE}, {"\xfe\xff", utf16BE}} {
		if bytes.HasPrefix(start, []byte(e.mark)) {
			e.mark, e.Encoding.mark = "", e.mark
			return e.Encoding, true
		}
	}
	return Encoding{}, false
}

// reader gives the text as UTF-8, without the byte order mark.
func (e Encoding) reader(r io.Reader) (io.Reader, error) {
	if _, err := io.CopyN(io.Discard, r, int64(len(e.mark))); err != nil {
		return nil, err
	}
	if e.code == nil {
		return r, nil
	}
	return transform.NewReader(r, e.code.NewDecoder()), nil
}

// Writer writes UTF-8 in that encoding, so that a text made of lines of another can be
// read by whoever reads the other. End must be called behind the last.
func (e Encoding) Writer(w io.Writer) (out io.Writer, end func() error, err error) {
	if e.code == nil {
		return w, func() error { return nil }, nil
	}
	if _, err := io.WriteString(w, e.mark); err != nil {
		return nil, nil, err
	}
	t := transform.NewWriter(w, e.code.NewEncoder())
	return encodingWriter{t, e.Name}, t.Close, nil
}

type encodingWriter struct {
	io.Writer
	name string
}

func (w encodingWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		err = fmt.Errorf("write as %s: %w", w.name, err)
	}
	return n, err
}

// plainUTF16 tells UTF-16 without a mark by its zero bytes: of figures, separators and
// ends of lines every second one is, and of other text none.
func plainUTF16(start []byte) (Encoding, bool) {
	var zeros [2]int
	for i, b := range start {
		if b == 0 {
			zeros[i%2]++
		}
	}
	enough := len(start) / 8
	switch {
	case zeros[1] > enough && zeros[0] == 0:
		return utf16LE, true
	case zeros[0] > enough && zeros[1] == 0:
		return utf16BE, true
	}
	return Encoding{}, false
}

// detect finds the encoding of a whole text. What is UTF-8 up to its end is UTF-8, and so
// is what is mostly so where it isn't ASCII: then some rows are damaged. Of the rest
// GB18030 is taken where that leaves fewer damaged lines.
func detect(r io.ReadSeeker) (Encoding, error) {
	start := make([]byte, 4096)
	n, err := io.ReadFull(r, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Encoding{}, err
	}
	if e, ok := marked(start[:n]); ok {
		return e, nil
	}
	if e, ok := plainUTF16(start[:n]); ok {
		return e, nil
	}
	asUTF8, err := countLines(r, nil)
	if err != nil || asUTF8.damaged == 0 || asUTF8.wide > asUTF8.damaged {
		return utf8Plain, err
	}
	asGB, err := countLines(r, simplifiedchinese.GB18030)
	if err == nil && asGB.damaged < asUTF8.damaged {
		return gb18030, nil
	}
	return utf8Plain, err
}

// lineCount is how many lines of a text are damaged, and how many of the others have
// characters that take three bytes or more, as Chinese ones do in UTF-8.
type lineCount struct{ damaged, wide int }

// countLines reads a text from its beginning; code is nil for UTF-8.
func countLines(r io.ReadSeeker, code encoding.Encoding) (c lineCount, err error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return c, err
	}
	in := io.Reader(r)
	if code != nil {
		in = transform.NewReader(r, code.NewDecoder())
	}
	buf, kept := make([]byte, 1<<18), 0
	for {
		n, err := in.Read(buf[kept:])
		full := buf[:kept+n]
		end := bytes.LastIndexByte(full, '\n') + 1
		if err != nil {
			end = len(full)
		} else if end == 0 && len(full) == len(buf) {
			end = len(full) - unfinished(full)
		}
		c.add(full[:end], code != nil)
		kept = copy(buf, full[end:])
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return c, err
		}
	}
}

// unfinished is how many bytes at the end begin a character that isn't complete.
func unfinished(text []byte) int {
	for n := 1; n < utf8.UTFMax && n < len(text); n++ {
		if tail := text[len(text)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

func (c *lineCount) add(text []byte, decoded bool) {
	for line := range bytes.Lines(text) {
		switch {
		case isASCII(line):
		case !utf8.Valid(line), decoded && bytes.ContainsRune(line, utf8.RuneError):
			c.damaged++
		case bytes.ContainsFunc(line, func(r rune) bool { return r >= 0x800 }):
			c.wide++
		}
	}
}

func isASCII(text []byte) bool {
	for _, b := range text {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
