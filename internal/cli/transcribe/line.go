package transcribe

import (
	"fmt"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
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

	verdict keywords.Verdict
	defects recording.Defects
}

func newLine(
	file string, info audio.Info, t asr.Transcript, v keywords.Verdict, d recording.Defects,
) Line {
	l := Line{
		File: file, Duration: output.Seconds(info.Duration()), Track: string(t.Side),
		Segments: make([]transcript.Segment, len(t.Segments)),
		Hits:     transcript.LocalHits(v.Hits, transcript.InTime), Suspect: v.Suspect,
		Score: output.Ratio(v.Score), Truncated: info.Truncated, verdict: v,
		Defects: transcript.DefectNames(d), defects: d,
		AnsweredBy: output.OrNull(string(v.AnsweredBy)),
	}
	for i, s := range t.Segments {
		l.Segments[i] = transcript.NewSegment(output.Seconds(s.Start), output.Seconds(s.End),
			s.Text, s.Confidence(), s.AgentLikeness)
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
	for i, s := range l.Segments {
		var marks []transcript.Mark
		var hits []transcript.Hit
		for n, h := range l.verdict.Hits {
			if h.Segment == i {
				marks = append(marks,
					transcript.Mark{Start: h.Start, End: h.End, Vetoed: h.Veto != nil})
				hits = append(hits, l.Hits[n])
			}
		}
		start := output.Duration(s.Start)
		lines = append(lines, transcript.SegmentText(start, s.Text, marks, hits)...)
	}
	if len(l.Segments) == 0 && !l.defects.Unheard() {
		lines = append(lines, transcript.Silence)
	}
	return append(lines, transcript.DefectText(l.defects)...)
}
