package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// Hearing is what a worker heard in a recording, which a server has to judge.
type Hearing struct {
	// Of is the recording as it is now.
	Of recording.Recording
	// Heard are the transcripts of its tracks, the customer's among them.
	Heard []asr.Transcript
	// Took is how long that took.
	Took time.Duration
	// Err is why it can't be read; nil where it can.
	Err error

	holder  int64
	attempt int
}

// Hears is what workers must be that hear for an installation: what one program and model heard the next one may
// not read, or would not have heard.
type Hears struct {
	// Version is the program's, Model its model's: the file's SHA-256, or the name by which a speech server knows it.
	Version string `json:"version"`
	Model   string `json:"model"`
}

// String is for logs and faults.
func (h Hears) String() string { return fmt.Sprintf("model %s, version %s", h.Model, h.Version) }

// Want writes down what workers must be. It does nothing where it stands there already.
func (e *engine) Want(ctx context.Context, h Hears) error {
	text, err := toJSON(h)
	if err != nil {
		return err
	}
	var is string
	if err := e.r.QueryRowContext(ctx, `SELECT hears FROM directory`).Scan(&is); err != nil || is == text {
		return wrap("read what workers must be", err)
	}
	return e.inTx(ctx, func(ctx context.Context, tx Tx) error {
		return wrap("write down what workers must be", exec(ctx, tx, `UPDATE directory SET hears = $1`, text))
	})
}

// Wanted is what workers must be; the zero Hears where no server said it yet.
func (e *engine) Wanted(ctx context.Context) (Hears, error) { return wanted(ctx, e.r) }

func wanted(ctx context.Context, q querier) (h Hears, err error) {
	var text string
	err = q.QueryRowContext(ctx, `SELECT hears FROM directory`).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) || err == nil && text == "" {
		return h, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &h)
	}
	return h, wrap("read what workers must be", err)
}

// handOver stores what was heard in a recording that this worker is at, for a server to judge.
func (t *writeTx) handOver(ctx context.Context, r recording.Recording, heard []asr.Transcript) error {
	if err := t.stillAt(ctx, r); err != nil {
		return err
	}
	holder, err := t.e.holder()
	if err != nil {
		return err
	}
	text, err := toJSON(heard)
	if err != nil {
		return err
	}
	t.changedRecording(r.ID)
	// Two statements: an upsert would need the right to read what others heard.
	args := []any{r.ID, holder, r.Attempts, text, micros(t.e.now())}
	former, err := changed(ctx, t, `UPDATE hearings SET holder = $2, attempt = $3, heard = $4, made_at = $5
		WHERE recording_id = $1`, args...)
	if err == nil && former == 0 {
		err = exec(ctx, t, `INSERT INTO hearings (recording_id, holder, attempt, heard, made_at) VALUES ($1, $2, $3, $4, $5)`, args...)
	}
	return wrap("hand over what was heard in "+r.Name(), err)
}

// Hearings lists what workers heard and nobody judged yet, up to limit, the oldest first.
func (s *Transcripts) Hearings(ctx context.Context, limit int) ([]Hearing, error) {
	type handed struct {
		Hearing

		id   recording.ID
		made int64
	}
	var found []handed
	err := each(ctx, s.r, func(rw row) (h handed, err error) {
		var heard string
		err = rw.Scan(&h.id, &h.holder, &h.attempt, &heard, &h.made)
		if err == nil {
			h.Err = json.Unmarshal([]byte(heard), &h.Heard)
		}
		return h, err
	}, func(h handed) error { found = append(found, h); return nil },
		`SELECT recording_id, holder, attempt, heard, made_at FROM hearings ORDER BY made_at, recording_id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("look for what workers heard: %w", err)
	}
	out := make([]Hearing, len(found))
	for i, h := range found {
		if h.Of, err = readRecording(ctx, s.r, h.id); err != nil {
			return nil, err
		}
		h.Took = max(0, fromMicros(h.made).Sub(h.Of.UpdatedAt))
		out[i] = h.Hearing
	}
	return out, nil
}

// Judged is Finish of what a worker heard. Where the recording isn't the worker's any more, since it was taken from
// it, or its audio is another by now, what was heard is dropped, and kept is false; so it is where another server was
// faster.
func (s *Transcripts) Judged(
	ctx context.Context, h Hearing, v keywords.Verdict, x *review.Suspect, defects recording.Defects,
) (kept bool, err error) {
	err = s.write(ctx, func(ctx context.Context, t *writeTx) error {
		r, current, err := t.takeHearing(ctx, h)
		if err != nil || !current {
			return err
		}
		kept = true
		return t.conclude(ctx, r, h.Heard, v, x, defects)
	})
	return kept && err == nil, err
}

// Unreadable takes back a recording of which what a worker heard can't be read.
func (s *Transcripts) Unreadable(ctx context.Context, h Hearing, p recording.Problem) error {
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		old, current, err := t.takeHearing(ctx, h)
		if err != nil || !current {
			return err
		}
		r, err := t.updateRecording(ctx, old, old.Failed(p, false))
		if err != nil {
			return err
		}
		return t.enqueue(ctx, r)
	})
}

// takeHearing removes what a worker heard, and tells whether it is of the attempt that is under way.
func (t *writeTx) takeHearing(ctx context.Context, h Hearing) (r recording.Recording, current bool, err error) {
	gone, err := changed(ctx, t, `DELETE FROM hearings WHERE recording_id = $1 AND holder = $2 AND attempt = $3`,
		h.Of.ID, h.holder, h.attempt)
	if err != nil || gone == 0 {
		return r, false, wrap("take what a worker heard", err)
	}
	if r, err = readRecording(ctx, t, h.Of.ID); err != nil {
		return r, false, err
	}
	if err = t.held(ctx, r, &h.holder); fault.ReasonOf(err) == TakenReason {
		return r, false, nil
	}
	return r, err == nil && r.State == recording.Running && r.Attempts == h.attempt, err
}
