package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/refrain-asr/refrain/rejudge"
	"github.com/refrain-asr/refrain/request"
)

// Runs is the store of runs that judge recordings again, and of what they find. It implements
// rejudge.Runs, rejudge.Archive and rejudge.Outcomes.
type Runs struct{ *engine }

const runColumns = `id, state, selection, apply, speech, per_day, lexicon, actor, problem, cursor, last, total, done, tally,
	created_at, started_at, ended_at, updated_at, revision`

const selectRuns = `SELECT ` + runColumns + `, EXISTS (SELECT 1 FROM run_lexicons l WHERE l.run_id = runs.id) FROM runs`

func scanRun(rw row) (rejudge.Run, error) {
	var r rejudge.Run
	var created, updated int64
	var started, ended sql.NullInt64
	err := rw.Scan(&r.ID, &r.State, jsonInto{&r.Selection}, &r.Apply, &r.Speech, &r.PerDay, &r.Lexicon,
		&r.Actor, &r.Problem, &r.Cursor, &r.Last, &r.Total, &r.Done, jsonInto{&r.Tally},
		&created, &started, &ended, &updated, &r.Revision, &r.Trial)
	r.CreatedAt, r.UpdatedAt = fromMicros(created), fromMicros(updated)
	r.StartedAt, r.EndedAt = fromOptional(started), fromOptional(ended)
	return r, err
}

// CreateRun implements rejudge.Runs.
func (s *Runs) CreateRun(
	ctx context.Context, req request.Request, r rejudge.Run, lexicon string,
) (rejudge.Run, error) {
	var kept rejudge.Run
	err := s.write(ctx, func(ctx context.Context, t *writeTx) error {
		ids, _, err := t.once(ctx, req, "runs", func(ctx context.Context) ([]string, error) {
			return []string{string(r.ID)}, t.insertRun(ctx, r, lexicon)
		})
		if err != nil {
			return err
		}
		kept, err = readRun(ctx, t, rejudge.ID(ids[0]))
		return err
	})
	return kept, err
}

func (t *writeTx) insertRun(ctx context.Context, r rejudge.Run, lexicon string) error {
	selection, err := toJSON(r.Selection)
	if err != nil {
		return err
	}
	err = exec(ctx, t, `INSERT INTO runs (`+runColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', '', 0, 0, '{}', $9, NULL, NULL, $10, 1)`,
		r.ID, r.State, selection, flag(r.Apply), flag(r.Speech), r.PerDay, r.Lexicon, r.Actor,
		micros(r.CreatedAt), micros(r.UpdatedAt))
	if err == nil && lexicon != "" {
		err = exec(ctx, t, `INSERT INTO run_lexicons (run_id, source) VALUES ($1, $2)`, r.ID, lexicon)
	}
	return wrap("add a run", err)
}

// LexiconSource implements rejudge.Runs.
func (s *Runs) LexiconSource(ctx context.Context, id rejudge.ID) (source string, err error) {
	err = s.r.QueryRowContext(ctx, `SELECT source FROM run_lexicons WHERE run_id = $1`, id).Scan(&source)
	return source, notFound(err, rejudge.Run{ID: id}.Name())
}

// Get reads a run. NotFound where there is none.
func (s *Runs) Get(ctx context.Context, id rejudge.ID) (rejudge.Run, error) {
	return readRun(ctx, s.r, id)
}

func readRun(ctx context.Context, q querier, id rejudge.ID) (rejudge.Run, error) {
	r, err := scanRun(q.QueryRowContext(ctx, selectRuns+` WHERE id = $1`, id))
	return r, notFound(err, rejudge.Run{ID: id}.Name())
}

// ChangeRun implements rejudge.Runs.
func (s *Runs) ChangeRun(
	ctx context.Context, id rejudge.ID, req request.Request,
	change func(rejudge.Run) (rejudge.Run, error),
) (rejudge.Run, error) {
	var now rejudge.Run
	err := s.write(ctx, func(ctx context.Context, t *writeTx) error {
		_, _, err := t.once(ctx, req, rejudge.Run{ID: id}.Name(),
			func(ctx context.Context) ([]string, error) { return nil, t.changeRun(ctx, id, change) })
		if err != nil {
			return err
		}
		now, err = readRun(ctx, t, id)
		return err
	})
	return now, err
}

