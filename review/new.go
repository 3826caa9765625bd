package review

import (
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
)

// Heard is the recording that a suspect is made of.
type Heard struct {
	RecordingID, CallID, Part string
	Number                    number.Number
	Agent                     string
	// Called is when the call began. It matters where the recording is Archived.
	Called time.Time
	// Archived says that the call was judged long after it, such as from a backlog or by a later
	// lexicon: what a reviewer confirms then counts from the call, not from the decision.
	Archived bool
}

// freezeFrom is when what is confirmed counts from, zero for the decision.
func (h Heard) freezeFrom() time.Time {
	if !h.Archived {
		return time.Time{}
	}
	return h.Called.UTC().Truncate(time.Microsecond)
}

// NewSuspect makes a suspect of a recording whose verdict says that the customer refused; ok is
// false where it does not.
func NewSuspect(of Heard, v keywords.Verdict, now time.Time) (s Suspect, ok bool) {
	if !v.Suspect {
		return Suspect{}, false
	}
	return newSuspect(of, v, now), true
}

func newSuspect(of Heard, v keywords.Verdict, now time.Time) Suspect {
	now = now.UTC().Truncate(time.Microsecond)
	return Suspect{
		ID: ID(ulid.MustNewDefault(now).String()), RecordingID: of.RecordingID, CallID: of.CallID,
		Part: of.Part, Number: of.Number,
		Agent: of.Agent, Hits: v.Hits, Score: v.Score, Class: Strongest(v.Hits), Lexicon: v.Lexicon,
		Round: 1, FreezeFrom: of.freezeFrom(), CreatedAt: now,
		UpdatedAt: now, Revision: 1,
	}
}

// Judgement is what the lexicon found in a recording.
type Judgement struct {
	RecordingID string
	Verdict     keywords.Verdict
	// SuspectID is "" where the recording made no suspect.
	SuspectID ID
}
