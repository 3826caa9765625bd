package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
)

// BeginNext marks that recording running whose turn it is, of those that the lane takes, and
// counts the attempt, in one transaction: of several that ask at once, each gets another one.
// A higher priority goes first; within it, sources take turns; of a source, the oldest goes
// first. What pauses after a failure is left out. NotFound where nothing is due.
func (s *Recordings) BeginNext(
	ctx context.Context, l recording.Lane,
) (recording.Recording, error) {
	var r recording.Recording
	if s.here.joined { // many ask at once for the same: who gets nothing need not have kept others from writing
		if _, _, err := whoseTurn(ctx, s.r, l); err != nil {
			return recording.Recording{}, err
		}
	}
	err := s.write(ctx, func(ctx context.Context, t *writeTx) error {
		if s.may != nil {
			if err := s.may(ctx, t); err != nil {
				return err
			}
		}
		old, err := t.next(ctx, l, s.columns)
		if err != nil {
			return err
		}
		if r, err = old.Begun(old.Attempts); err != nil {
			return err
		}
		if err := t.takeTurn(ctx, old); err != nil {
			return err
		}
		r, err = t.updateRecording(ctx, old, r)
		return err
	})
	if err != nil {
		return recording.Recording{}, err
	}
	return r, nil
}

// turns are the lanes' queries: which source of which priority has waited longest for its turn,
// and the oldest of its recordings. What is compared stands in them, and not beside: SQLite only
// then knows that an index for it will do.
var turns = map[recording.Lane]struct{ source, oldest string }{
	recording.AnyLane: {
		`SELECT priority, source FROM queues WHERE ready > 0 ORDER BY priority, turn LIMIT 1`,
		`WHERE state = 'queued' AND paused = 0 AND priority = $1 AND source = $2`,
	},
	recording.LiveLane: {
		`SELECT priority, source FROM queues WHERE ready > 0 AND priority = 0 ORDER BY turn LIMIT 1`,
		`WHERE state = 'queued' AND paused = 0 AND priority = $1 AND source = $2`,
	},
	recording.BriefLane: {
		`SELECT priority, source FROM queues WHERE ready > 0 AND priority = 0 AND brief > 0
			ORDER BY turn LIMIT 1`,
		`WHERE state = 'queued' AND paused = 0 AND priority = 0 AND length <= 120000000000
			AND $1 = 0 AND source = $2`,
	},
}

// The migration has the same bound.
var _ = [1]struct{}{}[recording.MostBrief-120_000_000_000]

// next reads the recording whose turn it is.
func (t *writeTx) next(ctx context.Context, l recording.Lane, columns string) (recording.Recording, error) {
	priority, source, err := whoseTurn(ctx, t, l)
	if err != nil {
		return recording.Recording{}, err
	}
	r, err := scanRecording(t.QueryRowContext(ctx, `SELECT `+columns+` FROM recordings `+
		turns[l].oldest+` ORDER BY created_at, id LIMIT 1`, priority, source))
	return r, wrap("choose whose turn it is", err)
}

// whoseTurn is which source's turn it is, of recordings of which priority. NotFound where nothing is due.
func whoseTurn(ctx context.Context, q querier, l recording.Lane) (p recording.Priority, source string, err error) {
	err = q.QueryRowContext(ctx, turns[l].source).Scan(&p, &source)
	if errors.Is(err, sql.ErrNoRows) {
		return p, "", &fault.Error{Op: "recording.Begin", Kind: fault.NotFound,
			Reason: "NOTHING_DUE", Message: "no recording is due"}
	}
	return p, source, wrap("choose whose turn it is", err)
}

// takeTurn puts the recording's source behind all others.
func (t *writeTx) takeTurn(ctx context.Context, r recording.Recording) error {
	return wrap("take a turn", exec(ctx, t, `UPDATE queues SET turn = (SELECT MAX(turn) + 1 FROM queues
		WHERE priority = $1 AND ready > 0) WHERE priority = $1 AND source = $2`, r.Priority, r.Source))
}

// EndPause has a queued recording that pauses after a failure wait for its turn from now on.
// attempt is how many it had when the pause was arranged; where it was tried since, nothing
// changes.
func (s *Recordings) EndPause(ctx context.Context, id recording.ID, attempt int) error {
	const paused = ` WHERE id = $1 AND attempts = $2 AND state = 'queued' AND paused = 1`
	var pauses bool
	err := s.r.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM recordings`+paused+`)`, id,
		attempt).Scan(&pauses)
	if err != nil || !pauses { // most don't, and need no transaction
		return wrap("look for a pause", err)
	}
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		return wrap("end a pause", exec(ctx, t, `UPDATE recordings SET paused = 0`+paused, id,
			attempt))
	})
}

// Paused lists the queued recordings that pause after a failure, the oldest first.
func (s *Recordings) Paused(ctx context.Context) ([]recording.Recording, error) {
	recs, err := list(ctx, s.r, scanRecording, `SELECT `+recordingColumns+
		` FROM recordings WHERE state = 'queued' AND paused = 1 ORDER BY created_at, id`)
	return recs, wrap("list recordings that pause", err)
}

// Kept tells whether there is a recording whose audio was not erased.
func (s *Recordings) Kept(ctx context.Context) (kept bool, err error) {
	err = s.r.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM recordings WHERE erased_at IS NULL)`).Scan(&kept)
	return kept, wrap("look for recordings", err)
}

