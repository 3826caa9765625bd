package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
)

const recordingColumns = `id, call_id, part, number, agent, source, customer_channel, started_at, answer_offset, audio,
	sha256, size, state, problem_reason, problem_message, attempts, deaths, created_at, updated_at, revision, defects,
	replaced, virtual, priority, ` + lineOfRecording + `,
	COALESCE((SELECT c.talk FROM calls c WHERE c.call_id = recordings.call_id), 0), erased_at`

// lineOfRecording is what its sender said, or else what the call's report says, whenever that came.
const lineOfRecording = `COALESCE(NULLIF(recordings.line, ''),
	(SELECT c.line FROM calls c WHERE c.call_id = recordings.call_id), '')`

// blindColumns are the columns of recordings of which whoever reads them learns neither whose call it was nor who
// made it.
const blindColumns = `id, '' AS call_id, '' AS part, CAST(NULL AS BIGINT) AS number, '' AS agent, source, customer_channel, started_at, answer_offset, audio,
	sha256, size, state, problem_reason, problem_message, attempts, deaths, created_at, updated_at, revision, defects,
	replaced, virtual, priority, '' AS line, 0 AS talk, erased_at`

func scanRecording(rw row) (recording.Recording, error) {
	var (
		r                recording.Recording
		p                recording.Problem
		started, erased  sql.NullInt64
		offset, talk     int64
		created, updated int64
		defects          string
	)
	err := rw.Scan(&r.ID, &r.CallID, &r.Part, digitsInto{&r.Number}, &r.Agent, &r.Source,
		&r.CustomerChannel, &started, &offset,
		jsonInto{&r.Audio}, &r.SHA256, &r.Size, &r.State, &p.Reason, &p.Message, &r.Attempts,
		&r.Deaths, &created, &updated, &r.Revision, &defects, &r.Replaced, &r.Virtual, &r.Priority,
		&r.Line, &talk, &erased)
	if err == nil {
		r.Heard, err = recording.ParseDefects(defects)
	}
	r.Talk, r.ErasedAt = time.Duration(talk), fromOptional(erased)
	r.StartedAt, r.AnswerOffset = fromOptional(started), time.Duration(offset)
	r.CreatedAt, r.UpdatedAt = fromMicros(created), fromMicros(updated)
	if p != (recording.Problem{}) {
		r.Problem = &p
	}
	return r, err
}

// Recordings is the store of recordings and how far they have come. It implements
// recording.Store.
type Recordings struct {
	*engine

	// columns are what is read of recordings that are begun, or whose attempt ends.
	columns string
	// may is asked before a recording is begun; nil for always.
	may func(context.Context, querier) error
}

func newRecordings(e *engine) *Recordings { return &Recordings{engine: e, columns: recordingColumns} }

// CreateRecording implements recording.Store.
func (s *Recordings) CreateRecording(
	ctx context.Context, r recording.Recording,
) (recording.Recording, bool, error) {
	var kept recording.Recording
	created := false
	err := s.write(ctx, func(ctx context.Context, t *writeTx) error {
		gone, err := t.goneBefore(ctx, r)
		if err != nil || gone != nil {
			kept = deref(gone)
			return err
		}
		if err := t.checkLinesOf(ctx, r); err != nil {
			return err
		}
		if created, err = insertRecording(ctx, t, r); err != nil {
			return fmt.Errorf("add %s: %w", r.Name(), err)
		}
		if kept, err = recordingByCall(ctx, t, r.CallID, r.Part); err != nil || !created {
			return err
		}
		t.changedRecording(kept.ID)
		return t.enqueue(ctx, kept)
	})
	if err != nil {
		return recording.Recording{}, false, err
	}
	return kept, created, nil
}

// goneBefore is what is known of a recording that was erased, or that comes late: of a call that was, or of one
// that began before the person was. It is nil where it is to be kept. A recording that doesn't say when its call
// began is kept.
func (t *writeTx) goneBefore(ctx context.Context, r recording.Recording) (*recording.Recording, error) {
	gone, err := goneRecording(ctx, t, t.e.o.Keys, r.CallID, r.Part)
	if gone != nil || err != nil || r.StartedAt.IsZero() {
		return gone, err
	}
	erased, err := t.ErasedAt(ctx, []number.Number{r.Number})
	if at := erased[r.Number]; err == nil && r.StartedAt.Before(at) {
		gone = &recording.Recording{CallID: r.CallID, Part: r.Part, ErasedAt: at}
	}
	return gone, err
}

