package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/number"
)

// Enter implements freeze.Book.
func (t *writeTx) Enter(
	ctx context.Context, e freeze.Entry, p freeze.Personal,
) (freeze.Entry, error) {
	seq, head, err := ledgerHead(ctx, t)
	if err != nil {
		return e, fmt.Errorf("read the ledger's head: %w", err)
	}
	e.Commitment = p.Commitment()
	e = t.e.o.Keys.Seal(seq, head, e)
	if err := insertEntry(ctx, t, e, p); err != nil {
		return e, fmt.Errorf("append to the ledger: %w", err)
	}
	if err := bringUpToDate(ctx, t, e); err != nil {
		return e, err
	}
	t.entered(e)
	return e, t.tellOf(ctx, e, p)
}

func insertEntry(ctx context.Context, q querier, e freeze.Entry, p freeze.Personal) error {
	err := exec(ctx, q, `INSERT INTO ledger (`+entryColumns+
		`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		e.Seq, e.Kind, e.FreezeID, micros(e.At), e.Reason, e.Class, optionalMicros(e.Until), e.Line,
		e.Rule, e.RuleVersion,
		e.NumberMAC[:], e.Commitment[:], e.Prev[:], e.MAC[:])
	if err != nil {
		return err
	}
	evidence, err := toJSON(p.Evidence)
	if err != nil {
		return err
	}
	digits, err := digitsOf(p.Number)
	if err != nil {
		return err
	}
	return exec(ctx, q, `INSERT INTO ledger_personal (seq, `+personalColumns+
		`) VALUES ($1, $2, $3, $4, $5, $6)`,
		e.Seq, digits, p.Actor, p.Text, evidence, p.Salt)
}

// digitsOf is how the number of personal data is stored: null where it was erased before.
func digitsOf(e164 string) (sql.NullInt64, error) {
	if e164 == "" {
		return sql.NullInt64{}, nil
	}
	n, err := number.FromE164(e164)
	return sql.NullInt64{Int64: int64(n.Digits()), Valid: true}, err
}

// e164Of is what digitsOf was made of, also where somebody changed it since: that is for
// those who verify the ledger to find.
func e164Of(digits sql.NullInt64) string {
	if !digits.Valid {
		return ""
	}
	return "+" + strconv.FormatInt(digits.Int64, 10)
}

// bringUpToDate writes into the tables of freezes and of the allow list what an entry says.
func bringUpToDate(ctx context.Context, q querier, e freeze.Entry) error {
	switch e.Kind {
	case freeze.Opened:
		return wrap("add the freeze", exec(ctx, q,
			`INSERT INTO freezes (id, number_mac, reason, class, line, rule, rule_version, from_at,
			until_at, opened_seq, seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`,
			e.FreezeID, e.NumberMAC[:], e.Reason, e.Class, e.Line, e.Rule, e.RuleVersion,
			micros(e.At), optionalMicros(e.Until), e.Seq))
	case freeze.Extended:
		return wrap("extend the freeze",
			exec(ctx, q, `UPDATE freezes SET until_at = $1, seq = $2 WHERE id = $3`,
				optionalMicros(e.Until), e.Seq, e.FreezeID))
	case freeze.Released:
		return wrap("release the freeze",
			exec(ctx, q,
				`UPDATE freezes SET released_at = $1, released_seq = $2, cause = $3 WHERE id = $4`,
				micros(e.At), e.Seq, freeze.CauseOf(e), e.FreezeID))
	case freeze.Allowed:
		return wrap("add to the allow list",
			exec(ctx, q, `INSERT INTO allows (id, number_mac, from_at, until_at, opened_seq)
			VALUES ($1, $2, $3, $4, $5)`, e.FreezeID, e.NumberMAC[:], micros(e.At), micros(e.Until), e.Seq))
	case freeze.Disallowed:
		return wrap("end the entry of the allow list",
			exec(ctx, q, `UPDATE allows SET ended_at = $1, ended_seq = $2 WHERE id = $3`,
				micros(e.At), e.Seq, e.FreezeID))
	case freeze.KeyRotated:
		return nil // no table follows from it
	}
	return fmt.Errorf("the ledger knows no entry of the kind %q", e.Kind)
}

// tellOf notes for the feed what an entry makes of its freeze or entry of the allow list.
func (t *writeTx) tellOf(ctx context.Context, e freeze.Entry, p freeze.Personal) error {
	if e.Kind == freeze.KeyRotated {
		return nil
	}
	c := feed.Change{Kind: feed.Freeze, ID: string(e.FreezeID), Entry: e.Kind}
	var err error
	switch e.Kind {
	case freeze.Opened: // rules open thousands at once: nothing needs to be read for them
		c.Freeze, err = e.Opens(p)
	case freeze.Allowed, freeze.Disallowed:
		c.Kind = feed.Allow
		c.Allow, err = readAllow(ctx, t, freeze.AllowID(e.FreezeID))
	default:
		c.Freeze, err = readFreeze(ctx, t, e.FreezeID)
	}
	t.changed(c)
	return err
}

func ledgerHead(ctx context.Context, tx querier) (seq int64, head freeze.MAC, err error) {
	err = tx.QueryRowContext(ctx,
		`SELECT seq, mac FROM ledger ORDER BY seq DESC LIMIT 1`).Scan(&seq, hashInto{head[:]})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, freeze.MAC{}, nil
	}
	return seq, head, err
}

const entryColumns = `seq, kind, freeze_id, at, reason, class, until, line, rule, rule_version, number_mac, commitment, prev, mac`

const personalColumns = `number, actor, text, evidence, salt`

// Ledger hands all entries to visit, in order, until it fails; its error is returned
// as it is.
func (s *Freezes) Ledger(ctx context.Context, visit func(freeze.Entry) error) error {
	return each(ctx, s.r, scanEntry, visit, `SELECT `+entryColumns+` FROM ledger ORDER BY seq`)
}

func scanEntry(rw row) (freeze.Entry, error) {
	var e entryRow
	err := rw.Scan(e.dest()...)
	return e.entry(), wrap("read the ledger", err)
}

// entryRow is an entry as it is stored.
type entryRow struct {
	e     freeze.Entry
	at    int64
	until sql.NullInt64
}

func (r *entryRow) dest() []any {
	e := &r.e
	return []any{&e.Seq, &e.Kind, &e.FreezeID, &r.at, &e.Reason, &e.Class, &r.until, &e.Line,
		&e.Rule, &e.RuleVersion,
		hashInto{e.NumberMAC[:]}, hashInto{e.Commitment[:]}, hashInto{e.Prev[:]}, hashInto{e.MAC[:]}}
}

func (r *entryRow) entry() freeze.Entry {
	r.e.At, r.e.Until = fromMicros(r.at), fromOptional(r.until)
	return r.e
}

// EachEntry hands all entries behind that with the number after to visit, in order,
// until it fails; its error is returned as it is.
func (s *Freezes) EachEntry(ctx context.Context, after int64, visit func(freeze.Line) error) error {
	return eachLine(ctx, s.r, after, visit)
}

func eachLine(ctx context.Context, q querier, after int64, visit func(freeze.Line) error) error {
	return each(ctx, q, scanLine, visit, selectLines, after)
}

// selectLines selects the entries behind one.
const selectLines = `SELECT l.seq, l.kind, l.freeze_id, l.at, l.reason, l.class, l.until, l.line, l.rule, l.rule_version,
			l.number_mac, l.commitment, l.prev, l.mac, p.number, p.actor, p.text, p.evidence, p.salt
		FROM ledger l LEFT JOIN ledger_personal p ON p.seq = l.seq WHERE l.seq > $1 ORDER BY l.seq`

func scanLine(rw row) (freeze.Line, error) {
	var (
		e           entryRow
		digits      sql.NullInt64
		actor, text sql.NullString
		p           freeze.Personal
	)
	err := rw.Scan(append(e.dest(), &digits, &actor, &text, jsonInto{&p.Evidence}, &p.Salt)...)
	l := freeze.Line{Entry: e.entry()}
	if actor.Valid {
		p.Number, p.Actor, p.Text = e164Of(digits), actor.String, text.String
		l.Personal = &p
	}
	return l, wrap("read the ledger", err)
}

// Personal reads what the ledger's entry with that number says of people. NotFound
// where it was erased, or there is no such entry.
func (s *Freezes) Personal(ctx context.Context, seq int64) (freeze.Personal, error) {
	var p freeze.Personal
	var digits sql.NullInt64
	err := s.r.QueryRowContext(ctx, `SELECT `+personalColumns+
		` FROM ledger_personal WHERE seq = $1`, seq).
		Scan(&digits, &p.Actor, &p.Text, jsonInto{&p.Evidence}, &p.Salt)
	p.Number = e164Of(digits)
	return p, missing(err, fmt.Sprintf("ledger entry %d", seq),
		"what it says of people was erased, or there is no such entry")
}

// LastEntered is when the ledger's last entry was made, by the clock of then; zero without any.
func (s *Freezes) LastEntered(ctx context.Context) (time.Time, error) {
	e, err := scanEntry(s.r.QueryRowContext(ctx,
		`SELECT `+entryColumns+` FROM ledger ORDER BY seq DESC LIMIT 1`))
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return e.Entered(), err
}

// LedgerHead is the number and the MAC of the ledger's last entry; 0 without any.
func (s *Freezes) LedgerHead(ctx context.Context) (seq int64, head freeze.MAC, err error) {
	seq, head, err = ledgerHead(ctx, s.r)
	return seq, head, wrap("read the ledger's head", err)
}
