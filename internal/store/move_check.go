package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/freeze"
)

// sampledRows is how many rows of each table are compared.
const sampledRows = 100

// maxDifferences is how many differences are told.
const maxDifferences = 20

// Moved is how many rows of a table were moved.
type Moved struct {
	Table string
	Rows  int64
}

// Checked is what Verify found.
type Checked struct {
	Tables []Moved
	// Entries and Records are how many the ledger and the audit record in the target have, Compared how many rows
	// were compared one by one.
	Entries, Records, Compared int64
	// Wrong is what is not as it was.
	Wrong []string
}

// Verify compares the target with the source: how many rows each table has, and some of each by their contents;
// and verifies the target's ledger and audit record by themselves. The error is about reading only.
func (m *Move) Verify(ctx context.Context) (c Checked, err error) {
	if m.done {
		return c, nil
	}
	for _, t := range m.tables {
		if err := m.compare(ctx, t, &c); err != nil {
			return c, fmt.Errorf("compare the table %s: %w", t.name, err)
		}
	}
	v, err := (&Freezes{m.to}).Verify(ctx, freeze.MAC{})
	if err != nil {
		return c, err
	}
	for _, f := range v.Findings {
		c.wrong("the ledger: %v", f)
	}
	c.Entries = v.Entries
	r, err := (&Audit{m.to}).Verify(ctx, audit.MAC{})
	if err != nil {
		return c, err
	}
	for _, p := range r.Problems {
		c.wrong("the audit record: %s", p)
	}
	c.Records = r.Entries
	return c, nil
}

func (c *Checked) wrong(format string, args ...any) {
	if len(c.Wrong) < maxDifferences {
		c.Wrong = append(c.Wrong, fmt.Sprintf(format, args...))
	}
}

func (m *Move) compare(ctx context.Context, t *moveTable, c *Checked) error {
	var there int64
	if err := m.to.r.QueryRowContext(ctx, `SELECT COUNT(*) FROM "`+t.name+`"`).Scan(&there); err != nil {
		return err
	}
	c.Tables = append(c.Tables, Moved{t.name, there})
	if there != t.whole {
		c.wrong("the table %s has %d rows, and had %d", t.name, there, t.whole)
	}
	keys, err := list(ctx, m.from.r, scanValues(len(t.keys)), `SELECT `+quoted(t.keys)+` FROM "`+t.name+`" ORDER BY RANDOM() LIMIT $1`,
		sampledRows)
	if err != nil {
		return err
	}
	for _, key := range keys {
		same, err := m.sameRow(ctx, t, key)
		if err != nil {
			return err
		}
		c.Compared++
		if !same {
			c.wrong("the row %v of the table %s is not as it was", key, t.name)
		}
	}
	return nil
}

// sameRow compares the row with a key.
func (m *Move) sameRow(ctx context.Context, t *moveTable, key []any) (bool, error) {
	places := make([]string, len(key))
	for i := range key {
		places[i] = quoted(t.keys[i:i+1]) + fmt.Sprintf(" = $%d", i+1)
	}
	here, err := list(ctx, m.from.r, scanValues(len(t.columns)), `SELECT `+quoted(t.columns)+` FROM "`+t.name+`" WHERE `+
		strings.Join(places, " AND "), key...)
	if err != nil || len(here) != 1 {
		return false, errors.Join(err, fmt.Errorf("%d rows with the key %v", len(here), key))
	}
	for i, v := range here[0] {
		if here[0][i], _, err = suited(v, t.kinds[i]); err != nil {
			return false, err
		}
	}
	var wanted []any
	var named []string
	for i, name := range t.columns {
		for _, p := range t.primary {
			if p == name {
				wanted = append(wanted, here[0][i])
				named = append(named, quoted([]string{name})+fmt.Sprintf(" = $%d", len(wanted)))
			}
		}
	}
	there, err := list(ctx, m.to.r, scanValues(len(t.columns)), `SELECT `+quoted(t.columns)+` FROM "`+t.name+`" WHERE `+
		strings.Join(named, " AND "), wanted...)
	if err != nil || len(there) != 1 {
		return false, err
	}
	for i, v := range here[0] {
		if !sameValue(v, there[0][i]) {
			return false, nil
		}
	}
	return true, nil
}

func sameValue(a, b any) bool {
	x, isX := a.([]byte)
	y, isY := b.([]byte)
	if isX && isY {
		return bytes.Equal(x, y)
	}
	return isX == isY && a == b
}

// Finish lets servers have the target. The planner is told first what is in it.
func (m *Move) Finish(ctx context.Context) error {
	if m.done {
		return nil
	}
	if _, err := m.conn.Exec(ctx, `ANALYZE`); err != nil { //nolint:misspell // SQL's
		return fmt.Errorf("have the tables looked at: %w", err)
	}
	err := m.inTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `DROP TABLE `+movingTable)
		return err
	})
	m.done = err == nil
	return wrap("end the move", err)
}