// checkLinesOf refuses another part of a call where its report, or a part that is there, is of a line that whoever
// sends it may not ask about. For all others a call's parts may well be of several lines: it was transferred.
func (t *writeTx) checkLinesOf(ctx context.Context, r recording.Recording) error {
	if len(request.Lines(ctx)) == 0 {
		return nil
	}
	lines, err := list(ctx, t, scanText, `SELECT line FROM calls WHERE call_id = $1 UNION SELECT `+lineOfRecording+
		` FROM recordings WHERE call_id = $1 AND part <> $2 AND (line <> '' OR erased_at IS NULL)`, r.CallID, r.Part)
	if err != nil {
		return fmt.Errorf("look for other parts of a call: %w", err)
	}
	for _, line := range lines {
		if err := request.CheckLine(ctx, "recording.Upload", "calls/"+r.CallID, line); err != nil {
			return err
		}
	}
	return nil
}

func (t *writeTx) changedRecording(id recording.ID) {
	t.changed(feed.Change{Kind: feed.Recording, ID: string(id)})
}

func insertRecording(
	ctx context.Context, q querier, r recording.Recording,
) (created bool, err error) {
	audio, err := toJSON(r.Audio)
	if err != nil {
		return false, err
	}
	n,
		err := changed(ctx, q,
		`INSERT INTO recordings (id, call_id, part, number, agent, source, customer_channel, started_at, answer_offset,
			audio, sha256, size, state, attempts, deaths, created_at, updated_at, priority, line, length, virtual, revision)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, 1)
		ON CONFLICT (call_id, part) DO NOTHING`,
		r.ID, r.CallID, r.Part, r.Number.Digits(), r.Agent, r.Source, r.CustomerChannel,
		optionalMicros(r.StartedAt), int64(r.AnswerOffset),
		audio, r.SHA256, r.Size, r.State, r.Attempts, r.Deaths, micros(r.CreatedAt),
		micros(r.UpdatedAt), r.Priority, r.Line, lengthOf(r), flag(r.Virtual))
	return n == 1, err
}

// lengthOf is how long the audio is; 0 where nothing is known of it.
func lengthOf(r recording.Recording) int64 {
	if r.Audio.Rate == 0 {
		return 0
	}
	return int64(r.Audio.Duration())
}

// RecordingByCall implements recording.Store.
func (s *Recordings) RecordingByCall(
	ctx context.Context, callID, part string,
) (recording.Recording, error) {
	r, err := recordingByCall(ctx, s.r, callID, part)
	if fault.KindOf(err) != fault.NotFound {
		return r, err
	}
	gone, look := goneRecording(ctx, s.r, s.o.Keys, callID, part)
	if look != nil || gone == nil {
		return r, errors.Join(look, err)
	}
	return *gone, nil
}

// goneRecording is what is known of a recording that was erased, or that lost its name, in which an erased
// number stood, and is kept under another; nil where there is none. Where its call alone is known to be
// erased, nobody knows it by an id.
func goneRecording(
	ctx context.Context, q querier, keys freeze.Keys, callID, part string,
) (*recording.Recording, error) {
	for _, name := range append(keys.CallMACs(callID, goneRecordings+part), keys.CallMACs(callID, "")...) {
		r := recording.Recording{CallID: callID, Part: part}
		var at int64
		err := q.QueryRowContext(ctx, `SELECT id, at FROM gone WHERE name = $1`, name[:goneName]).Scan(&r.ID, &at)
		if err == nil {
			kept, err := readRecording(ctx, q, r.ID)
			if fault.KindOf(err) == fault.NotFound {
				r.ErasedAt = fromMicros(at)
				return &r, nil
			}
			return &kept, err
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("look for what was erased: %w", err)
		}
	}
	return nil, nil //nolint:nilnil // it was not
}

func deref(r *recording.Recording) recording.Recording {
	if r == nil {
		return recording.Recording{}
	}
	return *r
}

