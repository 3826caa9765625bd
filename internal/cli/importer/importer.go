package importer

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
)

// Help is what the help of every import ends with.
const Help = `Rows that can't be taken are put into a file of rejects, in the same form with a column
more that says why; the others go on. Mend that file and import it. An import can be
repeated: what is known already changes nothing. A row must stand in one line.

JSON: {"file","rows","taken","rejected","rejects"}. Exit codes: 0 all taken, 1 failed or
rows were rejected, 2 wrong use.`

// Batch is how many rows one request carries; the server takes no more.
const Batch = 1000

// Import is one run of a command that brings a table to the server. T is what a row
// becomes.
type Import[T any] struct {
	*console.Console
	// Format is that of the outcome, Layout that of the table.
	Format output.Format
	Layout Layout
	// Rejects is the file for rows that are not taken; "" for one beside the table.
	Rejects string
	// Parse makes of a row what is sent; its errors are about that row.
	Parse func(Row) (T, error)
	// Send brings a batch to the server. It gives why each was refused, "" for what was
	// taken; its error is about all of them.
	Send func(ctx context.Context, batch []T) ([]string, error)

	table    *table
	rejected *rejects
	bar      *console.Progress
	total    outcome
	// rows wait to be sent; batch is what became of those that can be.
	rows  []pendingRow
	batch []T
}

// pendingRow is a row with why it is not taken, "" where it may be.
type pendingRow struct {
	Row
	why string
}

// outcome sums up an import, as JSON.
type outcome struct {
	File     string `json:"file"`
	Rows     int    `json:"rows"`
	Taken    int    `json:"taken"`
	Rejected int    `json:"rejected"`
	// Rejects is the file that holds the rejected rows.
	Rejects *string `json:"rejects"`
}

// RejectsFlag adds --rejects.
func RejectsFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "rejects", "", "the `file` for rows that are not taken, with the "+
		"reason (default FILE.rejects.csv or .jsonl)")
}

// Run imports a file. What the server has taken stays taken, whatever comes later.
func (im *Import[T]) Run(ctx context.Context, path string) (err error) {
	if im.table, err = openTable(path, im.Layout); err != nil {
		return err
	}
	defer im.table.close()
	if im.Rejects == "" {
		im.Rejects = path + ".rejects.csv"
		if im.table.jsonl {
			im.Rejects = path + ".rejects.jsonl"
		}
	}
	if im.rejected, err = newRejects(im.Rejects, im.table); err != nil {
		return err
	}
	im.total.File = path
	im.bar = im.ByteProgress(im.table.size)
	err = im.all(ctx)
	im.bar.End()
	err = errors.Join(err, im.rejected.close())
	if told := im.print(err != nil); err != nil || told != nil {
		return errors.Join(err, told)
	}
	return console.Failures(im.total.Rejected, im.total.Rows)
}

func (im *Import[T]) all(ctx context.Context) error {
	var failed error
	for rec := range im.table.rows(&failed) {
		im.total.Rows++
		v, err := im.parsed(rec)
		if err != nil {
			im.rows = append(im.rows, pendingRow{rec, err.Error()})
		} else {
			im.rows, im.batch = append(im.rows, pendingRow{rec, ""}), append(im.batch, v)
		}
		if len(im.rows) < Batch {
			continue
		}
		if err := im.flush(ctx); err != nil {
			return err
		}
	}
	return errors.Join(im.flush(ctx), failed)
}

func (im *Import[T]) parsed(rec Row) (T, error) {
	if rec.err != nil {
		var none T
		return none, rec.err
	}
	return im.Parse(rec)
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
	im.bar.Set(im.table.read)
	return nil
}

func (im *Import[T]) sendAll(ctx context.Context) error {
	if len(im.batch) == 0 {
		return nil
	}
	why, err := im.Send(ctx, im.batch)
	if err != nil {
		return fmt.Errorf("lines %d to %d of %s: %w; what came before is taken, so the import "+
			"can be repeated", im.rows[0].line,
			im.rows[len(im.rows)-1].line, im.total.File, err)
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
		im.Errorf("%s:%d: %s", im.total.File, row.line, row.why)
	case im.total.Rejected == console.MaxErrors+1:
		im.Errorf("more rows are rejected; %s names them all", im.Rejects)
	}
	return im.rejected.add(row.Row, row.why)
}

func (im *Import[T]) print(early bool) error {
	if im.total.Rejected > 0 {
		im.total.Rejects = &im.Rejects
	}
	if im.Format == output.JSON {
		return im.JSON(im.total)
	}
	text := fmt.Sprintf("%s: %d rows, %d taken, %d rejected", im.total.File, im.total.Rows,
		im.total.Taken, im.total.Rejected)
	if im.total.Rejected > 0 {
		text += "; mend and import again: " + im.Rejects
	}
	if early {
		text += " (stopped early)"
	}
	return im.Println(text)
}
