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

// heldBy is a condition that a standing hold is on a row r with its number, or on its call id or time.
func heldBy(call, at string) string {
	return `EXISTS (SELECT 1 FROM holds h WHERE h.released_at IS NULL AND (h.number = r.number` +
		` OR h.call_id = ` + call + ` OR h.from_at <= ` + at + ` AND ` + at + ` < h.until_at))`
}

// What is kept of people beside calls and recordings belongs to all that is known of its number, and to
// what the freeze's evidence p names, which it does longer than that is known. These are conditions that
// a hold h is on such a thing. Those of a time ask first whether the hold is on one at all.

// ofCalls goes by the number's calls and recordings.
func ofCalls(number string) string {
	return `EXISTS (SELECT 1 FROM calls c WHERE c.call_id = h.call_id AND c.number = ` + number + `)
		OR EXISTS (SELECT 1 FROM recordings c WHERE c.call_id = h.call_id AND c.number = ` + number + `)
		OR h.from_at IS NOT NULL
			AND EXISTS (SELECT 1 FROM calls c WHERE c.number = ` + number + ` AND h.from_at <= c.start_at AND c.start_at < h.until_at)`
}

// ofRecordings goes by when the number's recordings began.
func ofRecordings(number string) string {
	return `h.from_at IS NOT NULL AND EXISTS (SELECT 1 FROM recordings c WHERE c.number = ` + number + ` AND h.from_at <= COALESCE(c.started_at, c.created_at)
		AND COALESCE(c.started_at, c.created_at) < h.until_at)`
}

const ofEvidence = `(h.call_id = json_extract(p.evidence, '$.call_id')
	OR EXISTS (SELECT 1 FROM json_each(p.evidence, '$.calls') e WHERE e.value = h.call_id)
	OR h.from_at IS NOT NULL AND EXISTS (SELECT 1 FROM recordings c WHERE c.id = json_extract(p.evidence, '$.recording_id')
		AND h.from_at <= COALESCE(c.started_at, c.created_at) AND COALESCE(c.started_at, c.created_at) < h.until_at))`

// heldOf is heldBy for what belongs to a number, or to what more tells.
func heldOf(at, more string) string {
	return `EXISTS (SELECT 1 FROM holds h WHERE h.released_at IS NULL AND (h.number = r.number
		OR h.from_at <= ` + at + ` AND ` + at + ` < h.until_at OR ` + ofCalls("r.number") + ` OR ` + more + `))`
}

// ofComplaint goes by the freeze that a complaint r rests on, too.
var ofComplaint = ofRecordings("r.number") + ` OR EXISTS (SELECT 1 FROM freezes f JOIN ledger_personal p ON p.seq = f.opened_seq
	WHERE f.id = r.freeze_id AND ` + ofEvidence + `)`

// kindRows says where what is erased of a kind lies.
type kindRows struct {
	// from is the table, with r for its rows; where what is there of them at all.
	from, where string
	// row tells rows apart, in the order of their arrival.
	row string
	// at is when a row arrived or ended, line whose it is, bytes how large it is, held that it is held.
	at, line, bytes, held string
}

// rowID is the row's number, which SQLite keeps by itself and PostgreSQL has a column for.
const rowID = "r.rowid"

const endedAt = `COALESCE(f.released_at, f.until_at)`

var heldRecording = heldBy("r.call_id", "COALESCE(r.started_at, r.created_at)")

// settled is a condition that a recording is done or parked. It names the other states: else an index by state would be
// taken for it, by which all that is over is read and sorted for each portion.
const settled = `r.state NOT IN ('queued', 'running')`

// restsOn is a condition that a freeze rests on a suspect, or on a complaint: as long as it stands,
// and as long after it as its kind is kept, its evidence stays.
const restsOn = `EXISTS (SELECT 1 FROM decisions d JOIN freezes f ON f.id = d.freeze_id
	WHERE d.suspect_id = r.id AND (` + endedAt + ` IS NULL OR ` + endedAt + ` >= $1))`

