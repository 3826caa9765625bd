package store

import (
	"context"
	"database/sql"
	"errors"
	"math"

	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// tailLen is how many digits of numbers are in an index; see 00028_desk_search.sql.
const tailLen = 4

// byTail finds the numbers that end in $3, of which $1 are the last digits in the index, and $2 is a one with as many
// zeros as $3 has digits. Of each it names what is known last; $4 and $5 are after what.
const byTail = `SELECT number, name, at FROM (
	SELECT number, name, at, ROW_NUMBER() OVER (PARTITION BY number ORDER BY at DESC, name DESC) AS place FROM (
	SELECT r.number AS number, 'recordings/' || r.id AS name, r.created_at AS at FROM recordings r
		WHERE r.number % 10000 = $1 AND r.number % $2 = $3 AND r.number > 0
	UNION ALL SELECT p.number, 'freezes/' || f.id, f.from_at FROM ledger_personal p JOIN freezes f ON f.opened_seq = p.seq
		WHERE p.number IS NOT NULL AND p.number % 10000 = $1 AND p.number % $2 = $3) known
	) latest WHERE place = 1 AND (at, name) < ($4, $5) ORDER BY at DESC, name DESC LIMIT $6`

func scanMatch(rw row) (m number.Match, err error) {
	var at int64
	err = rw.Scan(digitsInto{&m.Number}, &m.Name, &at)
	m.At = fromMicros(at)
	return m, err
}

// ByTail lists up to limit numbers that were recorded, frozen or complained of and end in these digits, 4 or more: the
// latest first, and those after one, whose ID is its Name.
func (s *Conversations) ByTail(
	ctx context.Context, digits string, after *request.Cursor, limit int,
) ([]number.Match, error) {
	query, args := tailQuery(digits, after, limit)
	found, err := list(ctx, s.r, scanMatch, query, args...)
	return found, wrap("look for a number's last digits", err)
}

func tailQuery(digits string, after *request.Cursor, limit int) (query string, args []any) {
	value := func(digits string) (n, ceiling int64) {
		ceiling = 1
		for _, d := range digits {
			n, ceiling = n*10+int64(d-'0'), ceiling*10
		}
		return n, ceiling
	}
	tail, _ := value(digits[len(digits)-tailLen:])
	all, ceiling := value(digits)
	at, name := int64(math.MaxInt64), ""
	if after != nil {
		at, name = micros(after.At), after.ID
	}
	return byTail, []any{tail, ceiling, all, at, name, limit}
}

// byCall finds a call's number in its report, or else in the recordings of it.
const byCall = `SELECT number, 'calls/' || call_id, start_at FROM calls WHERE call_id = $1
	UNION ALL SELECT number, name, at FROM (SELECT number, 'recordings/' || id AS name, created_at AS at FROM recordings WHERE call_id = $1 AND
		NOT EXISTS (SELECT 1 FROM calls WHERE call_id = $1) ORDER BY created_at DESC LIMIT 1) recorded`

// ByCall finds the number of a call that was reported or recorded; ok is false where none was.
func (s *Conversations) ByCall(ctx context.Context, id string) (m number.Match, ok bool, err error) {
	m, err = scanMatch(s.r.QueryRowContext(ctx, byCall, id))
	if errors.Is(err, sql.ErrNoRows) {
		return m, false, nil
	}
	return m, err == nil, wrap("look for a call's number", err)
}

// BySuspect finds the numbers of suspects whose ids end so, which are review.MinShort characters or more.
func (s *Conversations) BySuspect(ctx context.Context, end string, limit int) ([]number.Match, error) {
	var c conditions
	c.add("SUBSTR(id, 21) = ? AND id LIKE ?", end[len(end)-review.MinShort:], "%"+end)
	found, err := list(ctx, s.r, scanMatch, `SELECT number, 'suspects/' || id, created_at FROM suspects`+c.where()+
		` ORDER BY created_at DESC`+c.limit(limit), c.args...)
	return found, wrap("look for suspects' numbers", err)
}
