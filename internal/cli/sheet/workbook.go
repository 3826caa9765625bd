package sheet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/refrain-asr/refrain/internal/cli/files"
)

// The limits of a workbook: of all that it holds, and of a sheet that is kept in memory;
// a bigger one lies in a file while it is read.
const (
	maxUnzipped   = 1 << 30
	maxInMemory   = 16 << 20
	maxSerial     = 2958466 // the last day that Excel knows is before it
	secondsOfADay = 24 * 60 * 60
)

// refused are kinds of tables that are not read, with what to do.
var refused = map[string]string{
	".numbers": "it is a Numbers document; export it as CSV or Excel",
	".ods":     "it is an OpenDocument sheet; save it as .xlsx or as CSV",
	".xlsb":    "it is a binary workbook; save it as .xlsx or as CSV",
	".et":      "it is a WPS workbook; save it as .xlsx or as CSV",
}

func refusedByName(path string) error {
	if why := refused[strings.ToLower(filepath.Ext(path))]; why != "" {
		return errors.New(why)
	}
	return nil
}

// IsBookName tells whether any of the names is that of a workbook.
func IsBookName(paths ...string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		ext := strings.ToLower(filepath.Ext(path))
		return strings.HasPrefix(ext, ".xls")
	})
}

// isBook tells a workbook from text, and refuses what is neither.
func isBook(f io.ReadSeeker) (bool, error) {
	start := make([]byte, 512)
	n, err := io.ReadFull(f, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	start = start[:n]
	text := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(start, []byte(byteOrderMark)), " \r\n\t"))
	switch {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return true, nil
	case bytes.HasPrefix(start, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return false, errors.New("it is a workbook of an old Excel (.xls), or one with a password; " +
			"save it as .xlsx or as CSV UTF-8, without a password")
	case bytes.HasPrefix(text, []byte("<")):
		return false, errors.New("it is a web page or XML, whatever its name says; open it in a " +
			"spreadsheet program and save it as .xlsx or as CSV UTF-8")
	case bytes.HasPrefix(start, []byte("%PDF")):
		return false, errors.New("it is a PDF, not a table")
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		return false, errors.New("it is packed with gzip; unpack it first")
	}
	return false, nil
}

func (t *Text) openBook(f *os.File, o Options) (err error) {
	if err := checkParts(f, t.Size); err != nil {
		return err
	}
	book, err := openWorkbook(f)
	if err != nil {
		return fmt.Errorf("it is not readable as a workbook: %w", err)
	}
	showTimes(book)
	t.close = append(t.close, book.Close)
	name, err := t.chooseSheet(book, o.Sheet)
	if err != nil {
		return err
	}
	rows, err := newBookRows(book, name)
	if err != nil {
		return fmt.Errorf("the sheet %q: %w", name, err)
	}
	t.close = append(t.close, rows.raw.Close, rows.shown.Close)
	t.Book, t.Encoding, t.Size = true, utf8Plain, 0 // how far it has come can't be told
	t.Reader = bufio.NewReaderSize(rows, files.MaxRow)
	return nil
}

// checkParts refuses archives that are no workbooks, by what is in them.
func checkParts(f io.ReaderAt, size int64) error {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return fmt.Errorf("it is not readable as a workbook: %w", err)
	}
	for _, part := range z.File {
		switch name := strings.ToLower(part.Name); {
		case strings.Contains(name, "xl/") && strings.HasSuffix(name, "workbook.xml"):
			return nil
		case strings.Contains(name, "xl/workbook.bin"):
			return errors.New(refused[".xlsb"])
		case strings.HasSuffix(name, ".iwa"):
			return errors.New(refused[".numbers"])
		case name == "content.xml":
			return errors.New(refused[".ods"])
		}
	}
	return errors.New("it is a zip archive and no workbook; unpack it first")
}

// openWorkbook opens a workbook. The library is not to end the program over what a file
// holds.
func openWorkbook(f io.Reader) (book *excelize.File, err error) {
	defer recoverAs(&err)
	return excelize.OpenReader(f, excelize.Options{UnzipSizeLimit: maxUnzipped,
		UnzipXMLSizeLimit: maxInMemory})
}

