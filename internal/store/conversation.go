package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/vcon"
)

// Conversations reads all that is known of calls. It implements vcon.Source.
type Conversations struct{ *engine }

// Conversation implements vcon.Source.
func (s *Conversations) Conversation(
	ctx context.Context, callID string, lines []string,
) (vcon.Conversation, error) {
	c := vcon.Conversation{CallID: callID}
	others := func(line string) bool { return len(lines) > 0 && !slices.Contains(lines, line) }
	call, err := scanCall(s.r.QueryRowContext(ctx, `SELECT `+callColumns+` FROM calls c WHERE c.call_id = $1`,
		callID))
	switch {
	case err == nil && call.Outcome != calls.Pending && !others(call.Line):
		c.Call = &call
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return c, wrap("read calls/"+callID, err)
	}
	parts, err := list(ctx, s.r, scanRecording, `SELECT `+recordingColumns+
		` FROM recordings WHERE call_id = $1 ORDER BY created_at, id`, callID)
	if err != nil {
		return c, wrap("read the recordings of calls/"+callID, err)
	}
	parts = slices.DeleteFunc(parts, func(r recording.Recording) bool { return others(r.Line) })
	if c.Call == nil && len(parts) == 0 {
		return c, notFound(sql.ErrNoRows, "calls/"+callID)
	}
	for _, part := range parts {
		r, err := s.recorded(ctx, part)
		if err != nil {
			return c, err
		}
		c.Recordings = append(c.Recordings, r)
	}
	return c, nil
}

// recorded reads what was made of a recording, as far as it was.
func (s *Conversations) recorded(
	ctx context.Context, part recording.Recording,
) (r vcon.Recorded, err error) {
	r.Recording = part
	transcripts := Transcripts(*s)
	for side, into := range map[asr.Side]**asr.Transcript{
		asr.Customer: &r.CustomerSaid, asr.Agent: &r.AgentSaid,
	} {
		t, err := transcripts.Get(ctx, part.ID, side)
		if found, err := there(err); err != nil {
			return r, err
		} else if found {
			*into = &t
		}
	}
	v, id, err := transcripts.Judgement(ctx, part.ID)
	judged, err := there(err)
	if !judged || err != nil {
		return r, err
	}
	r.Verdict = &v
	if id != "" {
		r.Decisions, err = (&Suspects{s.engine}).Decisions(ctx, id)
	}
	return r, err
}

// there tells what was found from what wasn't, which is no error.
func there(err error) (bool, error) {
	if fault.KindOf(err) == fault.NotFound {
		return false, nil
	}
	return err == nil, err
}

// conversationPage is how many calls are looked up at once.
const conversationPage = 500

// EachCall implements vcon.Source: the recorded calls first, each in the order of their ids.
func (s *Conversations) EachCall(
	ctx context.Context, f vcon.Filter, visit func(string) error,
) error {
	err := s.eachCall(ctx, visit, func(c *conditions) string { return recordedCalls(f, c) })
	if err != nil || !f.Unrecorded || f.Suspects {
		return err
	}
	return s.eachCall(ctx, visit, func(c *conditions) string { return unrecordedCalls(f, c) })
}

// eachCall goes through the ids that a query gives, a page at a time.
func (s *Conversations) eachCall(
	ctx context.Context, visit func(string) error, query func(*conditions) string,
) error {
	for after := ""; ; {
		var c conditions
		c.add("c.call_id > ?", after)
		text := query(&c)
		ids, err := list(ctx, s.r, scanText, text+c.where()+" ORDER BY c.call_id"+c.limit(conversationPage),
			c.args...)
		if err != nil {
			return wrap("list calls", err)
		}
		for _, id := range ids {
			if err := visit(id); err != nil {
				return err
			}
		}
		if len(ids) < conversationPage {
			return nil
		}
		after = ids[len(ids)-1]
	}
}

// recordedCalls go by the call's report where there is one.
func recordedCalls(f vcon.Filter, c *conditions) string {
	c.during("COALESCE(k.start_at, c.started_at, c.created_at)", f.From, f.Until)
	if f.Agent != "" {
		c.add("COALESCE(NULLIF(k.agent, ''), c.agent) = ?", f.Agent)
	}
	if f.Line != "" {
		c.add("COALESCE(NULLIF(c.line, ''), k.line) = ?", f.Line)
	}
	if f.Suspects {
		c.parts = append(c.parts, "EXISTS (SELECT 1 FROM suspects s WHERE s.recording_id = c.id AND s.kind = '')")
	}
	return "SELECT DISTINCT c.call_id FROM recordings c LEFT JOIN calls k ON k.call_id = c.call_id"
}

func unrecordedCalls(f vcon.Filter, c *conditions) string {
	c.add("c.outcome <> ?", calls.Pending)
	c.during("c.start_at", f.From, f.Until)
	for _, text := range []struct{ column, value string }{{"c.agent", f.Agent}, {"c.line", f.Line}} {
		if text.value != "" {
			c.add(text.column+" = ?", text.value)
		}
	}
	c.parts = append(c.parts,
		"NOT EXISTS (SELECT 1 FROM recordings r WHERE r.call_id = c.call_id)")
	return "SELECT c.call_id FROM calls c"
}

var _ vcon.Source = (*Conversations)(nil)
