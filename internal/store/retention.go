package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/retention"
)

// Retention erases. It implements retention.Store.
type Retention struct{ *engine }

// heldBy is a condition that a standing hold is on what has a number, a call id and a time.
func heldBy(number, call, at string) string {
	return `EXISTS (SELECT 1 FROM holds h WHERE h.released_at IS NULL AND (h.number = ` + number +
		` OR h.call_id = ` + call + ` OR h.from_at <= ` + at + ` AND ` + at + ` < h.until_at))`
}

// kindRows says where what is erased of a kind lies.
type kindRows struct {
	// from is the table, with r for its rows; where what is there of them at all.
	from, where string
	// at is when a row arrived or ended, line whose it is, bytes how large it is, held that it is held.
	at, line, bytes, held string
}

const endedAt = `COALESCE(f.released_at, f.until_at)`

var heldRecording = heldBy("r.number", "r.call_id", "COALESCE(r.started_at, r.created_at)")

// restsOn is a condition that a freeze rests on a suspect, or on a complaint: as long as it stands,
// and as long after it as its kind is kept, its evidence stays.
const restsOn = `EXISTS (SELECT 1 FROM decisions d JOIN freezes f ON f.id = d.freeze_id
	WHERE d.suspect_id = r.id AND (` + endedAt + ` IS NULL OR ` + endedAt + ` >= $1))`

// erasedRows are where the kinds lie, of which some are in two places. $1 is the latest time of all
// lines.
var erasedRows = map[retention.Kind][]kindRows{
	retention.Audio: {{
		from: "recordings r", where: "r.erased_at IS NULL AND r.state IN ('done', 'parked')", at: "r.created_at",
		line: lineOf("r"), bytes: "r.size", held: heldRecording,
	}},
	retention.Transcripts: {{
		from: "recordings r", where: "r.forgotten = 0 AND r.state IN ('done', 'parked')", at: "r.created_at",
		line: lineOf("r"), held: heldRecording,
		bytes: `COALESCE((SELECT SUM(LENGTH(t.transcript)) FROM transcripts t WHERE t.recording_id = r.id), 0)
			+ COALESCE((SELECT LENGTH(j.verdict) FROM judgements j WHERE j.recording_id = r.id), 0)`,
	}},
	retention.Decisions: {{
		from: "suspects r", where: "r.kind <> 'second' AND NOT " + restsOn, at: "r.created_at",
		line:  `COALESCE((SELECT ` + lineOf("x") + ` FROM recordings x WHERE x.id = r.recording_id), '')`,
		bytes: "LENGTH(r.hits)", held: heldBy("r.number", "r.call_id", "r.created_at"),
	}, {
		from: "complaints r", where: `NOT EXISTS (SELECT 1 FROM freezes f WHERE f.id = r.freeze_id
			AND (` + endedAt + ` IS NULL OR ` + endedAt + ` >= $1))`, at: "r.created_at", line: "''",
		bytes: "LENGTH(r.text)", held: heldBy("r.number", "NULL", "r.at"),
	}},
	retention.Calls: {{
		from: "recordings r", where: `r.state IN ('done', 'parked')
			AND NOT EXISTS (SELECT 1 FROM suspects s WHERE s.recording_id = r.id)`, at: "r.created_at",
		line: lineOf("r"), bytes: "LENGTH(r.audio)", held: heldRecording,
	}, {
		from: "calls r", where: "TRUE", at: "r.created_at", line: "r.line",
		bytes: "LENGTH(r.call_id) + LENGTH(r.agent) + LENGTH(r.line) + 60",
		held:  heldBy("r.number", "r.call_id", "r.start_at"),
	}},
	retention.Freezes: {{
		from: "ledger_personal r JOIN freezes f ON f.opened_seq = r.seq", where: "TRUE",
		at: "MIN(" + endedAt + ", COALESCE(f.until_at, " + endedAt + "))", line: "f.line",
		bytes: "LENGTH(r.text) + LENGTH(r.evidence) + 60", held: heldBy("r.number", "NULL", "f.from_at"),
	}, {
		from: "ledger_personal r JOIN allows f ON f.opened_seq = r.seq", where: "TRUE",
		at: "COALESCE(f.ended_at, f.until_at)", line: "''", bytes: "LENGTH(r.text) + 60",
		held: heldBy("r.number", "NULL", "f.from_at"),
	}},
}

