package vcon

import (
	"cmp"
	"math"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/review"
)

// The forms of what Refrain says of a call. A number at the end goes up where a field changes its
// meaning or goes away; new fields don't change it.
const (
	SchemaTranscript = "refrain-transcript-1"
	SchemaRefusal    = "refrain-refusal-report-1"
	SchemaCall       = "refrain-call-report-1"
)

// Transcript is what was heard of one side. Times are seconds from the recording's start.
type Transcript struct {
	Side     string    `json:"side"`
	Party    int       `json:"party"`
	Language string    `json:"language"`
	Model    string    `json:"model"`
	Engine   string    `json:"engine"`
	Text     string    `json:"text"`
	Segments []Segment `json:"segments"`
}

// Segment is a stretch of it. Confidence is in 0..1.
type Segment struct {
	Start      float64 `json:"start"`
	End        float64 `json:"end"`
	Text       string  `json:"text"`
	Confidence float64 `json:"confidence"`
}

// RefusalReport is whether the customer refused, and what reviewers decided.
type RefusalReport struct {
	Suspect bool `json:"suspect"`
	// Score is how surely the customer refused, 0..1.
	Score      float64    `json:"score"`
	Class      string     `json:"class,omitempty"`
	AnsweredBy string     `json:"answered_by,omitempty"`
	Lexicon    string     `json:"lexicon"`
	Hits       []Hit      `json:"hits"`
	Decisions  []Decision `json:"decisions"`
}

// Hit is where a class of refusals was found; Veto is why it doesn't count, "" where it does.
type Hit struct {
	Class string  `json:"class"`
	Text  string  `json:"text"`
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	Match string  `json:"match"`
	Score float64 `json:"score"`
	Veto  string  `json:"veto,omitempty"`
}

// Decision is a reviewer's verdict.
type Decision struct {
	Verdict  string    `json:"verdict"`
	Class    string    `json:"class,omitempty"`
	Reviewer string    `json:"reviewer"`
	Time     time.Time `json:"time"`
	Note     string    `json:"note,omitempty"`
	Reverted bool      `json:"reverted"`
}

// CallReport is what the dialler said of the call.
type CallReport struct {
	CallID  string `json:"call_id"`
	Line    string `json:"line,omitempty"`
	Outcome string `json:"outcome,omitempty"`
	// TalkSeconds is null where the call wasn't answered, or nobody said.
	TalkSeconds *float64 `json:"talk_seconds"`
	EndedBy     string   `json:"ended_by,omitempty"`
	Code        string   `json:"code,omitempty"`
}

func analyses(c Conversation, i int, o Options) (list []Analysis) {
	r := &c.Recordings[i]
	for _, t := range []*asr.Transcript{r.CustomerSaid, r.AgentSaid} {
		if t != nil {
			list = append(list, o.analysis("transcript", SchemaTranscript, []int{i},
				transcript(c, *t, o)))
		}
	}
	if r.Verdict != nil {
		list = append(list, o.analysis("report", SchemaRefusal, []int{i}, refusal(c, r, o)))
	}
	return list
}

func (o Options) analysis(kind, schema string, pieces []int, body any) Analysis {
	return Analysis{Type: kind, Dialog: pieces, MediaType: "application/json", Vendor: "Refrain",
		Product: "Refrain " + cmp.Or(o.Version, "unknown"), Schema: schema, Body: body, Encoding: "json"}
}

func transcript(c Conversation, t asr.Transcript, o Options) Transcript {
	out := Transcript{Side: string(t.Side), Party: customer, Language: t.Settings.Language,
		Model: t.Settings.Model.Name, Engine: t.Settings.Engine, Text: o.text(c, t.Text()),
		Segments: []Segment{}}
	if t.Side == asr.Agent {
		out.Party = agent
	}
	for _, s := range t.Segments {
		out.Segments = append(out.Segments, Segment{seconds(s.Start), seconds(s.End),
			o.text(c, s.Text), ratio(s.Confidence())})
	}
	return out
}

func refusal(c Conversation, r *Recorded, o Options) RefusalReport {
	v := r.Verdict
	out := RefusalReport{Suspect: v.Suspect, Score: ratio(v.Score),
		Class: string(review.Strongest(v.Hits)), AnsweredBy: string(v.AnsweredBy), Lexicon: v.Lexicon,
		Hits: []Hit{}, Decisions: []Decision{}}
	for _, h := range v.Hits {
		out.Hits = append(out.Hits, hit(c, h, o))
	}
	for _, d := range r.Decisions {
		out.Decisions = append(out.Decisions, Decision{Verdict: string(d.Verdict), Class: string(d.Class),
			Reviewer: d.By, Time: d.At.UTC(), Note: o.text(c, d.Note), Reverted: d.Reversal != nil})
	}
	return out
}

func hit(c Conversation, h keywords.Hit, o Options) Hit {
	out := Hit{Class: string(h.Class), Text: o.text(c, h.Text), Start: seconds(h.Time.Start),
		End: seconds(h.Time.End), Match: string(h.Match), Score: ratio(h.Score)}
	if h.Veto != nil {
		out.Veto = string(h.Veto.Reason)
	}
	return out
}

// report is what the dialler said, of all its pieces.
func report(c Conversation, pieces []Dialog, o Options) Analysis {
	out := CallReport{CallID: o.text(c, c.CallID), Line: o.text(c, c.Call.Line),
		Outcome: string(c.Call.Outcome), EndedBy: string(c.Call.EndedBy), Code: o.text(c, c.Call.Code)}
	if c.Call.Talk > 0 {
		talk := seconds(c.Call.Talk)
		out.TalkSeconds = &talk
	}
	all := make([]int, len(pieces))
	for i := range all {
		all[i] = i
	}
	return o.analysis("report", SchemaCall, all, out)
}

// seconds are to the millisecond, ratio to three digits.
func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*1000) / 1000 }
func ratio(x float64) float64         { return math.Round(x*1000) / 1000 }
