package importer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/sheet"
)

// Batch is how many rows one request carries; the server takes no more.
const Batch = 1000

// Import is one run of a command that brings a table to the server. T is what a row
// becomes.
type Import[T any] struct {
	*console.Console
	// Format is that of the outcome, Layout that of the table.
	Format output.Format
	Layout sheet.Layout
	// Options say how the table is read and where rejected rows go.
	Options *Options
	// Opened is called when the table is open, before its rows are parsed; nil for nothing
	// to do.
	Opened func(*sheet.Table)
	// Parse makes of a row what is sent; its errors are about that row.
	Parse func(sheet.Row) (T, error)
	// Send brings a batch to the server. It gives why each was refused, "" for what was
	// taken; its error is about all of them.
	Send func(ctx context.Context, batch []T) ([]string, error)
	// Hints are asked for at the end: what looks odd about all rows together. Nil for none.
	Hints func() []string
	// Skipped is asked for at the end: how many of the rows that were taken changed nothing.
	// Nil where nobody counts them.
	Skipped func() int

	path     string
	table    *sheet.Table
	rejected *rejects
	bar      *console.Progress
	total    outcome
	// rows wait to be sent; batch is what became of those that can be.
	rows  []pendingRow
	batch []T
}

// pendingRow is a row with why it is not taken, "" where it may be.
type pendingRow struct {
	sheet.Row
	why string
}

// outcome sums up an import, as JSON.
type outcome struct {
	File     string `json:"file"`
	Rows     int    `json:"rows"`
	Taken    int    `json:"taken"`
	Rejected int    `json:"rejected"`
	// Skipped are those of the taken that changed nothing, where somebody counts them.
	Skipped *int `json:"skipped,omitempty"`
	// Rejects is the file that holds the rejected rows.
	Rejects *string `json:"rejects"`
	// Encoding is that of the text, where it isn't UTF-8.
	Encoding string `json:"encoding,omitempty"`
	// Notes say how the file was read, and Hints what looks odd about it.
	Notes []string `json:"notes,omitempty"`
	Hints []string `json:"hints,omitempty"`
}

// Run imports a file. What the server has taken stays taken, whatever comes later.
func (im *Import[T]) Run(ctx context.Context, path string) (err error) {
	im.path, im.total.File = path, path
	if err := im.Options.open(); err != nil {
		return err
	}
	if im.table, err = sheet.Open(path, im.Layout, im.Options.Options); err != nil {
		return err
	}
	defer im.table.Close()
	if im.rejected, err = newRejects(im.rejectsPath(), im.table); err != nil {
		return err
	}
	if im.Opened != nil {
		im.Opened(im.table)
	}
	im.bar = im.ByteProgress(im.table.Size)
	err = im.all(ctx)
	im.bar.End()
	err = errors.Join(err, im.rejected.close())
	if told := im.print(err != nil); err != nil || told != nil {
		return errors.Join(err, told)
	}
	return console.Failures(im.total.Rejected, im.total.Rows)
}

// rejectsPath is the file for rows that are not taken, beside the table unless somebody
// said where.
func (im *Import[T]) rejectsPath() string {
	switch {
	case im.Options.Rejects != "":
		return im.Options.Rejects
	case im.table.JSONL():
		return im.path + ".rejects.jsonl"
	}
	return im.path + ".rejects.csv"
}

func (im *Import[T]) all(ctx context.Context) error {
	var failed error
	for row := range im.table.Rows(&failed) {
		im.total.Rows++
		v, err := im.parsed(row)
		if err != nil {
			im.rows = append(im.rows, pendingRow{row, err.Error()})
		} else {
			im.rows, im.batch = append(im.rows, pendingRow{row, ""}), append(im.batch, v)
		}
		if len(im.rows) < Batch {
			continue
		}
		if err := im.flush(ctx); err != nil {
			return err
		}
	}
	if failed != nil {
		failed = fmt.Errorf("%s: %w", im.path, failed)
	}
	return errors.Join(im.flush(ctx), failed)
}

func (im *Import[T]) parsed(row sheet.Row) (T, error) {
	if row.Err != nil {
		var none T
		return none, row.Err
	}
	return im.Parse(row)
}

// flush sends what waits, and reports what was not taken, in the order of the file.
func (im *Import[T]) flush(ctx context.Context) error {
	if err := im.sendAll(ctx); err != nil {
		return err
	}
	for _, row := range im.rows {
		if row.why == "" {
			im.total.Taken++
			continue
		}
		if err := im.reject(row); err != nil {
			return err
		}
	}
	im.rows, im.batch = im.rows[:0], im.batch[:0]
	im.bar.Set(im.table.Taken())
	return nil
}

func (im *Import[T]) sendAll(ctx context.Context) error {
	if len(im.batch) == 0 {
		return nil
	}
	why, err := im.Send(ctx, im.batch)
	if err != nil {
		return fmt.Errorf("lines %d to %d of %s: %w; what came before is taken, so the import "+
			"can be repeated", im.rows[0].Place, im.rows[len(im.rows)-1].Place, im.path, err)
	}
	for i := range im.rows {
		if row := &im.rows[i]; row.why == "" && len(why) > 0 {
			row.why, why = why[0], why[1:]
		}
	}
	return nil
}

func (im *Import[T]) reject(row pendingRow) error {
	im.total.Rejected++
	im.bar.Hide()
	switch {
	case im.total.Rejected <= console.MaxErrors:
		im.Errorf("%s:%d: %s", im.path, row.Place, row.why)
	case im.total.Rejected == console.MaxErrors+1:
		im.Errorf("more rows are rejected; %s names them all", im.rejected.path)
	}
	return im.rejected.add(row.Row, row.why)
}

func (im *Import[T]) print(early bool) error {
	im.remark()
	if im.total.Rejected > 0 {
		im.total.Rejects = &im.rejected.path
	}
	if im.Format == output.JSON {
		return im.JSON(im.total)
	}
	text := fmt.Sprintf("%s: %d rows, %d taken, %d rejected", im.path, im.total.Rows,
		im.total.Taken, im.total.Rejected)
	if im.total.Skipped != nil && *im.total.Skipped > 0 {
		text += fmt.Sprintf(", %d skipped", *im.total.Skipped)
	}
	if im.total.Rejected > 0 {
		text += "; mend and import again: " + im.rejected.path
	}
	if early {
		text += " (stopped early)"
	}
	return im.Println(text)
}

// remark says how the file was read, and what looks odd about it.
func (im *Import[T]) remark() {
	if !im.table.Encoding.IsUTF8() {
		im.total.Encoding = im.table.Encoding.Name
	}
	im.total.Notes = im.table.Notes
	if form := im.table.Form(); form != "" {
		im.total.Notes = append(im.total.Notes, "has no line of names, and was read as "+form)
	}
	if note := im.Options.Times.Note(); note != "" {
		im.total.Notes = append(im.total.Notes, note)
	}
	if im.Skipped != nil {
		n := im.Skipped()
		im.total.Skipped = &n
	}
	if im.Hints != nil {
		im.total.Hints = im.Hints()
	}
	for _, note := range im.total.Notes {
		im.Errorf("%s: %s", im.path, note)
	}
	for _, hint := range im.total.Hints {
		im.Errorf("%s: %s", im.path, hint)
	}
}

// FileName is how a table is called in what is made of it: without its folder and without
// what could not be stored.
func FileName(path string) string {
	return strings.ToValidUTF8(filepath.Base(path), "\ufffd")
}
