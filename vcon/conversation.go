package vcon

import (
	"io"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// Conversation is all that is known of a call. At least one of Call and Recordings is there.
type Conversation struct {
	CallID string
	// Call is its report, nil where none came.
	Call *calls.Call
	// Recordings are its parts, the oldest first.
	Recordings []Recorded
}

// Recorded is a recording with what was made of it. What isn't there yet is nil.
type Recorded struct {
	recording.Recording
	// CustomerSaid and AgentSaid are what was heard of the sides.
	CustomerSaid, AgentSaid *asr.Transcript

	Verdict *keywords.Verdict
	// Decisions are those on its suspect, the oldest first.
	Decisions []review.Decision
}

// Options say what of a conversation is told.
type Options struct {
	// FullNumbers tells numbers as they are; else they are masked, in the texts, too.
	FullNumbers bool
	// Audio gives a recording's file, which goes into the document; nil leaves the audio out, as that of
	// recordings whose audio was erased always is.
	Audio func(recording.ID) (io.ReadCloser, error)
	// Key keeps names of documents from giving away what they are made of.
	Key []byte
	// Version is that of the program.
	Version string
	Now     time.Time
}

// redaction names what of a conversation is left out, "" for nothing.
func (o Options) redaction(c Conversation) string {
	silent := o.Audio == nil || slices.ContainsFunc(c.Recordings, func(r Recorded) bool { return r.Erased() })
	switch {
	case !o.FullNumbers && silent:
		return "numbers,audio"
	case !o.FullNumbers:
		return "numbers"
	case silent:
		return "audio"
	}
	return ""
}

func (c Conversation) number() number.Number {
	if c.Call != nil {
		return c.Call.Number
	}
	return c.Recordings[0].Number
}

func (c Conversation) agent() string {
	if c.Call != nil && c.Call.Agent != "" {
		return c.Call.Agent
	}
	for _, r := range c.Recordings {
		if r.Agent != "" {
			return r.Agent
		}
	}
	return ""
}

// start is when the call began, known or not: a recording that nobody told a time of was over when
// it came.
func (c Conversation) start(r *recording.Recording) time.Time {
	switch {
	case r != nil && !r.StartedAt.IsZero():
		return r.StartedAt
	case c.Call != nil:
		return c.Call.Start
	}
	return r.CreatedAt.Add(-r.Audio.Duration())
}