// lineOf is lineOfRecording for a recording under another name.
func lineOf(r string) string { return strings.ReplaceAll(lineOfRecording, "recordings.", r+".") }

// over is the condition that a row is over, and its arguments. The first is the latest time.
func (k kindRows) over(c retention.Cut) conditions {
	var w conditions
	w.add(k.at+" < ?", micros(c.Latest()))
	w.parts = append(w.parts, k.where)
	if len(c.Lines) == 0 {
		return w
	}
	var b strings.Builder
	b.WriteString("CASE " + k.line)
	for _, l := range c.Lines {
		fmt.Fprintf(&b, " WHEN %s THEN %s", w.arg(l.Line), w.arg(micros(l.Before)))
	}
	w.parts = append(w.parts, k.at+" < "+b.String()+" ELSE "+w.arg(micros(c.Before))+" END")
	return w
}

// Due implements retention.Store.
func (s *Retention) Due(
	ctx context.Context, c retention.Cut,
) (due, kept retention.Amount, err error) {
	for _, k := range erasedRows[c.Kind] {
		w := k.over(c)
		var d, h retention.Amount
		err := s.r.QueryRowContext(ctx, `SELECT COALESCE(SUM(NOT held), 0), COALESCE(SUM(size * NOT held), 0),
			COALESCE(SUM(held), 0), COALESCE(SUM(size * held), 0) FROM (SELECT `+k.held+` held, `+k.bytes+
			` size FROM `+k.from+w.where()+`)`, w.args...).Scan(&d.Count, &d.Bytes, &h.Count, &h.Bytes)
		if err != nil {
			return due, kept, fmt.Errorf("count what is over: %w", err)
		}
		due.Count, due.Bytes = due.Count+d.Count, due.Bytes+d.Bytes
		kept.Count, kept.Bytes = kept.Count+h.Count, kept.Bytes+h.Bytes
	}
	return due, kept, nil
}

// scanned is how many rows of a table without an index for it are looked at for a portion.
const scanned = 5000

// Erase implements retention.Store.
func (s *Retention) Erase(
	ctx context.Context, c retention.Cut, after int64, n int,
) (p retention.Portion, err error) {
	switch c.Kind {
	case retention.Audio:
		return s.eraseFound(ctx, c, erasedRows[c.Kind][0], n, (*writeTx).doomAudio)
	case retention.Transcripts:
		return s.eraseFound(ctx, c, erasedRows[c.Kind][0], n, (*writeTx).forgetHeard)
	case retention.Decisions:
		p, err = s.eraseFound(ctx, c, erasedRows[c.Kind][0], n, (*writeTx).dropSuspect)
		if err != nil || p.More {
			return p, err
		}
		rest, err := s.eraseFound(ctx, c, erasedRows[c.Kind][1], n, (*writeTx).dropComplaint)
		rest.Count, rest.Bytes = rest.Count+p.Count, rest.Bytes+p.Bytes
		return rest, err
	case retention.Calls:
		if after == 0 { // first all recordings
			p, err = s.eraseFound(ctx, c, erasedRows[c.Kind][0], n, (*writeTx).doomWhole)
			if err != nil || p.More {
				return p, err
			}
		}
		return s.eraseScanned(ctx, c, erasedRows[c.Kind][1], after, n, (*writeTx).dropCall)
	case retention.Freezes:
		p, err = s.eraseScanned(ctx, c, erasedRows[c.Kind][0], after, n, (*writeTx).dropPersonal)
		if err != nil || p.More {
			return p, err
		}
		rest, err := s.eraseFound(ctx, c, erasedRows[c.Kind][1], n, (*writeTx).dropPersonal)
		rest.Next, rest.Count, rest.Bytes = p.Next, rest.Count+p.Count, rest.Bytes+p.Bytes
		return rest, err
	case retention.Audit:
	}
	return p, fmt.Errorf("nothing of the kind %q is kept", c.Kind)
}

// eraser erases one row, which it gets by its rowid.
type eraser func(t *writeTx, ctx context.Context, rowid int64) error

type overRow struct{ rowid, size, at int64 }

func scanOver(rw row) (o overRow, err error) {
	err = rw.Scan(&o.rowid, &o.size, &o.at)
	return o, err
}