func recoverAs(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("it is damaged (%v)", r)
	}
}

// chooseSheet finds the sheet of that name, or the first that is shown.
func (t *Text) chooseSheet(book *excelize.File, name string) (string, error) {
	var shown []string
	for _, s := range book.GetSheetList() {
		if name != "" && strings.EqualFold(s, name) {
			return s, nil
		}
		if visible, err := book.GetSheetVisible(s); err != nil || visible {
			shown = append(shown, s)
		}
	}
	switch {
	case name != "":
		return "", fmt.Errorf("--sheet %q: the sheets are %s", name,
			strings.Join(book.GetSheetList(), ", "))
	case len(shown) == 0:
		return "", errors.New("it has no sheet that is shown; name one with --sheet")
	case len(shown) > 1:
		t.Notes = append(t.Notes, fmt.Sprintf("the sheet %q is read, and not %s; --sheet names "+
			"another", shown[0], strings.Join(shown[1:], ", ")))
	}
	return shown[0], nil
}

// bookRows gives the rows of a sheet as lines of CSV. It goes through the sheet twice at a
// time: for what cells hold, and for how they are shown, which tells numbers from text and
// times from numbers.
type bookRows struct {
	raw, shown *excelize.Rows
	date1904   bool
	line       bytes.Buffer
}

func newBookRows(book *excelize.File, sheet string) (b *bookRows, err error) {
	defer recoverAs(&err)
	b = &bookRows{}
	if props, err := book.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		b.date1904 = *props.Date1904
	}
	if b.raw, err = book.Rows(sheet); err != nil {
		return nil, err
	}
	b.shown, err = book.Rows(sheet)
	return b, err
}

func (b *bookRows) Read(p []byte) (int, error) {
	if b.line.Len() == 0 {
		if err := b.next(); err != nil {
			return 0, err
		}
	}
	return b.line.Read(p)
}

// next makes a line of the next row. An empty row becomes an empty line, so that lines are
// counted as rows are.
func (b *bookRows) next() (err error) {
	defer recoverAs(&err)
	if !b.raw.Next() || !b.shown.Next() {
		if err := errors.Join(b.raw.Error(), b.shown.Error()); err != nil {
			return err
		}
		return io.EOF
	}
	raw, err := b.raw.Columns(excelize.Options{RawCellValue: true})
	if err != nil {
		return err
	}
	shown, err := b.shown.Columns()
	if err != nil {
		return err
	}
	for i := range raw {
		text := ""
		if i < len(shown) {
			text = shown[i]
		}
		raw[i] = oneLine(b.cell(raw[i], text))
	}
	b.line.Reset()
	if len(raw) > 0 {
		b.line.WriteString(Join(raw, ','))
	}
	b.line.WriteByte('\n')
	return nil
}

// oneLine takes the ends of lines out of a cell, since a row stands in one.
func oneLine(cell string) string {
	if !strings.ContainsAny(cell, "\r\n") {
		return cell
	}
	return strings.Join(strings.FieldsFunc(cell,
		func(r rune) bool { return r == '\r' || r == '\n' }), " ")
}

// cell is what a cell says: all digits of a number, however it is shown, and times as they
// are written, not as the days that Excel counts.
func (b *bookRows) cell(raw, shown string) string {
	v, err := strconv.ParseFloat(raw, 64)
	if err != nil || raw == shown {
		return raw
	}
	if !looksLikeTime(shown) || v < 0 || v >= maxSerial {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	t, err := excelize.ExcelDateToTime(v, b.date1904)
	switch {
	case err != nil:
		return raw
	case v < 1:
		return t.Format("15:04:05")
	case !strings.ContainsAny(shown, ":时") && int64(v*secondsOfADay+0.5)%secondsOfADay == 0:
		return t.Format("2006-01-02")
	}
	return t.Format("2006-01-02 15:04:05")
}
