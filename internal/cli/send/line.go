package send

import (
	"fmt"

	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/transcript"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
)

// Line is what became of one file, as JSON.
type Line struct {
	File      string  `json:"file"`
	CallID    string  `json:"call_id"`
	Part      string  `json:"part"`
	Recording *string `json:"recording"`
	State     *string `json:"state"`
	Duplicate bool    `json:"duplicate"`
	Error     *string `json:"error"`
	Truncated bool    `json:"truncated"`
	// Replaced tells that the file took the place of one that was cut.
	Replaced bool `json:"replaced"`
	// Defects are the names of what is wrong with the recording, as far as it is known.
	Defects []string `json:"defects"`
	// SetAside is the recording that was set aside for it, null for none.
	SetAside *string `json:"set_aside"`
}

// erased is the state of a recording that the server had, and erased since.
const erased = "erased"

func (l Line) text() string {
	if l.State != nil && *l.State == erased {
		return fmt.Sprintf("%s: was erased on purpose, and is not stored anew (%s)", l.File, *l.Recording)
	}
	text := fmt.Sprintf("%s: %s as %s", l.File, *l.State, *l.Recording)
	if l.Duplicate {
		text += " (it was there already)"
	}
	if l.Replaced {
		text += " (in place of its beginning, which was sent before)"
	}
	if l.SetAside != nil {
		text += fmt.Sprintf(" (%s is set aside for it)", *l.SetAside)
	}
	return text
}

// JudgedLine is what became of one file with --wait, as JSON.
type JudgedLine struct {
	Line
	Suspect *string  `json:"suspect"`
	Score   *float64 `json:"score"`
	// AnsweredBy is who or what answered the call; null where that is not known.
	AnsweredBy *string `json:"answered_by"`
}

func newJudgedLine(l Line, j *pb.Judgement) JudgedLine {
	if j == nil {
		return JudgedLine{Line: l}
	}
	score := output.Ratio(j.GetScore())
	return JudgedLine{l, output.OrNull(j.GetSuspectName()), &score,
		output.OrNull(string(transcript.RemoteAnswerer(j)))}
}

func judgementText(j *pb.Judgement, d recording.Defects) string {
	if j == nil {
		return ""
	}
	if !j.GetSuspect() && d.Unheard() {
		return "; " + transcript.Unheard
	}
	if !j.GetSuspect() {
		return fmt.Sprintf("; no suspect (%.2f)%s", j.GetScore(),
			transcript.AnsweredText(transcript.RemoteAnswerer(j)))
	}
	class := transcript.ClassOf(j.GetHits())
	return fmt.Sprintf("; %s (%.2f): %s %q", j.GetSuspectName(), j.GetScore(), class,
		transcript.Strongest(j.GetHits(), class).GetText())
}