// RequeueParked implements recording.ParkedStore.
func (s *Recordings) RequeueParked(
	ctx context.Context, f recording.ParkedFilter, limit int,
) (n int, last request.Cursor, err error) {
	err = s.write(ctx, func(ctx context.Context, t *writeTx) error {
		parked, err := list(ctx, t, scanRecording, `SELECT `+recordingColumns+` FROM recordings`+
			parkedConditions(&f)+` ORDER BY created_at, id LIMIT $6`,
			f.Reason, f.Source, micros(f.After.At), f.After.ID, f.Occasion, limit)
		if err != nil {
			return fmt.Errorf("list parked recordings: %w", err)
		}
		for _, old := range parked {
			if err := t.requeue(ctx, old, f.Occasion); err != nil {
				return err
			}
			last = request.Cursor{At: old.CreatedAt, ID: string(old.ID)}
		}
		n = len(parked)
		return nil
	})
	if err != nil {
		return 0, request.Cursor{}, err
	}
	return n, last, nil
}

// parkedConditions has placeholders for reason, source, where to go on, and occasion. Zero of f.After is
// put there for nil.
func parkedConditions(f *recording.ParkedFilter) string {
	if f.After == nil {
		f.After = &request.Cursor{}
	}
	return ` WHERE state = 'parked' AND ($1 = '' OR problem_reason = $1) AND ($2 = '' OR source = $2)
		AND (created_at, id) > ($3, $4) AND ($5 = '' OR taken_up <> $5)`
}

// requeue gives a parked recording another round of attempts, and notes the occasion, if there
// is one.
func (t *writeTx) requeue(ctx context.Context, old recording.Recording, occasion string) error {
	r, err := old.Retried()
	if err != nil {
		return err
	}
	if occasion != "" {
		err := exec(ctx, t, `UPDATE recordings SET taken_up = $1 WHERE id = $2`, occasion, old.ID)
		if err != nil {
			return fmt.Errorf("note that %s is taken up: %w", old.Name(), err)
		}
	}
	if r, err = t.updateRecording(ctx, old, r); err != nil {
		return err
	}
	return t.enqueue(ctx, r)
}

// Queue tells what waits, what is under way and what was given up. It reads counts, not
// recordings, however many wait.
func (s *Recordings) Queue(ctx context.Context) (recording.Queue, error) {
	q := recording.Queue{Parked: map[string]int{}}
	var err error
	if q.Waiting, err = s.Waiting(ctx); err != nil {
		return q, fmt.Errorf("read what waits: %w", err)
	}
	err = s.r.QueryRowContext(ctx, `SELECT COUNT(*) FROM recordings WHERE state = $1`,
		recording.Running).Scan(&q.Running)
	if err != nil {
		return q, fmt.Errorf("count what is under way: %w", err)
	}
	type parked struct {
		reason string
		n      int
	}
	err = each(ctx, s.r, func(rw row) (p parked, err error) { return p, rw.Scan(&p.reason, &p.n) },
		func(p parked) error { q.Parked[p.reason] = p.n; return nil },
		`SELECT problem_reason, COUNT(*) FROM recordings WHERE state = 'parked' GROUP BY problem_reason`)
	return q, wrap("count what was given up", err)
}

// Waiting tells what is queued, with an entry for each priority. It implements recording.Queues.
func (s *Recordings) Waiting(ctx context.Context) ([]recording.Waiting, error) {
	all := make([]recording.Waiting, len(recording.Priorities()))
	for i, p := range recording.Priorities() {
		all[i].Priority = p
	}
	scan := func(rw row) (w recording.Waiting, err error) {
		var oldest sql.NullInt64
		err = rw.Scan(&w.Priority, &w.Count, &w.Audio, &oldest)
		w.Oldest = fromOptional(oldest)
		return w, err
	}
	return all, each(ctx, s.r, scan, func(w recording.Waiting) error {
		if w.Priority.Valid() {
			all[w.Priority] = w
		}
		return nil
	}, `SELECT priority, SUM(waiting), SUM(length), (SELECT MIN(created_at) FROM recordings r
			WHERE r.state = 'queued' AND r.priority = queues.priority)
		FROM queues GROUP BY priority`)
}
