package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

func main() {
	data := flag.String("data", "", "the data directory")
	n := flag.Int("n", 100_000, "how many more suspects")
	flag.Parse()
	if err := multiply(context.Background(), filepath.Join(*data, "refrain.db"), *n); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "manysuspects:", err)
		os.Exit(1)
	}
}

// rows are those of a table that belong to one recording: what is set anew in their copies, and which they are.
type rows struct {
	table string
	set   map[string]string
	where string
}

// copies are the rows that a suspect consists of. In each, $1 is the new recording's id, $2 the call's, $3 the number
// and $4 the time; $5 is the recording that is copied, and $6 the new suspect's id.
var copies = []rows{
	{"recordings", map[string]string{"id": "$1", "call_id": "$2", "number": "$3", "created_at": "$4", "updated_at": "$4"}, "id = $5"},
	{"transcripts", map[string]string{"recording_id": "$1"}, "recording_id = $5"},
	{"judgements", map[string]string{"recording_id": "$1"}, "recording_id = $5"},
	{"suspects", map[string]string{"id": "$6", "recording_id": "$1", "call_id": "$2", "number": "$3", "created_at": "$4", "updated_at": "$4"}, "recording_id = $5"},
}

func multiply(ctx context.Context, file string, n int) error {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=foreign_keys(0)")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	originals, err := list(ctx, tx, `SELECT recording_id FROM suspects WHERE verdict = '' ORDER BY id`)
	if err != nil {
		return err
	}
	if len(originals) == 0 {
		return fmt.Errorf("%s has no suspect to copy", file)
	}
	var inserts []*sql.Stmt
	for _, c := range copies {
		statement, err := c.copying(ctx, tx)
		if err != nil {
			return err
		}
		insert, err := tx.PrepareContext(ctx, statement) //nolint:sqlclosecheck // it goes with the transaction
		if err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
		inserts = append(inserts, insert)
	}
	// They came over the last days, before those that were there.
	at := time.Now().Add(-time.Duration(n) * time.Second)
	for i := range n {
		at = at.Add(time.Second)
		args := []any{ulid.MustNewDefault(at).String(), fmt.Sprintf("copy-%d", i), 8613000000000 + i,
			at.UnixMicro(), originals[i%len(originals)],
			ulid.MustNewDefault(at).String()}
		for j, insert := range inserts {
			if _, err := insert.ExecContext(ctx, args...); err != nil {
				return fmt.Errorf("copy into %s: %w", copies[j].table, err)
			}
		}
	}
	return tx.Commit()
}

// copying is the statement that copies them. SQLite takes no parameter that a statement doesn't have, so each has all.
func (r rows) copying(ctx context.Context, tx *sql.Tx) (string, error) {
	columns, err := list(ctx, tx, "SELECT name FROM pragma_table_info('"+r.table+"') ORDER BY cid")
	if err != nil {
		return "", err
	}
	values := slices.Clone(columns)
	for i, c := range columns {
		if v, ok := r.set[c]; ok {
			values[i] = v
		}
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s AND coalesce($1, $2, $3, $4, $6) IS NOT NULL", r.table,
		strings.Join(columns, ", "), strings.Join(values, ", "), r.table, r.where), nil
}

func list(ctx context.Context, tx *sql.Tx, query string) ([]string, error) {
	found, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	var all []string
	for found.Next() {
		var s string
		if err := found.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, found.Err()
}
