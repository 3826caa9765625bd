package store

import (
	"context"

	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/retention"
)

// What goes of each kind of rows, within the transaction that erases.

// doom notes that a recording is to go, and marks it for whoever reads it.
func (t *writeTx) doom(ctx context.Context, rowid int64, whole bool) error {
	var id recording.ID
	err := t.QueryRowContext(ctx, `INSERT INTO doomed (recording_id, whole, size)
		SELECT id, CAST($1 AS BIGINT), CASE WHEN erased_at IS NULL THEN size ELSE 0 END FROM recordings WHERE rowid = $2
		ON CONFLICT (recording_id) DO UPDATE SET whole = CASE excluded.whole WHEN 1 THEN 1 ELSE doomed.whole END
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
		`DELETE FROM judgements` + of, `DELETE FROM transcripts` + of, `DELETE FROM hearings` + of,
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

// dropCall erases a call, and notes that it is gone. Its recordings, which may stay for longer, keep its
// line: by that it is known how long they stay, and who may see them.
func (t *writeTx) dropCall(ctx context.Context, rowid int64) error {
	var id, line string
	err := t.QueryRowContext(ctx, `DELETE FROM calls WHERE rowid = $1 RETURNING call_id, line`, rowid).
		Scan(&id, &line)
	if err != nil {
		return err
	}
	if err := exec(ctx, t, callLine, line, id); err != nil {
		return err
	}
	return t.noteGone(ctx, id, "", "")
}

// callLine gives a call's line to those of its recordings whose sender named none.
const callLine = `UPDATE recordings SET line = $1 WHERE call_id = $2 AND line = ''`

// goneRecordings is put before the part of a recording's name among what is gone, and goneName is how
// much of a name is kept, in bytes.
const (
	goneRecordings = "recording\x00"
	goneName       = 16
)

// noteGone notes that a call, or where it has an id a recording, was erased, or lost the name that it had.
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
		SELECT CAST($1 AS BIGINT) UNION SELECT released_seq FROM freezes WHERE opened_seq = $1
		UNION SELECT ended_seq FROM allows WHERE opened_seq = $1
		UNION SELECT seq FROM ledger WHERE kind = 'extend'
			AND freeze_id = (SELECT id FROM freezes WHERE opened_seq = $1))`, seq)
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
