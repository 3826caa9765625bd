package vcon

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/calls"
)

// build tells of a conversation. The audio is left to Write.
func build(c Conversation, o Options) Document {
	d := Document{Syntax: "0.4.0", UUID: o.name(c, o.redaction(c)), CreatedAt: o.Now.UTC(), Parties: parties(c, o)}
	if left := o.redaction(c); left != "" {
		d.Redacted = &Redacted{UUID: o.name(c, ""), Type: left}
	}
	d.Subject = "call " + o.text(c, c.CallID)
	for i := range c.Recordings {
		d.Dialog = append(d.Dialog, recorded(c, &c.Recordings[i]))
		d.Analysis = append(d.Analysis, analyses(c, i, o)...)
	}
	if len(c.Recordings) == 0 {
		d.Dialog = []Dialog{unrecorded(c)}
	}
	if c.Call != nil {
		d.Analysis = append(d.Analysis, report(c, d.Dialog, o))
	}
	if d.Analysis == nil {
		d.Analysis = []Analysis{}
	}
	return d
}

// name is the document's UUID: the same for the same call whenever it is told of, and another for
// each form. Version 8, as the draft asks for.
func (o Options) name(c Conversation, redaction string) uuid.UUID {
	of := fmt.Sprintf("refrain/%s/%s/%s", c.CallID, first(c), redaction)
	return uuid.NewHash(hmac.New(sha256.New, o.Key), uuid.NameSpaceURL, []byte(of), 8)
}

// first tells calls of equal ids in different places apart.
func first(c Conversation) string {
	if len(c.Recordings) > 0 {
		return string(c.Recordings[0].ID)
	}
	return c.Call.Start.UTC().Format(time.RFC3339Nano)
}

func parties(c Conversation, o Options) []Party {
	agent, customer := Party{Type: "person"}, Party{Type: "person", Tel: o.tel(c.number())}
	if name := o.text(c, c.agent()); name != "" {
		agent.Name, agent.UUID, agent.Validation = name, name, "none"
	}
	if c.Call != nil && c.Call.CallerID != "" {
		agent.Tel = o.callerID(c.Call.CallerID)
	}
	return []Party{agent, customer}
}

func recorded(c Conversation, r *Recorded) Dialog {
	duration := seconds(r.Audio.Duration())
	d := Dialog{Type: Taped, Start: c.start(&r.Recording).UTC(), Duration: &duration}
	switch r.CustomerChannel {
	case audio.Left:
		d.Parties, d.Originator = []int{customer, agent}, new(int)
	case audio.Right:
		d.Parties = []int{agent, customer}
	default:
		d.Parties, d.Originator = customer, new(int)
	}
	return d
}

// dispositions are the draft's words for calls that came to no conversation (section 4.3.11).
var dispositions = map[calls.Outcome]string{
	calls.NoAnswer: "no-answer", calls.Busy: "busy", calls.Rejected: "hung-up",
	calls.Voicemail: "voicemail-no-message", calls.Unreachable: "failed",
	calls.Cancelled: "hung-up", calls.Failed: "failed", calls.InvalidNumber: "failed",
	calls.Pending: "failed",
}

// unrecorded is a call of which there is no recording.
func unrecorded(c Conversation) Dialog {
	d := Dialog{Type: Incomplete, Start: c.Call.Start.UTC(), Parties: []int{agent, customer},
		Disposition: dispositions[c.Call.Outcome]}
	if c.Call.Outcome == calls.Answered {
		d.Type = Taped
	}
	return d
}
