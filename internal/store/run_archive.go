package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/goccy/go-json"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/rejudge"
	"github.com/refrain-asr/refrain/review"
)

// fromArchive are the recordings that were judged, with what is known of their calls and what
// became of them.
const fromArchive = ` FROM judgements j JOIN recordings r ON r.id = j.recording_id
	LEFT JOIN calls c ON c.call_id = r.call_id
	LEFT JOIN suspects s ON s.recording_id = j.recording_id AND s.kind <> 'second'`

// calledAt is when a recording's call began, as far as anybody said. Where recorder and dialler differ, the
// later counts: a clock that runs behind must not end a freeze before it began.
const calledAt = `CASE WHEN r.started_at > c.start_at THEN r.started_at ELSE COALESCE(c.start_at, r.started_at, r.created_at) END`

// withTranscript leaves out what can't be judged again, since what was heard is gone.
const withTranscript = `
	JOIN transcripts t ON t.recording_id = j.recording_id AND t.side = j.side AND t.settings_key = j.settings_key`

// selectPast selects what scanPast reads.
const selectPast = `SELECT j.recording_id, r.call_id, r.part, r.number, r.agent, ` + calledAt + `, r.answer_offset, j.revision,
		COALESCE(s.verdict, ''), COALESCE(s.kind, '') = 'sample',
		CASE WHEN s.kind = '' OR s.verdict <> '' THEN s.id ELSE '' END, j.verdict, t.transcript, a.transcript` + fromArchive +
	withTranscript + `
	LEFT JOIN transcripts a ON a.recording_id = j.recording_id AND a.side = 'agent' AND a.settings_key = j.settings_key`

func selectionConditions(s rejudge.Selection) conditions {
	var c conditions
	c.during(calledAt, s.Since, s.Until)
	for _, text := range []struct{ column, value string }{{"r.agent", s.Agent}, {"COALESCE(NULLIF(r.line, ''), c.line, '')", s.Line},
		{"r.source", s.Source}, {"s.class", string(s.Class)}} {
		if text.value != "" {
			c.add(text.column+" = ?", text.value)
		}
	}
	if s.Lexicon != "" { // an ID is the author's version and a checksum
		c.add("(j.lexicon = ? OR SUBSTR(j.lexicon, 1, LENGTH(?) + 1) = ?)", s.Lexicon, s.Lexicon, s.Lexicon+"+")
	}
	switch s.Suspect {
	case rejudge.None:
		c.parts = append(c.parts, "(s.id IS NULL OR s.kind = 'sample' AND s.verdict = '')")
	case rejudge.Undecided:
		c.parts = append(c.parts, "s.verdict = '' AND s.kind = ''")
	case rejudge.Confirmed, rejudge.Dismissed:
		c.add("s.verdict = ?", string(s.Suspect))
	}
	return c
}

// Survey implements rejudge.Archive.
func (s *Runs) Survey(ctx context.Context, of rejudge.Selection) (rejudge.Survey, error) {
	var found rejudge.Survey
	c := selectionConditions(of)
	err := s.r.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(MAX(j.recording_id), '')`+fromArchive+withTranscript+c.where(),
		c.args...).Scan(&found.Total, &found.Last)
	return found, wrap("count what is to be judged again", err)
}

// Portion implements rejudge.Archive.
func (s *Runs) Portion(
	ctx context.Context, of rejudge.Selection, after, last recording.ID, limit int,
) ([]rejudge.Past, error) {
	c := selectionConditions(of)
	c.add("j.recording_id > ?", after)
	c.add("j.recording_id <= ?", last)
	past, err := list(ctx, s.r, scanPast, selectPast+c.where()+` ORDER BY j.recording_id`+c.limit(limit), c.args...)
	return past, wrap("read what is to be judged again", err)
}

// Newest implements rejudge.Archive.
func (s *Runs) Newest(ctx context.Context, of rejudge.Selection, limit int) ([]rejudge.Past, error) {
	c := selectionConditions(of)
	past, err := list(ctx, s.r, scanPast, selectPast+c.where()+` ORDER BY j.recording_id DESC`+c.limit(limit), c.args...)
	return past, wrap("read the newest recordings", err)
}

// stored is what was kept of a recording: JSON.
type stored struct {
	verdict, customer string
	agent             sql.NullString
}

func scanPast(rw row) (rejudge.Past, error) {
	p := rejudge.Past{Of: review.Heard{Archived: true}}
	var kept stored
	var called, offset int64
	err := rw.Scan(&p.Of.RecordingID, &p.Of.CallID, &p.Of.Part, digitsInto{&p.Of.Number}, &p.Of.Agent,
		&called, &offset, &p.Revision, &p.Decided, &p.Sample, &p.Suspect, &kept.verdict, &kept.customer, &kept.agent)
	p.Of.Called, p.AnswerOffset, p.Read = fromMicros(called), time.Duration(offset), kept.read
	return p, err
}

// read reads what was heard and judged. That is most of the work of a portion, so it is left to
// those who judge it, side by side.
func (s stored) read() (rejudge.Reading, error) {
	var r rejudge.Reading
	if err := json.Unmarshal([]byte(s.verdict), &r.Verdict); err != nil {
		return r, fmt.Errorf("its verdict can't be read: %w", err)
	}
	if err := readTranscript(s.customer, &r.Customer); err != nil || !s.agent.Valid {
		return r, err
	}
	return r, readTranscript(s.agent.String, &r.Agent)
}

func readTranscript(text string, t *asr.Transcript) error {
	if err := json.Unmarshal([]byte(text), t); err != nil {
		return fmt.Errorf("its transcript can't be read: %w", err)
	}
	return nil
}
