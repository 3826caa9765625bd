package freeze

import (
	"github.com/refrain-asr/refrain/internal/cli/output"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Line is a freeze in JSON.
type Line struct {
	Freeze    string          `json:"freeze"`
	Number    string          `json:"number"` // masked
	Active    bool            `json:"active"`
	Reason    string          `json:"reason"`
	Class     string          `json:"class"`
	From      *string         `json:"from"`
	Until     *string         `json:"until"`
	Actor     string          `json:"actor"`
	CallID    string          `json:"call_id"`
	Suspect   *string         `json:"suspect"`
	Recording *string         `json:"recording"`
	Line      string          `json:"line"`
	Rule      *string         `json:"rule"`
	Version   *string         `json:"rule_version"`
	CallIDs   []string        `json:"call_ids,omitempty"`
	Note      string          `json:"note"`
	Release   *output.Release `json:"release"`
}

func newLine(z *pb.Freeze) Line {
	l := Line{
		Freeze: z.GetName(), Number: z.GetMaskedNumber(), Active: z.GetActive(),
		Reason: z.GetReason(), Class: z.GetClass(),
		From: output.JSONTime(z.GetStartTime()), Until: output.JSONTime(z.GetEndTime()),
		Actor: z.GetActor(), CallID: z.GetCallId(),
		Suspect: output.OrNull(z.GetSuspect()), Recording: output.OrNull(z.GetRecording()),
		Line: z.GetLine(), Rule: output.OrNull(z.GetRule()),
		Version: output.OrNull(z.GetRuleVersion()), CallIDs: z.GetCallIds(), Note: z.GetNote(),
		Release: output.NewRelease(z.GetRelease()),
	}
	if z.GetNumber() != "" {
		l.Number = z.GetNumber()
	}
	return l
}
