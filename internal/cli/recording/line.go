package recording

import (
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/transcript"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Line is a recording as JSON. Times are RFC 3339.
type Line struct {
	Recording string  `json:"recording"`
	CallID    string  `json:"call_id"`
	Part      string  `json:"part"`
	Number    string  `json:"number"` // masked
	Agent     string  `json:"agent"`
	Source    string  `json:"source"`
	Line      string  `json:"line"`
	Priority  string  `json:"priority"`
	State     string  `json:"state"`
	Duration  float64 `json:"duration"` // seconds
	Attempts  int32   `json:"attempts"`
	// Reason and Problem say why it was parked, or why its last attempt failed.
	Reason  *string  `json:"reason"`
	Problem *string  `json:"problem"`
	Defects []string `json:"defects"`
	// Suspect and Score are null before it is done, Suspect also where it made none.
	Suspect   *string  `json:"suspect"`
	Score     *float64 `json:"score"`
	StartedAt *string  `json:"started_at"`
	CreatedAt *string  `json:"created_at"`
	UpdatedAt *string  `json:"updated_at"`
}

func newLine(r *pb.Recording) Line {
	l := Line{
		Recording: r.GetName(), CallID: r.GetCallId(), Part: r.GetPart(), Number: r.GetMaskedNumber(),
		Agent: r.GetAgent(), Source: r.GetSource(), Line: r.GetLine(),
		Priority: output.EnumName(r.GetPriority(), "PRIORITY_"), State: stateText(r),
		Duration: output.Seconds(r.GetAudio().GetDuration().AsDuration()), Attempts: r.GetAttempts(),
		Reason: output.OrNull(r.GetError().GetReason()), Problem: output.OrNull(r.GetError().GetMessage()),
		Defects:   transcript.DefectNames(transcript.RemoteDefects(r)),
		Suspect:   output.OrNull(r.GetJudgement().GetSuspectName()),
		StartedAt: output.JSONTime(r.GetStartTime()), CreatedAt: output.JSONTime(r.GetCreateTime()),
		UpdatedAt: output.JSONTime(r.GetUpdateTime()),
	}
	if j := r.GetJudgement(); j != nil {
		score := output.Ratio(j.GetScore())
		l.Score = &score
	}
	return l
}

func stateText(r *pb.Recording) string { return output.EnumName(r.GetState(), "STATE_") }
