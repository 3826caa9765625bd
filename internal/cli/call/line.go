package call

import (
	"fmt"

	"github.com/refrain-asr/refrain/internal/cli/output"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Line is a call as JSON.
type Line struct {
	CallID   string  `json:"call_id"`
	Number   string  `json:"number"` // masked
	Agent    string  `json:"agent"`
	Line     string  `json:"line"`
	CallerID string  `json:"caller_id"`
	Start    *string `json:"start"`
	Outcome  string  `json:"outcome"`
	// Talk is null where nobody said how long an answered call was.
	Talk       *float64 `json:"talk_seconds"`
	EndedBy    *string  `json:"ended_by"`
	Code       string   `json:"code"`
	Revision   int64    `json:"revision"`
	Untrusted  bool     `json:"untrusted"`
	Virtual    bool     `json:"virtual,omitempty"`
	Status     *string  `json:"status,omitempty"`
	Freezes    []string `json:"freezes,omitempty"`
	Recordings []string `json:"recordings,omitempty"`
	// Defects are what is wrong with its recordings.
	Defects []string `json:"defects,omitempty"`
	// AnsweredBy is who or what answered, for each of the recordings; "" where it isn't known.
	AnsweredBy []string `json:"answered_by,omitempty"`
}

func newLine(c *pb.Call) Line {
	l := Line{
		CallID: c.GetCallId(), Number: c.GetMaskedNumber(), Agent: c.GetAgent(), Line: c.GetLine(),
		CallerID: c.GetCallerId(),
		Start:    output.JSONTime(c.GetStartTime()), Outcome: outcomeName(c),
		Talk: talkSeconds(c), Code: c.GetCode(),
		Revision: c.GetRevision(), Untrusted: c.GetUntrusted(),
		Virtual: c.GetVirtual(),
	}
	if c.GetEndedBy() != 0 {
		l.EndedBy = output.OrNull(output.EnumName(c.GetEndedBy(), "PARTY_"))
	}
	return l
}

// outcomeName is "reserved" for a call that was not reported yet.
func outcomeName(c *pb.Call) string {
	if c.GetOutcome() == pb.Outcome_OUTCOME_UNSPECIFIED {
		return "reserved"
	}
	return output.EnumName(c.GetOutcome(), "OUTCOME_")
}

// talkSeconds is nil where nobody said how long an answered call was.
func talkSeconds(c *pb.Call) *float64 {
	if talkUnknown(c) {
		return nil
	}
	s := output.Seconds(c.GetTalk().AsDuration())
	return &s
}

// talkUnknown tells of a call that nobody said how long both sides were connected.
func talkUnknown(c *pb.Call) bool {
	answered := c.GetOutcome() == pb.Outcome_OUTCOME_ANSWERED ||
		c.GetOutcome() == pb.Outcome_OUTCOME_VOICEMAIL
	return answered && c.GetTalk() == nil
}

// talkText is "-" where a call must have a talk time and it isn't known.
func talkText(c *pb.Call) string {
	switch {
	case talkUnknown(c):
		return "-"
	case c.GetTalk() == nil:
		return ""
	}
	return fmt.Sprintf("%g s", output.Rounded(c.GetTalk().AsDuration().Seconds(), 1))
}
