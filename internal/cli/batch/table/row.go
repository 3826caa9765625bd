package table

import (
	"encoding/json"
	"fmt"

	"github.com/refrain-asr/refrain/internal/cli/batch/record"
	"github.com/refrain-asr/refrain/internal/cli/transcript"
)

// Row is a call as a row of a table. Its fields are those of the line; what is null there is null or
// empty here.
type Row struct {
	File        string  `parquet:"file"`
	Member      *string `parquet:"member,optional"`
	AgentFile   *string `parquet:"agent_file,optional"`
	AgentMember *string `parquet:"agent_member,optional"`
	SHA256      string  `parquet:"sha256"`
	CallID      *string `parquet:"call_id,optional"`
	Part        string  `parquet:"part"`
	Number      *string `parquet:"number,optional"`
	Agent       *string `parquet:"agent,optional"`
	Line        *string `parquet:"line,optional"`
	Start       *string `parquet:"start,optional"`
	Duration    float64 `parquet:"duration"`

	Suspect    bool     `parquet:"suspect"`
	Class      *string  `parquet:"class,optional"`
	Score      float64  `parquet:"score"`
	AnsweredBy *string  `parquet:"answered_by,optional"`
	Defects    []string `parquet:"defects,list"`
	Truncated  bool     `parquet:"truncated"`

	Text     string    `parquet:"text"`
	Segments []Segment `parquet:"segments,list"`
	Hits     []Hit     `parquet:"hits,list"`
	// AgentText and AgentSegments are what was heard of the agent.
	AgentText     *string   `parquet:"agent_text,optional"`
	AgentSegments []Segment `parquet:"agent_segments,list"`

	Model       string  `parquet:"model"`
	ModelSHA256 string  `parquet:"model_sha256"`
	DemoModel   bool    `parquet:"demo_model"`
	Lexicon     string  `parquet:"lexicon"`
	Threshold   float64 `parquet:"threshold"`
	Settings    string  `parquet:"settings"`
}

// Segment is a segment in a row.
type Segment struct {
	Start         float64  `parquet:"start" json:"start"`
	End           float64  `parquet:"end" json:"end"`
	Text          string   `parquet:"text" json:"text"`
	Confidence    float64  `parquet:"confidence" json:"confidence"`
	AgentLikeness *float64 `parquet:"agent_likeness,optional" json:"agent_likeness,omitempty"`
}

// Hit is a hit in a row.
type Hit struct {
	Class      string  `parquet:"class" json:"class"`
	Text       string  `parquet:"text" json:"text"`
	Start      float64 `parquet:"start" json:"start"`
	End        float64 `parquet:"end" json:"end"`
	Match      string  `parquet:"match" json:"match"`
	Score      float64 `parquet:"score" json:"score"`
	VetoReason *string `parquet:"veto_reason,optional" json:"veto_reason"`
	VetoText   *string `parquet:"veto_text,optional" json:"veto_text"`
	Asked      *string `parquet:"asked,optional" json:"asked"`
}

// NewRow is a line as a row.
func NewRow(l record.Line) Row {
	r := Row{File: l.File, Member: l.Member, AgentFile: orNull(l.AgentFile), AgentMember: orNull(l.AgentMember),
		SHA256: l.SHA256, CallID: l.CallID, Part: l.Part, Number: l.Number, Agent: l.Agent, Line: l.Trunk,
		Start: l.Start, Duration: l.Duration, Suspect: l.Suspect, Class: l.Class, Score: l.Score,
		AnsweredBy: l.AnsweredBy, Defects: l.Defects, Truncated: l.Truncated, Text: l.Text,
		Segments: segments(l.Segments), Hits: hits(l.Hits), Model: l.Model, ModelSHA256: l.ModelSHA256,
		DemoModel: l.DemoModel, Lexicon: l.Lexicon, Threshold: l.Threshold, Settings: l.Settings}
	if a := l.AgentTranscript; a != nil {
		r.AgentSegments = segments(a.Segments)
		text := joined(r.AgentSegments)
		r.AgentText = &text
	}
	return r
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func segments(all []transcript.Segment) []Segment {
	list := make([]Segment, len(all))
	for i, s := range all {
		list[i] = Segment{s.Start, s.End, s.Text, s.Confidence, s.AgentLikeness}
	}
	return list
}

func joined(all []Segment) (text string) {
	for i, s := range all {
		if i > 0 {
			text += " "
		}
		text += s.Text
	}
	return text
}

func hits(all []transcript.Hit) []Hit {
	list := make([]Hit, len(all))
	for i, h := range all {
		list[i] = Hit{Class: h.Class, Text: h.Text, Start: h.Start, End: h.End, Match: h.Match, Score: h.Score,
			Asked: orNull(h.Asked)}
		if h.Veto != nil {
			list[i].VetoReason, list[i].VetoText = &h.Veto.Reason, &h.Veto.Text
		}
	}
	return list
}

// jsonOf is a value as JSON in a cell.
func jsonOf(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("a cell: %w", err)
	}
	return string(b), nil
}
