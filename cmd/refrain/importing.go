package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// importBatch is how many rows one request carries; the server takes no more.
const importBatch = 1000

// importing is one run of a command that brings a table to the server. T is what a row
// becomes.
type importing[T any] struct {
	*console
	format  format
	layout  layout
	rejects string
	// parse makes of a row what is sent; its errors are about that row.
	parse func(record) (T, error)
	// send brings a batch to the server. It gives why each was refused, "" for what was
	// taken; its error is about all of them.
	send func(ctx context.Context, batch []T) ([]string, error)

	table  *source
	reject *rejects
	bar    *progress
	total  importLine
	// rows wait to be sent; batch is what became of those that can be.
	rows  []pendingRow
	batch []T
}

// pendingRow is a row with why it is not taken, "" where it may be.
type pendingRow struct {
	record
	why string
}

// importLine is the outcome of an import as JSON.
type importLine struct {
	File     string `json:"file"`
	Rows     int    `json:"rows"`
	Taken    int    `json:"taken"`
	Rejected int    `json:"rejected"`
	// Rejects is the file that holds the rejected rows.
	Rejects *string `json:"rejects"`
}

// rejectsFlag adds --rejects.
func rejectsFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "rejects", "", "the `file` for rows that are not taken, with the reason (default FILE.rejects.csv or .jsonl)")
}

// run imports a file. What the server has taken stays taken, whatever comes later.
func (im *importing[T]) run(ctx context.Context, path string) (err error) {
	if im.table, err = openTable(path, im.layout); err != nil {
		return err
	}
	defer im.table.close()
	if im.rejects == "" {
		im.rejects = path + ".rejects.csv"
		if im.table.jsonl {
			im.rejects = path + ".rejects.jsonl"
		}
	}
	if im.reject, err = newRejects(im.rejects, im.table); err != nil {
		return err
	}
	im.total.File = path
	im.bar = im.newProgress(im.table.size)
	err = im.all(ctx)
	im.bar.end()
	err = errors.Join(err, im.reject.close())
	if told := im.tell(err != nil); err != nil || told != nil {
		return errors.Join(err, told)
	}
	return failures(im.total.Rejected, im.total.Rows)
}

func (im *importing[T]) all(ctx context.Context) error {
	var failed error
	for rec := range im.table.records(&failed) {
		im.total.Rows++
		v, err := im.parsed(rec)
		if err != nil {
			im.rows = append(im.rows, pendingRow{rec, err.Error()})
		} else {
			im.rows, im.batch = append(im.rows, pendingRow{rec, ""}), append(im.batch, v)
		}
		if len(im.rows) < importBatch {
			continue
		}
		if err := im.flush(ctx); err != nil {
			return err
		}
	}
	return errors.Join(im.flush(ctx), failed)
}

func (im *importing[T]) parsed(rec record) (T, error) {
	if rec.err != nil {
		var none T
		return none, rec.err
	}
	return im.parse(rec)
}

// flush sends what waits, and tells what was not taken, in the order of the file.
func (im *importing[T]) flush(ctx context.Context) error {
	if err := im.sendAll(ctx); err != nil {
		return err
	}
	for _, row := range im.rows {
		if row.why == "" {
			im.total.Taken++
			continue
		}
		if err := im.refuse(row); err != nil {
			return err
		}
	}
	im.rows, im.batch = im.rows[:0], im.batch[:0]
	im.bar.set(im.table.read)
	return nil
}

func (im *importing[T]) sendAll(ctx context.Context) error {
	if len(im.batch) == 0 {
		return nil
	}
	why, err := im.send(ctx, im.batch)
	if err != nil {
		return fmt.Errorf("lines %d to %d of %s: %w; what came before is taken, so the import can be repeated", im.rows[0].line,
			im.rows[len(im.rows)-1].line, im.total.File, err)
	}
	for i := range im.rows {
		if row := &im.rows[i]; row.why == "" && len(why) > 0 {
			row.why, why = why[0], why[1:]
		}
	}
	return nil
}

// maxComplaints is how many rejected rows are told one by one.
const maxComplaints = 10

func (im *importing[T]) refuse(row pendingRow) error {
	im.total.Rejected++
	im.bar.hide()
	switch {
	case im.total.Rejected <= maxComplaints:
		im.complain("%s:%d: %s", im.total.File, row.line, row.why)
	case im.total.Rejected == maxComplaints+1:
		im.complain("more rows are rejected; %s names them all", im.rejects)
	}
	return im.reject.add(row.record, row.why)
}

func (im *importing[T]) tell(early bool) error {
	if im.total.Rejected > 0 {
		im.total.Rejects = &im.rejects
	}
	if im.format == formatJSON {
		return im.json(im.total)
	}
	text := fmt.Sprintf("%s: %d rows, %d taken, %d rejected", im.total.File, im.total.Rows, im.total.Taken, im.total.Rejected)
	if im.total.Rejected > 0 {
		text += "; mend and import again: " + im.rejects
	}
	if early {
		text += " (stopped early)"
	}
	return im.println(text)
}

// allOrNone makes a send of a request that takes all items of its field or, where some
// are wrong, none: the others are sent again without them. A server that checks in
// several steps may find more then.
func allOrNone[T any](field string, request func(context.Context, []T) error) func(context.Context, []T) ([]string, error) {
	return func(ctx context.Context, batch []T) ([]string, error) {
		why := make([]string, len(batch))
		for {
			var good []T
			var places []int
			for i, v := range batch {
				if why[i] == "" {
					good, places = append(good, v), append(places, i)
				}
			}
			if len(good) == 0 {
				return why, nil
			}
			err := request(ctx, good)
			wrong := wrongItems(err, field, len(good))
			if err == nil || wrong == nil {
				return why, err
			}
			for k, problem := range wrong {
				why[places[k]] = problem
			}
		}
	}
}

// wrongItems says what a server found wrong with which of n items of a field; nil where
// its answer is about something else.
func wrongItems(err error, field string, n int) []string {
	remote, ok := errors.AsType[*remoteError](err)
	if !ok || len(remote.fields) == 0 {
		return nil
	}
	why := make([]string, n)
	for _, v := range remote.fields {
		i, name, ok := itemOf(v.field, field)
		if !ok && n == 1 { // of a single one some servers don't say which it is
			i, name, ok = 0, v.field, true
		}
		if !ok || i >= n {
			return nil
		}
		if why[i] != "" {
			why[i] += "; "
		}
		why[i] += name + " " + v.problem
	}
	return why
}

// itemOf takes calls[3].number apart: the item is 3, and number is wrong with it.
func itemOf(path, field string) (i int, name string, ok bool) {
	rest, ok := strings.CutPrefix(path, field+"[")
	digits, name, found := strings.Cut(rest, "]")
	i, err := strconv.Atoi(digits)
	return i, strings.TrimPrefix(name, "."), ok && found && err == nil && i >= 0
}