func (t *writeTx) changeRun(
	ctx context.Context, id rejudge.ID, change func(rejudge.Run) (rejudge.Run, error),
) error {
	r, err := readRun(ctx, t, id)
	if err != nil {
		return err
	}
	if r, err = change(r); err != nil {
		return err
	}
	if r.State == rejudge.Cancelled {
		dropped, err := changed(ctx, t, `UPDATE run_changes SET fate = $1, verdict = NULL, heard = NULL
			WHERE run_id = $2 AND fate = $3`, rejudge.Dropped, id, rejudge.Waiting)
		if err != nil {
			return fmt.Errorf("drop what waits: %w", err)
		}
		r.Tally.Waiting -= int(dropped)
	}
	return t.updateRun(ctx, r)
}

// updateRun writes what may change of a run.
func (t *writeTx) updateRun(ctx context.Context, r rejudge.Run) error {
	tally, err := toJSON(r.Tally)
	if err != nil {
		return err
	}
	return wrap("write the run", exec(ctx, t, `UPDATE runs SET state = $1, problem = $2, cursor = $3, last = $4,
			total = $5, done = $6, tally = $7, started_at = $8, ended_at = $9, updated_at = $10,
			revision = revision + 1 WHERE id = $11`,
		r.State, r.Problem, r.Cursor, r.Last, r.Total, r.Done, tally, optionalMicros(r.StartedAt),
		optionalMicros(r.EndedAt), micros(t.e.now()), r.ID))
}

// NextRun implements rejudge.Runs.
func (s *Runs) NextRun(ctx context.Context) (r rejudge.Run, ok bool, err error) {
	for _, state := range []rejudge.State{rejudge.Running, rejudge.Queued} {
		r, err = scanRun(s.r.QueryRowContext(ctx, selectRuns+` WHERE state = $1 ORDER BY id LIMIT 1`, state))
		if !errors.Is(err, sql.ErrNoRows) {
			return r, err == nil, wrap("look for the next run", err)
		}
	}
	return rejudge.Run{}, false, nil
}

// List lists runs, the newest first.
func (s *Runs) List(ctx context.Context, before *request.Cursor, limit int) ([]rejudge.Run, error) {
	var c conditions
	if before != nil {
		c.add("id < ?", before.ID)
	}
	runs, err := list(ctx, s.r, scanRun, selectRuns+c.where()+` ORDER BY id DESC`+c.limit(limit), c.args...)
	return runs, wrap("list runs", err)
}

// Changes lists what a run found to change, in the order of its recordings.
func (s *Runs) Changes(ctx context.Context, f rejudge.ChangeFilter) ([]rejudge.Change, error) {
	var c conditions
	c.add("x.run_id = ?", f.Run)
	if f.Kind != "" {
		c.add("x.kind = ?", f.Kind)
	}
	if f.Fate != "" {
		c.add("x.fate = ?", f.Fate)
	}
	if f.After != "" {
		c.add("x.recording_id > ?", f.After)
	}
	found, err := list(ctx, s.r, scanRunChange, `SELECT x.recording_id, r.call_id, r.part, r.number, x.called_at,
			x.kind, x.fate, x.class, x.class_before, x.score, x.score_before, x.text, COALESCE(s.id, ''), COALESCE(s.verdict, ''),
			x.opened_at
		FROM run_changes x JOIN recordings r ON r.id = x.recording_id
		LEFT JOIN suspects s ON s.recording_id = x.recording_id AND (s.kind = '' OR s.kind = 'sample' AND s.verdict <> '')`+c.where()+
		` ORDER BY x.recording_id`+c.limit(f.Limit), c.args...)
	return found, wrap("list the changes of a run", err)
}

func scanRunChange(rw row) (rejudge.Change, error) {
	var x rejudge.Change
	var called int64
	var opened sql.NullInt64
	err := rw.Scan(&x.Recording, &x.CallID, &x.Part, digitsInto{&x.Number}, &called, &x.Kind,
		&x.Fate, &x.Class, &x.ClassBefore, &x.Score, &x.ScoreBefore, &x.Text, &x.Suspect, &x.Decided,
		&opened)
	x.Called, x.OpenedAt = fromMicros(called), fromOptional(opened)
	return x, err
}
