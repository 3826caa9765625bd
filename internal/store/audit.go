package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// Audit is the store of the record of who did what. It implements audit.Recorder.
type Audit struct{ *engine }

// auditKeys are those that seal the record.
func auditKeys(k freeze.Keys) audit.Keys {
	return audit.NewKeys(k.ID(), k.Derive("refrain audit chain v1"))
}

// Record implements audit.Recorder.
func (s *Audit) Record(ctx context.Context, e audit.Entry) error {
	return s.write(ctx, func(ctx context.Context, t *writeTx) error { return t.record(ctx, e) })
}

// record appends an entry, in the transaction that makes it true. What looks like a telephone number
// in what people wrote is masked: the record outlives what it tells of.
func (t *writeTx) record(ctx context.Context, e audit.Entry) error {
	if e.At.IsZero() {
		e.At = t.e.now()
	}
	e.Actor = number.MaskSealed(e.Actor)
	e.Subject, e.Reason = number.MaskSealed(e.Subject), number.MaskSealed(e.Reason)
	details := make(map[string]string, len(e.Details))
	for name, text := range e.Details {
		details[name] = number.MaskSealed(text)
	}
	e.Details = details
	seq, head, err := auditHead(ctx, t)
	if err != nil {
		return fmt.Errorf("read the head of the audit record: %w", err)
	}
	e = auditKeys(t.e.o.Keys).Seal(seq, head, e)
	text, err := toJSON(e.Details)
	if err != nil {
		return err
	}
	return wrap("append to the audit record", exec(ctx, t, `INSERT INTO audit (`+auditColumns+
		`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, e.Seq, micros(e.At), e.Actor, e.From,
		string(e.Action), e.Subject, e.Reason, text, e.KeyID, e.Prev[:], e.MAC[:]))
}

const auditColumns = `seq, at, actor, origin, action, subject, reason, details, key_id, prev, mac`

// auditHead is the number and the MAC of the last entry, also where it is gone.
func auditHead(ctx context.Context, q querier) (seq int64, head audit.MAC, err error) {
	err = q.QueryRowContext(ctx, `SELECT seq, mac FROM audit ORDER BY seq DESC LIMIT 1`).
		Scan(&seq, hashInto{head[:]})
	if errors.Is(err, sql.ErrNoRows) {
		seq, head, _, err = anchor(ctx, q)
	}
	return seq, head, err
}

// anchor is where the chain begins; 0 where no entry was deleted yet.
func anchor(ctx context.Context, q querier) (seq int64, mac, proof audit.MAC, err error) {
	err = q.QueryRowContext(ctx, `SELECT seq, mac, proof FROM audit_anchor`).
		Scan(&seq, hashInto{mac[:]}, hashInto{proof[:]})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return seq, mac, proof, err
}

func scanAudit(rw row) (audit.Entry, error) {
	var e audit.Entry
	var at int64
	err := rw.Scan(&e.Seq, &at, &e.Actor, &e.From, &e.Action, &e.Subject, &e.Reason,
		jsonInto{&e.Details}, &e.KeyID, hashInto{e.Prev[:]}, hashInto{e.MAC[:]})
	e.At = fromMicros(at)
	return e, wrap("read the audit record", err)
}

// List lists entries, the newest first.
func (s *Audit) List(ctx context.Context, f audit.Filter) ([]audit.Entry, error) {
	c := auditConditions(f)
	return list(ctx, s.r, scanAudit, `SELECT `+auditColumns+` FROM audit`+c.where()+
		` ORDER BY seq DESC`+c.limit(f.Limit), c.args...)
}

// Each hands the entries that f selects to visit, the oldest first, until it fails; its error is
// returned as it is. Before and Limit don't count.
func (s *Audit) Each(ctx context.Context, f audit.Filter, visit func(audit.Entry) error) error {
	f.Before = 0
	c := auditConditions(f)
	return each(ctx, s.r, scanAudit, visit, `SELECT `+auditColumns+` FROM audit`+c.where()+
		` ORDER BY seq`, c.args...)
}

func auditConditions(f audit.Filter) *conditions {
	var c conditions
	for column, text := range map[string]string{"actor": number.MaskSealed(f.Actor), "subject": number.MaskSealed(f.Subject)} {
		if text != "" {
			c.add(column+" = ?", text)
		}
	}
	switch prefix, open := strings.CutSuffix(string(f.Action), "."); {
	case f.Action == "":
	case open: // "/" is what follows "." in ASCII
		c.add("action > ? AND action < ?", prefix+".", prefix+"/")
	default:
		c.add("action = ?", string(f.Action))
	}
	c.during("at", f.From, f.Until)
	if f.Before > 0 {
		c.add("seq < ?", f.Before)
	}
	return &c
}

// Head is the number and the MAC of the last entry; 0 where there never was any.
func (s *Audit) Head(ctx context.Context) (seq int64, head audit.MAC, err error) {
	seq, head, err = auditHead(ctx, s.r)
	return seq, head, wrap("read the head of the audit record", err)
}

// Verify checks the whole record as it is in a moment. Want is a MAC that was noted elsewhere, zero
// for none.
func (s *Audit) Verify(ctx context.Context, want audit.MAC) (audit.Verification, error) {
	var v audit.Verification
	err := s.reading(ctx, s.r, func(q querier) (err error) {
		v, err = s.verify(ctx, q, want)
		return err
	})
	return v, wrap("verify the audit record", err)
}

func (s *Audit) verify(ctx context.Context, q querier, want audit.MAC) (audit.Verification, error) {
	v := audit.Verifier{Want: want}
	for _, generation := range s.o.Keys.Generations() {
		v.Keys = append(v.Keys, auditKeys(generation))
	}
	seq, mac, proof, err := anchor(ctx, q)
	if err != nil {
		return audit.Verification{}, wrap("read where the audit record begins", err)
	}
	if seq > 0 {
		v.Begin(seq, mac, proof)
	}
	err = each(ctx, q, scanAudit, func(e audit.Entry) error { v.Next(e); return nil },
		`SELECT `+auditColumns+` FROM audit ORDER BY seq`)
	return v.End(), err
}

// lastBefore is the last entry before the first that is not from before $1, 0 for none.
const lastBefore = `COALESCE((SELECT MIN(seq) - 1 FROM audit WHERE at >= $1), (SELECT MAX(seq) FROM audit), 0)`

// Over tells how many entries Prune would delete.
func (s *Audit) Over(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.r.QueryRowContext(ctx, `SELECT COUNT(*) FROM audit WHERE seq <= `+lastBefore, micros(before)).Scan(&n)
	return n, wrap("count what is over of the audit record", err)
}

// Prune deletes entries from before a time, up to the first that is not, n of them at most, and records
// that. It tells how many they were, and whether there may be more.
func (s *Audit) Prune(ctx context.Context, before time.Time, n int) (pruned int64, more bool, err error) {
	err = s.write(ctx, func(ctx context.Context, t *writeTx) error {
		pruned, more = 0, false
		last, mac, err := t.lastOver(ctx, before, n)
		if err != nil || last == 0 { // none is that old
			return err
		}
		proof := auditKeys(t.e.o.Keys).Anchor(last, mac)
		if err := exec(ctx, t, `INSERT INTO audit_anchor ("only", seq, mac, proof) VALUES (1, $1, $2, $3)
			ON CONFLICT ("only") DO UPDATE SET seq = $1, mac = $2, proof = $3`, last, mac[:],
			proof[:]); err != nil {
			return err
		}
		if pruned, err = changed(ctx, t, `DELETE FROM audit WHERE seq <= $1`, last); err != nil {
			return err
		}
		more = pruned == int64(n)
		return t.record(ctx, audit.Entry{Actor: audit.Self, Action: audit.Delete, Subject: "audit",
			Details: map[string]string{"entries": strconv.FormatInt(pruned, 10),
				"through": strconv.FormatInt(last, 10)}})
	})
	return pruned, more, wrap("prune the audit record", err)
}

// lastOver is the last of the first n entries that no entry which is not from before a time comes before;
// 0 where the first is not.
func (t *writeTx) lastOver(ctx context.Context, before time.Time, n int) (seq int64, mac audit.MAC, err error) {
	type entry struct {
		seq, at int64
		mac     audit.MAC
	}
	first, err := list(ctx, t, func(rw row) (e entry, err error) {
		err = rw.Scan(&e.seq, &e.at, hashInto{e.mac[:]})
		return e, err
	}, `SELECT seq, at, mac FROM audit ORDER BY seq LIMIT $1`, n)
	if err != nil {
		return 0, mac, err
	}
	for _, e := range first {
		if e.at >= micros(before) {
			break
		}
		seq, mac = e.seq, e.mac
	}
	return seq, mac, nil
}