// eraseFound erases the rows that an index leads to, the oldest first.
func (s *Retention) eraseFound(
	ctx context.Context, c retention.Cut, k kindRows, n int, erase eraser,
) (p retention.Portion, err error) {
	w := k.over(c)
	w.parts = append(w.parts, "NOT "+k.held)
	// Looked for beside the transaction, which only looks again at what was found.
	found, err := list(ctx, s.r, scanOver, `SELECT r.rowid, `+k.bytes+`, `+k.at+` FROM `+k.from+
		w.where()+` ORDER BY `+k.at+w.limit(n), w.args...)
	if err != nil {
		return p, fmt.Errorf("look for what is over: %w", err)
	}
	p.More = len(found) == n
	return p, s.eraseRows(ctx, c, k, found, erase, &p)
}

// eraseScanned erases rows of a table without an index for it: its rows lie in the order of their
// arrival, and are looked at in this order, a window after the other.
func (s *Retention) eraseScanned(
	ctx context.Context, c retention.Cut, k kindRows, after int64, n int, erase eraser,
) (p retention.Portion, err error) {
	var window overRow
	err = s.r.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0), COUNT(*), 0 FROM (SELECT r.rowid id FROM `+
		k.from+` WHERE r.rowid > $1 ORDER BY r.rowid LIMIT $2)`, after, scanned).
		Scan(&window.rowid, &window.size, &window.at)
	if err != nil || window.size == 0 {
		return p, wrap("look for what is over", err)
	}
	w := k.over(c)
	w.parts = append(w.parts, "NOT "+k.held)
	w.add("r.rowid > ?", after)
	w.add("r.rowid <= ?", window.rowid)
	found, err := list(ctx, s.r, scanOver, `SELECT r.rowid, `+k.bytes+`, `+k.at+` FROM `+k.from+w.where()+
		` ORDER BY r.rowid`+w.limit(n), w.args...)
	if err != nil {
		return p, fmt.Errorf("look for what is over: %w", err)
	}
	if p.Next = window.rowid; len(found) == n {
		p.Next = found[n-1].rowid
	}
	if p.More = len(found) == n || window.size == scanned; p.More && len(found) == 0 {
		p.More, err = s.moreOver(ctx, c, k, window.rowid)
		return p, err
	}
	return p, s.eraseRows(ctx, c, k, found, erase, &p)
}

// moreOver tells whether anything behind a place is old enough. Rows that end some time after they
// came are not in that order, so of these all are looked at.
func (s *Retention) moreOver(
	ctx context.Context, c retention.Cut, k kindRows, after int64,
) (more bool, err error) {
	arrived := k.at
	if c.Kind == retention.Freezes {
		arrived = "0"
	}
	err = s.r.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM (SELECT `+arrived+` at FROM `+k.from+
		` WHERE r.rowid > $1 ORDER BY r.rowid LIMIT 1) WHERE at < $2)`, after, micros(c.Latest())).Scan(&more)
	return more, wrap("look for what is over", err)
}

// eraseRows erases rows in one transaction, but for those that are not over any more, or held.
func (s *Retention) eraseRows(
	ctx context.Context, c retention.Cut, k kindRows, found []overRow, erase eraser, p *retention.Portion,
) error {
	if len(found) == 0 {
		return nil
	}
	still := k.over(c)
	still.parts = append(still.parts, "NOT "+k.held)
	query := `SELECT EXISTS (SELECT 1 FROM ` + k.from + still.where() + ` AND r.rowid = ` +
		still.arg(nil) + `)`
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		t.querier = prepared(t.tx)
		p.Amount = retention.Amount{}
		for _, o := range found {
			var is bool
			still.args[len(still.args)-1] = o.rowid
			if err := t.QueryRowContext(ctx, query, still.args...).Scan(&is); err != nil || !is {
				if err != nil {
					return err
				}
				continue
			}
			if err := erase(t, ctx, o.rowid); err != nil {
				return fmt.Errorf("erase %s: %w", c.Kind, err)
			}
			if !s.buried(c.Kind, k) {
				p.Count, p.Bytes = p.Count+1, p.Bytes+o.size
			}
		}
		return nil
	})
}

// buried tells that rows of a kind are only noted to go, and counted when they went.
func (s *Retention) buried(kind retention.Kind, k kindRows) bool {
	return kind == retention.Audio || kind == retention.Calls && strings.HasPrefix(k.from, "recordings")
}

