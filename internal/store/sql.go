package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/fault"
)

// defaultLimit is the length of lists for which no limit was given.
const defaultLimit = 100

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// row is sql.Row or sql.Rows.
type row interface{ Scan(dest ...any) error }

// each hands the rows to visit, one by one, until it fails.
func each[T any](
	ctx context.Context, q querier, scan func(row) (T, error), visit func(T) error, query string,
	args ...any,
) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // what went wrong is in Err
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return err
		}
		if err := visit(v); err != nil {
			return err
		}
	}
	return rows.Err()
}

// list collects the rows.
func list[T any](
	ctx context.Context, q querier, scan func(row) (T, error), query string, args ...any,
) ([]T, error) {
	var out []T
	err := each(ctx, q, scan, func(v T) error { out = append(out, v); return nil }, query, args...)
	return out, err
}

// changed runs a statement and tells how many rows it changed.
func changed(ctx context.Context, q querier, query string, args ...any) (int64, error) {
	res, err := q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// exec runs a statement.
func exec(ctx context.Context, q querier, query string, args ...any) error {
	_, err := q.ExecContext(ctx, query, args...)
	return err
}

// notFound makes a fault of the database's finding that there is no such row.
func notFound(err error, subject string) error {
	kind, _, _ := strings.Cut(subject, "/")
	return missing(err, subject, "there is no such "+strings.TrimSuffix(kind, "s"))
}

// missing is notFound for what the subject lacks; message says what.
func missing(err error, subject, message string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return &fault.Error{Kind: fault.NotFound, Reason: "NOT_FOUND", Subject: subject,
			Message: message}
	}
	return wrap("read "+subject, err)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// conditions collects the parts of a WHERE and their arguments.
type conditions struct {
	parts []string
	args  []any
}

// add takes a condition in which each ? stands for the next of args.
func (c *conditions) add(condition string, args ...any) {
	for _, a := range args {
		condition = strings.Replace(condition, "?", c.arg(a), 1)
	}
	c.parts = append(c.parts, condition)
}

// during selects times from the one on and before the other; zero ones don't bound.
func (c *conditions) during(column string, from, until time.Time) {
	if !from.IsZero() {
		c.add(column+" >= ?", micros(from))
	}
	if !until.IsZero() {
		c.add(column+" < ?", micros(until))
	}
}

// arg is the placeholder of an argument.
func (c *conditions) arg(v any) string {
	c.args = append(c.args, v)
	return "$" + strconv.Itoa(len(c.args))
}

// addIn takes a column that must have one of the values.
func (c *conditions) addIn(column string, values []any) {
	c.parts = append(c.parts, column+" IN ("+c.argsOf(values)+")")
}

// argsOf are the places of many values.
func (c *conditions) argsOf(values []any) string {
	placeholders := make([]string, len(values))
	for i, v := range values {
		placeholders[i] = c.arg(v)
	}
	return strings.Join(placeholders, ", ")
}

func (c *conditions) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

func (c *conditions) limit(n int) string {
	if n <= 0 {
		n = defaultLimit
	}
	return " LIMIT " + c.arg(n)
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(v int64) time.Time { return time.UnixMicro(v).UTC() }

// flag stores a yes as 1.
func flag(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// optionalMicros stores the zero time as NULL.
func optionalMicros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

func fromOptional(v sql.NullInt64) time.Time {
	if !v.Valid {
		return time.Time{}
	}
	return fromMicros(v.Int64)
}

func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// hashInto scans a hash into the bytes that it has.
type hashInto struct{ b []byte }

// Scan implements sql.Scanner.
func (h hashInto) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok || len(b) != len(h.b) {
		return fmt.Errorf("a keyed hash of %d bytes is stored as %T of %d bytes", len(h.b), src, len(b))
	}
	copy(h.b, b)
	return nil
}

// jsonInto scans JSON into what it points to.
type jsonInto struct{ v any }

// Scan implements sql.Scanner. NULL leaves the value as it is.
func (j jsonInto) Scan(src any) error {
	switch s := src.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(s), j.v)
	case []byte:
		return json.Unmarshal(s, j.v)
	}
	return fmt.Errorf("JSON is stored as %T", src)
}
