package transcript

import (
	"fmt"

	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/keywords"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Hit is a hit in JSON. Start and End are seconds of a recording, or offsets in
// characters of a line of text.
type Hit struct {
	Class string  `json:"class"`
	Text  string  `json:"text"`
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	Match string  `json:"match"`
	Score float64 `json:"score"`
	Veto  *Veto   `json:"veto"`
	// AgentLikeness is how much of the sound is the agent's, 0..1; left out where unknown.
	AgentLikeness *float64 `json:"agent_likeness,omitempty"`
	// Asked are the agent's words that make an answer a refusal; left out for other hits.
	Asked string `json:"asked,omitempty"`
}

// Veto is why a hit does not count, in JSON.
type Veto struct {
	Reason string `json:"reason"`
	Text   string `json:"text"`
}

// LocalHits are hits that were found here; in gives their place.
func LocalHits(hits []keywords.Hit, in func(keywords.Hit) (start, end float64)) []Hit {
	lines := make([]Hit, len(hits))
	for i, h := range hits {
		start, end := in(h)
		lines[i] = Hit{string(h.Class), h.Text, start, end, string(h.Match), output.Ratio(h.Score),
			nil, ratio(h.AgentLikeness), h.Asked}
		if h.Veto != nil {
			lines[i].Veto = &Veto{string(h.Veto.Reason), h.Veto.Text}
		}
	}
	return lines
}

// InText places a hit in a line of text, in characters.
func InText(h keywords.Hit) (start, end float64) { return float64(h.Start), float64(h.End) }

// InTime places a hit in a recording, in seconds.
func InTime(h keywords.Hit) (start, end float64) {
	return output.Seconds(h.Time.Start), output.Seconds(h.Time.End)
}

// RemoteHits are hits that the server reports, in seconds.
func RemoteHits(hits []*pb.Hit) []Hit {
	lines := make([]Hit, len(hits))
	for i, h := range hits {
		start, end := SpanSeconds(h.GetSpan())
		lines[i] = Hit{h.GetClass(), h.GetText(), start, end, h.GetMatch(),
			output.Ratio(h.GetScore()), nil, ratio(h.AgentLikeness), h.GetAsked()}
		if v := h.GetVeto(); v != nil {
			lines[i].Veto = &Veto{v.GetReason(), v.GetText()}
		}
	}
	return lines
}

func ratio(v *float64) *float64 {
	if v == nil {
		return nil
	}
	rounded := output.Ratio(*v)
	return &rounded
}

// Describe says in a few words what was found.
func (h Hit) Describe() string {
	text := fmt.Sprintf("%s %q %.2f", h.Class, h.Text, h.Score)
	if h.Match != "exact" {
		text += " by " + h.Match
	}
	if h.Asked != "" {
		text += fmt.Sprintf(" to %q", h.Asked)
	}
	if h.Veto == nil {
		return text
	}
	text += ", does not count: " + h.Veto.Reason
	if h.Veto.Text != "" {
		text += fmt.Sprintf(" %q", h.Veto.Text)
	}
	if h.Veto.Reason == string(keywords.VetoEcho) && h.AgentLikeness != nil {
		text += fmt.Sprintf(", %.2f of the sound is the agent's", *h.AgentLikeness)
	}
	return text
}