// doom notes that a recording is to go, and marks it for whoever reads it.
func (t *writeTx) doom(ctx context.Context, rowid int64, whole bool) error {
	var id recording.ID
	err := t.QueryRowContext(ctx, `INSERT INTO doomed (recording_id, whole, size)
		SELECT id, $1, CASE WHEN erased_at IS NULL THEN size ELSE 0 END FROM recordings WHERE rowid = $2
		ON CONFLICT (recording_id) DO UPDATE SET whole = MAX(whole, excluded.whole)
		RETURNING recording_id`, flag(whole), rowid).Scan(&id)
	if err != nil {
		return err
	}
	t.changedRecording(id)
	return exec(ctx, t, `UPDATE recordings SET erased_at = COALESCE(erased_at, $1), revision = revision + 1
		WHERE rowid = $2`, micros(t.e.now()), rowid)
}

func (t *writeTx) doomAudio(ctx context.Context, rowid int64) error { return t.doom(ctx, rowid, false) }

func (t *writeTx) doomWhole(ctx context.Context, rowid int64) error { return t.doom(ctx, rowid, true) }

// forgetHeard erases what was heard in a recording and found in that.
func (t *writeTx) forgetHeard(ctx context.Context, rowid int64) error {
	const of = ` WHERE recording_id = (SELECT id FROM recordings WHERE rowid = $1)`
	for _, query := range []string{
		`DELETE FROM judgements` + of, `DELETE FROM transcripts` + of,
		`UPDATE recording_versions SET verdict = NULL, transcript = NULL` + of,
		`UPDATE run_changes SET text = '', verdict = NULL, heard = NULL,
			fate = CASE fate WHEN 'waiting' THEN 'dropped' ELSE fate END` + of,
		`UPDATE recordings SET forgotten = 1 WHERE rowid = $1`,
	} {
		if err := exec(ctx, t, query, rowid); err != nil {
			return err
		}
	}
	return nil
}

// dropSuspect erases a suspect, its second look, and what was decided on them.
func (t *writeTx) dropSuspect(ctx context.Context, rowid int64) error {
	const all = ` IN (SELECT x.id FROM suspects x, suspects r WHERE r.rowid = $1 AND (x.id = r.id OR x.second_of = r.id))`
	for _, query := range []string{
		`DELETE FROM decisions WHERE suspect_id` + all,
		`DELETE FROM suspects WHERE second_of = (SELECT id FROM suspects WHERE rowid = $1)`,
		`DELETE FROM suspects WHERE rowid = $1`,
	} {
		if err := exec(ctx, t, query, rowid); err != nil {
			return err
		}
	}
	return nil
}

func (t *writeTx) dropComplaint(ctx context.Context, rowid int64) error {
	return exec(ctx, t, `DELETE FROM complaints WHERE rowid = $1`, rowid)
}

// dropCall erases a call, and notes that it is gone.
func (t *writeTx) dropCall(ctx context.Context, rowid int64) error {
	var id string
	err := t.QueryRowContext(ctx, `DELETE FROM calls WHERE rowid = $1 RETURNING call_id`, rowid).Scan(&id)
	if err != nil {
		return err
	}
	return t.noteGone(ctx, id, "", "")
}

// goneRecordings is put before the part of a recording's name among what is gone, and goneName is how
// much of a name is kept, in bytes.
const (
	goneRecordings = "recording\x00"
	goneName       = 16
)

// noteGone notes that a call, or where it has an id a recording, was erased.
func (t *writeTx) noteGone(ctx context.Context, callID, part string, id recording.ID) error {
	if id != "" {
		part = goneRecordings + part
	}
	name := t.e.o.Keys.CallMACs(callID, part)[0]
	t.e.gone.Store(true)
	return exec(ctx, t, `INSERT INTO gone (name, id, at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING`,
		name[:goneName], id, micros(t.e.now()))
}

