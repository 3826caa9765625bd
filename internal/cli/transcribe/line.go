package transcribe

import (
	"fmt"

	"github.com/refrain-asr/refrain/internal/cli/hearing"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/transcript"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
)

// Line is what was heard and found in one file, as JSON.
type Line struct {
	File     string               `json:"file"`
	Duration float64              `json:"duration"`
	Track    string               `json:"track"`
	Segments []transcript.Segment `json:"segments"`
	Hits     []transcript.Hit     `json:"hits"`
	Suspect  bool                 `json:"suspect"`
	Score    float64              `json:"score"`
	// AnsweredBy is who or what answered the call; null where that is not known.
	AnsweredBy *string `json:"answered_by"`

	Model     string `json:"model"`
	DemoModel bool   `json:"demo_model"`
	Truncated bool   `json:"truncated"`
	// Defects are the names of what is wrong with the recording.
	Defects []string `json:"defects"`
	// AgentTranscript is null where the agent's track was not heard.
	AgentTranscript *transcript.Said `json:"agent_transcript"`

	verdict keywords.Verdict
	defects recording.Defects
}

// NewLine is the line of a file in which that was heard.
func NewLine(file string, heard hearing.Heard) Line {
	t, d, v := heard.Customer, heard.Defects, heard.Verdict
	l := Line{
		File: file, Duration: output.Seconds(heard.Info.Duration()), Track: string(t.Side),
		Segments: transcript.LocalSegments(t.Segments),
		Hits:     transcript.LocalHits(v.Hits, transcript.InTime), Suspect: v.Suspect,
		Score: output.Ratio(v.Score), Truncated: heard.Info.Truncated, verdict: v,
		Defects: transcript.DefectNames(d), defects: d,
		AnsweredBy: output.OrNull(string(v.AnsweredBy)),
		Model:      t.Settings.Model.Name, DemoModel: t.Settings.Model.Demo,
	}
	if a := heard.Agent; a != nil {
		l.AgentTranscript = &transcript.Said{Segments: transcript.LocalSegments(a.Segments),
			Heard: transcript.LocalStretches(a.Heard)}
	}
	return l
}

func (t *transcriber) print(l Line) error {
	if t.format == output.JSON {
		return t.JSON(l)
	}
	return t.Println(l.text()...)
}

// text is for people: the verdict, then what was said with the hits marked.
func (l Line) text() []string {
	verdict := "no suspect"
	switch {
	case l.Suspect:
		verdict = "suspect"
	case l.defects.Unheard():
		verdict = transcript.Unheard
	}
	lines := []string{fmt.Sprintf("%s: %s (%.2f)%s%s", l.File, verdict, l.Score,
		transcript.AnsweredText(l.verdict.AnsweredBy),
		output.CutOff(l.Truncated, output.Duration(l.Duration)))}
	lines = append(lines,
		transcript.NewDialogue(l.Segments, l.AgentTranscript, l.find).Text()...)
	if len(l.Segments) == 0 && !l.defects.Unheard() {
		lines = append(lines, transcript.Silence)
	}
	return append(lines, transcript.DefectText(l.defects)...)
}

// find tells what was found in the customer's segment i.
func (l Line) find(i int) (marks []transcript.Mark, hits []transcript.Hit) {
	for n, h := range l.verdict.Hits {
		if h.Segment == i {
			marks = append(marks,
				transcript.Mark{Start: h.Start, End: h.End, Vetoed: h.Veto != nil})
			hits = append(hits, l.Hits[n])
		}
	}
	return marks, hits
}