// erasedRows are where the kinds lie, of which some are in two places. $1 is the latest time of all
// lines.
var erasedRows = map[retention.Kind][]kindRows{
	retention.Audio: {{
		from: "recordings r", row: rowID, where: "r.erased_at IS NULL AND " + settled, at: "r.created_at",
		line: lineOf("r"), bytes: "r.size", held: heldRecording,
	}},
	retention.Transcripts: {{
		from: "recordings r", row: rowID, where: "r.forgotten = 0 AND " + settled, at: "r.created_at",
		line: lineOf("r"), held: heldRecording,
		bytes: `COALESCE((SELECT SUM(LENGTH(t.transcript)) FROM transcripts t WHERE t.recording_id = r.id), 0)
			+ COALESCE((SELECT LENGTH(j.verdict) FROM judgements j WHERE j.recording_id = r.id), 0)`,
	}},
	retention.Decisions: {{
		from: "suspects r", row: rowID, where: "r.kind <> 'second' AND NOT " + restsOn, at: "r.created_at",
		line:  `COALESCE((SELECT ` + lineOf("x") + ` FROM recordings x WHERE x.id = r.recording_id), '')`,
		bytes: "LENGTH(r.hits)", held: heldBy("r.call_id", `COALESCE((SELECT COALESCE(x.started_at, x.created_at)
			FROM recordings x WHERE x.id = r.recording_id), r.created_at)`), // a hold is on when calls began
	}, {
		from: "complaints r", row: rowID, where: `NOT EXISTS (SELECT 1 FROM freezes f WHERE f.id = r.freeze_id
			AND (` + endedAt + ` IS NULL OR ` + endedAt + ` >= $1))`, at: "r.created_at", line: "''",
		bytes: "LENGTH(r.text)", held: heldOf("r.at", ofComplaint),
	}},
	retention.Calls: {{
		from: "recordings r", row: rowID, where: settled + `
			AND NOT EXISTS (SELECT 1 FROM suspects s WHERE s.recording_id = r.id)`, at: "r.created_at",
		line: lineOf("r"), bytes: "LENGTH(r.audio)", held: heldRecording,
	}, {
		from: "calls r", row: rowID, where: "TRUE", at: "r.created_at", line: "r.line",
		bytes: "LENGTH(r.call_id) + LENGTH(r.agent) + LENGTH(r.line) + 60",
		held:  heldBy("r.call_id", "r.start_at"),
	}},
	retention.Freezes: {{
		from: "ledger_personal r JOIN freezes f ON f.opened_seq = r.seq", row: "r.seq", where: "TRUE",
		at: "CASE WHEN f.until_at < f.released_at THEN f.until_at ELSE " + endedAt + " END", line: "f.line",
		bytes: "LENGTH(r.text) + LENGTH(r.evidence) + 60", held: heldOf("f.from_at", strings.ReplaceAll(ofEvidence, "p.evidence", "r.evidence")),
	}, {
		from: "ledger_personal r JOIN allows f ON f.opened_seq = r.seq", row: "r.seq", where: "TRUE",
		at: "COALESCE(f.ended_at, f.until_at)", line: "''", bytes: "LENGTH(r.text) + 60",
		held: heldOf("f.from_at", "FALSE"),
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
		fmt.Fprintf(&b, " WHEN %s THEN CAST(%s AS BIGINT)", w.arg(l.Line), w.arg(micros(l.Before)))
	}
	w.parts = append(w.parts, k.at+" < "+b.String()+" ELSE CAST("+w.arg(micros(c.Before))+" AS BIGINT) END")
	return w
}

// going is the condition that a row is over and not held, and its arguments, as over has them.
func (k kindRows) going(c retention.Cut) conditions {
	w := k.over(c)
	w.parts = append(w.parts, "NOT "+k.held)
	return w
}

// Due implements retention.Store.
func (s *Retention) Due(
	ctx context.Context, c retention.Cut,
) (due, kept retention.Amount, err error) {
	for _, k := range erasedRows[c.Kind] {
		w := k.over(c)
		var d, h retention.Amount
		err := s.r.QueryRowContext(ctx, `SELECT COUNT(CASE WHEN NOT held THEN 1 END), COALESCE(SUM(CASE WHEN NOT held THEN size END), 0),
			COUNT(CASE WHEN held THEN 1 END), COALESCE(SUM(CASE WHEN held THEN size END), 0) FROM (SELECT `+k.held+
			` AS held, `+k.bytes+` AS size FROM `+k.from+w.where()+`) past`, w.args...).Scan(&d.Count, &d.Bytes, &h.Count, &h.Bytes)
		if err != nil {
			return due, kept, fmt.Errorf("count what is over: %w", err)
		}
		due.Count, due.Bytes = due.Count+d.Count, due.Bytes+d.Bytes
		kept.Count, kept.Bytes = kept.Count+h.Count, kept.Bytes+h.Bytes
	}
	return due, kept, nil
}

// scanned is how many rows of a table without an index for it are looked at for a portion.
const scanned = 500

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

// eraser erases one row, which it gets by its number.
type eraser func(t *writeTx, ctx context.Context, rowid int64) error

type overRow struct{ row, size, at int64 }

func scanOver(rw row) (o overRow, err error) {
	err = rw.Scan(&o.row, &o.size, &o.at)
	return o, err
}

// eraseFound erases the rows that an index leads to, the oldest first.
func (s *Retention) eraseFound(
	ctx context.Context, c retention.Cut, k kindRows, n int, erase eraser,
) (p retention.Portion, err error) {
	query, args := k.oldest(c, n)
	// Looked for beside the transaction, which only looks again at what was found.
	found, err := list(ctx, s.r, scanOver, query, args...)
	if err != nil {
		return p, fmt.Errorf("look for what is over: %w", err)
	}
	p.More = len(found) == n
	err = s.eraseRows(ctx, c, k, found, erase, &p)
	return p, err
}

// oldest asks for the oldest n rows that are over and not held.
func (k kindRows) oldest(c retention.Cut, n int) (query string, args []any) {
	w := k.going(c)
	query = `SELECT ` + k.row + `, ` + k.bytes + `, ` + k.at + ` FROM ` + k.from + w.where() + ` ORDER BY ` + k.at + w.limit(n)
	return query, w.args
}

// eraseScanned erases rows of a table without an index for it: its rows lie in the order of their
// arrival, and are looked at in this order, a window after the other.
func (s *Retention) eraseScanned(
	ctx context.Context, c retention.Cut, k kindRows, after int64, n int, erase eraser,
) (p retention.Portion, err error) {
	var window overRow
	err = s.r.QueryRowContext(ctx, `SELECT COALESCE(MAX(place), 0), COUNT(*), 0 FROM (SELECT `+k.row+` AS place FROM `+
		k.from+` WHERE `+k.row+` > $1 ORDER BY `+k.row+` LIMIT $2) portion`, after, scanned).
		Scan(&window.row, &window.size, &window.at)
	if err != nil || window.size == 0 {
		return p, wrap("look for what is over", err)
	}
	w := k.going(c)
	w.add(k.row+" > ?", after)
	w.add(k.row+" <= ?", window.row)
	found, err := list(ctx, s.r, scanOver, `SELECT `+k.row+`, `+k.bytes+`, `+k.at+` FROM `+k.from+w.where()+
		` ORDER BY `+k.row+w.limit(n), w.args...)
	if err != nil {
		return p, fmt.Errorf("look for what is over: %w", err)
	}
	if p.Next = window.row; len(found) == n {
		p.Next = found[n-1].row
	}
	if p.More = len(found) == n || window.size == scanned; p.More && len(found) == 0 {
		p.More, err = s.moreOver(ctx, c, k, window.row)
		return p, err
	}
	err = s.eraseRows(ctx, c, k, found, erase, &p)
	return p, err
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
	err = s.r.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM (SELECT `+arrived+` AS at FROM `+k.from+
		` WHERE `+k.row+` > $1 ORDER BY `+k.row+` LIMIT 1) behind WHERE at < $2)`, after, micros(c.Latest())).Scan(&more)
	return more, wrap("look for what is over", err)
}

// eraseRows erases rows in one transaction, but for those that are not over any more, or held. None of what it
// erases makes another row stay, so that all are asked about before.
func (s *Retention) eraseRows(
	ctx context.Context, c retention.Cut, k kindRows, found []overRow, erase eraser, p *retention.Portion,
) error {
	if len(found) == 0 {
		return nil
	}
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		t.querier = t.e.prepared(t.tx)
		p.Amount = retention.Amount{}
		over, err := t.stillOver(ctx, c, k, found)
		if err != nil {
			return err
		}
		for _, o := range found {
			if !over[o.row] {
				continue
			}
			if err := erase(t, ctx, o.row); err != nil {
				return fmt.Errorf("erase %s: %w", c.Kind, err)
			}
			if !s.buried(c.Kind, k) {
				p.Count, p.Bytes = p.Count+1, p.Bytes+o.size
			}
		}
		return nil
	})
}

// stillOver tells which of the rows are over and not held.
func (t *writeTx) stillOver(ctx context.Context, c retention.Cut, k kindRows, found []overRow) (map[int64]bool, error) {
	rows := make([]int64, len(found))
	for i, o := range found {
		rows[i] = o.row
	}
	over := make(map[int64]bool, len(rows))
	for some := range inSizes(rows) {
		query, args := k.amongOver(c, some)
		if err := each(ctx, t, scanRowID, func(row int64) error { over[row] = true; return nil }, query, args...); err != nil {
			return nil, fmt.Errorf("look again whether it is over: %w", err)
		}
	}
	return over, nil
}

// amongOver asks which of the rows are over and not held.
func (k kindRows) amongOver(c retention.Cut, rows []any) (query string, args []any) {
	w := k.going(c)
	w.addIn(k.row, rows)
	return `SELECT ` + k.row + ` FROM ` + k.from + w.where(), w.args
}

// buried tells that rows of a kind are only noted to go, and counted when they went.
func (s *Retention) buried(kind retention.Kind, k kindRows) bool {
	return kind == retention.Audio || kind == retention.Calls && strings.HasPrefix(k.from, "recordings")
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
		t.querier = t.e.prepared(t.tx)
		for _, d := range gone {
			if err := t.bury(ctx, d); err != nil {
				return fmt.Errorf("erase recordings/%s: %w", d.ID, err)
			}
		}
		return nil
	})
}

// LastArrival is when the last call, recording, or entry of the ledger or of the audit's record came; zero
// where there is none.
func (s *Retention) LastArrival(ctx context.Context) (time.Time, error) {
	var at int64
	err := s.r.QueryRowContext(ctx, `SELECT COALESCE(MAX(at), 0) FROM (SELECT MAX(created_at) AS at FROM recordings
		UNION ALL SELECT (SELECT created_at FROM calls ORDER BY rowid DESC LIMIT 1)
		UNION ALL SELECT (SELECT at FROM audit ORDER BY seq DESC LIMIT 1)
		UNION ALL SELECT (SELECT at FROM ledger ORDER BY seq DESC LIMIT 1)) arrivals`).Scan(&at)
	if err != nil || at == 0 {
		return time.Time{}, wrap("look for what came last", err)
	}
	return fromMicros(at), nil
}

// Gone tells which of the ids belong to recordings that were erased, or whose audio was.
func (s *Retention) Gone(
	ctx context.Context, ids []recording.ID,
) (map[recording.ID]bool, error) {
	gone := map[recording.ID]bool{}
	for some := range inSizes(texts(ids)) {
		// those in gone that are there lost but a name
		for _, of := range []struct{ table, is string }{{"gone", "id <> '' AND id NOT IN (SELECT id FROM recordings)"},
			{"recordings", "erased_at IS NOT NULL"}} {
			c := conditions{parts: []string{of.is}}
			c.addIn("id", some)
			err := each(ctx, s.r, scanID, func(id recording.ID) error { gone[id] = true; return nil },
				`SELECT id FROM `+of.table+c.where(), c.args...)
			if err != nil {
				return nil, fmt.Errorf("look for recordings that were erased: %w", err)
			}
		}
	}
	return gone, nil
}