// dropPersonal erases what the ledger says of people where it tells of the freeze, or the entry of the
// allow list, that the entry with that number opened.
func (t *writeTx) dropPersonal(ctx context.Context, seq int64) error {
	return exec(ctx, t, `DELETE FROM ledger_personal WHERE seq IN (
		SELECT $1 UNION SELECT released_seq FROM freezes WHERE opened_seq = $1
		UNION SELECT ended_seq FROM allows WHERE opened_seq = $1
		UNION SELECT seq FROM ledger WHERE kind = 'extend'
			AND freeze_id = (SELECT id FROM freezes WHERE opened_seq = $1))`, seq)
}

// Doomed implements retention.Store.
func (s *Retention) Doomed(ctx context.Context, n int) ([]retention.Doomed, error) {
	doomed, err := list(ctx, s.r, func(rw row) (d retention.Doomed, err error) {
		err = rw.Scan(&d.ID, &d.Whole, &d.Size)
		return d, err
	}, `SELECT recording_id, whole, size FROM doomed ORDER BY recording_id LIMIT $1`, n)
	return doomed, wrap("look for what is to go", err)
}

// Bury implements retention.Store.
func (s *Retention) Bury(ctx context.Context, gone []retention.Doomed) error {
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		t.querier = prepared(t.tx)
		for _, d := range gone {
			if err := t.bury(ctx, d); err != nil {
				return fmt.Errorf("erase recordings/%s: %w", d.ID, err)
			}
		}
		return nil
	})
}

func (t *writeTx) bury(ctx context.Context, d retention.Doomed) error {
	if d.Whole {
		if err := t.dropRecording(ctx, recording.ID(d.ID)); err != nil {
			return err
		}
	}
	// A recording that is now to go as a whole was not when the audio went: it stays for the next.
	return exec(ctx, t, `DELETE FROM doomed WHERE recording_id = $1 AND whole = $2`, d.ID, flag(d.Whole))
}

// dropRecording erases a recording and all that rests on it.
func (t *writeTx) dropRecording(ctx context.Context, id recording.ID) error {
	var rowid int64
	var callID, part string
	err := t.QueryRowContext(ctx, `SELECT rowid, call_id, part FROM recordings WHERE id = $1`, id).
		Scan(&rowid, &callID, &part)
	if err != nil {
		return err
	}
	if err := t.noteGone(ctx, callID, part, id); err != nil {
		return err
	}
	if err := t.forgetHeard(ctx, rowid); err != nil {
		return err
	}
	for _, query := range []string{
		`DELETE FROM decisions WHERE suspect_id IN (SELECT id FROM suspects WHERE recording_id = $1)`,
		`DELETE FROM suspects WHERE recording_id = $1 AND kind = 'second'`,
		`DELETE FROM suspects WHERE recording_id = $1`,
		`DELETE FROM recording_versions WHERE recording_id = $1`,
		`DELETE FROM run_changes WHERE recording_id = $1`,
		`DELETE FROM recordings WHERE id = $1`,
	} {
		if err := exec(ctx, t, query, id); err != nil {
			return err
		}
	}
	return nil
}

// LastArrival is when the last call, recording, or entry of the ledger or of the audit's record came; zero
// where there is none.
func (s *Retention) LastArrival(ctx context.Context) (time.Time, error) {
	var at int64
	err := s.r.QueryRowContext(ctx, `SELECT MAX(COALESCE((SELECT MAX(created_at) FROM recordings), 0),
		COALESCE((SELECT created_at FROM calls ORDER BY rowid DESC LIMIT 1), 0),
		COALESCE((SELECT at FROM audit ORDER BY seq DESC LIMIT 1), 0),
		COALESCE((SELECT at FROM ledger ORDER BY seq DESC LIMIT 1), 0))`).Scan(&at)
	if err != nil || at == 0 {
		return time.Time{}, wrap("look for what came last", err)
	}
	return fromMicros(at), nil
}

// GoneRecordings tells which of the ids belong to recordings that were erased.
func (s *Retention) GoneRecordings(
	ctx context.Context, ids []recording.ID,
) (map[recording.ID]bool, error) {
	gone := map[recording.ID]bool{}
	for some := range inSizes(texts(ids)) {
		var c conditions
		c.parts = append(c.parts, "id <> ''")
		c.addIn("id", some)
		err := each(ctx, s.r, scanID, func(id recording.ID) error { gone[id] = true; return nil },
			`SELECT id FROM gone`+c.where(), c.args...)
		if err != nil {
			return nil, fmt.Errorf("look for recordings that were erased: %w", err)
		}
	}
	return gone, nil
}