func recordingByCall(
	ctx context.Context, q querier, callID, part string,
) (recording.Recording, error) {
	r, err := scanRecording(q.QueryRowContext(ctx, `SELECT `+recordingColumns+
		` FROM recordings WHERE call_id = $1 AND part = $2`, callID, part))
	return r, missing(err, fmt.Sprintf("call %q, part %q", callID, part),
		"there is no recording of it")
}

// Get reads a recording. NotFound where there is none.
func (s *Recordings) Get(ctx context.Context, id recording.ID) (recording.Recording, error) {
	return readRecording(ctx, s.r, id)
}

func readRecording(ctx context.Context, q querier, id recording.ID) (recording.Recording, error) {
	return readColumns(ctx, q, recordingColumns, id)
}

func readColumns(ctx context.Context, q querier, columns string, id recording.ID) (recording.Recording, error) {
	r, err := scanRecording(q.QueryRowContext(ctx, `SELECT `+columns+
		` FROM recordings WHERE id = $1`, id))
	return r, notFound(err, recording.Recording{ID: id}.Name())
}

// List lists recordings, the newest first.
func (s *Recordings) List(ctx context.Context, f recording.Filter) ([]recording.Recording, error) {
	var c conditions
	for _, text := range []struct{ column, value string }{{"state", string(f.State)},
		{"call_id", f.CallID}, {"source", f.Source}, {"problem_reason", f.Reason},
		{lineOfRecording, f.Line}} {
		if text.value != "" {
			c.add(text.column+" = ?", text.value)
		}
	}
	if f.Priority != nil {
		c.add("priority = ?", *f.Priority)
	}
	if f.Before != nil {
		c.add("(created_at, id) < (?, ?)", micros(f.Before.At), f.Before.ID)
	}
	query := `SELECT ` + recordingColumns + ` FROM recordings` + c.where() +
		` ORDER BY created_at DESC, id DESC` + c.limit(f.Limit)
	recs, err := list(ctx, s.r, scanRecording, query, c.args...)
	return recs, wrap("list recordings", err)
}

// Known tells which of the ids belong to recordings.
func (s *Recordings) Known(ctx context.Context, ids []recording.ID) (map[recording.ID]bool, error) {
	known := make(map[recording.ID]bool, len(ids))
	for some := range inSizes(texts(ids)) {
		var c conditions
		c.addIn("id", some)
		err := each(ctx, s.r, scanID, func(id recording.ID) error { known[id] = true; return nil },
			`SELECT id FROM recordings`+c.where(), c.args...)
		if err != nil {
			return nil, fmt.Errorf("look up recordings: %w", err)
		}
	}
	return known, nil
}

func scanID(rw row) (recording.ID, error) {
	var id recording.ID
	err := rw.Scan(&id)
	return id, err
}

// EachJudged visits what was judged since then, in order of time: its source and what is
// wrong with it, of recordings that came since then. It stops where visit fails, whose error
// is returned.
func (s *Recordings) EachJudged(
	ctx context.Context, since time.Time,
	visit func(source string, d recording.Defects, at time.Time) error,
) error {
	type row3 struct {
		source, defects string
		at              int64
	}
	scan := func(rw row) (row3, error) {
		var r row3
		err := rw.Scan(&r.source, &r.defects, &r.at)
		return r, err
	}
	return wrap("read what was judged", each(ctx, s.r, scan, func(r row3) error {
		d, err := recording.ParseDefects(r.defects)
		if err != nil {
			return err
		}
		return visit(r.source, d, fromMicros(r.at))
	}, `SELECT source, defects, updated_at FROM recordings WHERE created_at >= $1 AND state = $2
		ORDER BY updated_at, id`, micros(since), recording.Done))
}

const audioSize = `SELECT COALESCE(SUM(size), 0) FROM recordings WHERE erased_at IS NULL`

// AudioSize is how large the recordings are together that are kept, in bytes: an index has that.
func (s *Recordings) AudioSize(ctx context.Context) (size int64, err error) {
	err = s.r.QueryRowContext(ctx, audioSize).Scan(&size)
	return size, wrap("add up the recordings' sizes", err)
}
