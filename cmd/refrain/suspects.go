package main

import (
	"cmp"
	"fmt"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// suspectLine is a suspect in JSON. Times are RFC 3339, hits' places are seconds.
type suspectLine struct {
	Suspect   string        `json:"suspect"`
	Recording string        `json:"recording"`
	CallID    string        `json:"call_id"`
	Part      string        `json:"part"`
	Number    string        `json:"number"` // masked
	Agent     string        `json:"agent"`
	State     string        `json:"state"`
	Round     int32         `json:"round"`
	Class     string        `json:"class"`
	Score     float64       `json:"score"`
	Hits      []hitLine     `json:"hits"`
	Lexicon   string        `json:"lexicon"`
	Claim     *claimLine    `json:"claim"`
	Decision  *decisionLine `json:"decision"`
	CreatedAt *string       `json:"created_at"`
	UpdatedAt *string       `json:"updated_at"`
}

type claimLine struct {
	Reviewer string  `json:"reviewer"`
	Until    *string `json:"until"`
}

type decisionLine struct {
	Decision  string        `json:"decision"`
	Round     int32         `json:"round"`
	Verdict   string        `json:"verdict"`
	Class     *string       `json:"class"`
	Reviewer  string        `json:"reviewer"`
	DecidedAt *string       `json:"decided_at"`
	Note      string        `json:"note"`
	Freeze    *string       `json:"freeze"`
	Reversal  *reversalLine `json:"reversal"`
}

type reversalLine struct {
	Reviewer   string  `json:"reviewer"`
	RevertedAt *string `json:"reverted_at"`
	Reason     string  `json:"reason"`
}

// shownLine is a suspect with all that review show tells of it.
type shownLine struct {
	suspectLine
	Transcript transcriptLine `json:"transcript"`
	Decisions  []decisionLine `json:"decisions"`
}

type transcriptLine struct {
	Track     string        `json:"track"`
	Model     string        `json:"model"`
	DemoModel bool          `json:"demo_model"`
	Engine    string        `json:"engine"`
	Segments  []segmentLine `json:"segments"`
}

func newSuspectLine(s *pb.Suspect) suspectLine {
	l := suspectLine{
		Suspect: s.GetName(), Recording: s.GetRecording(), CallID: s.GetCallId(), Part: s.GetPart(), Number: s.GetMaskedNumber(),
		Agent: s.GetAgent(), State: enumName(s.GetState(), "STATE_"), Round: s.GetRound(), Class: s.GetClass(), Score: share(s.GetScore()),
		Hits: remoteHits(s.GetHits()), Lexicon: s.GetLexicon(), CreatedAt: jsonTime(s.GetCreateTime()), UpdatedAt: jsonTime(s.GetUpdateTime()),
	}
	if c := s.GetClaim(); c != nil {
		l.Claim = &claimLine{c.GetReviewer(), jsonTime(c.GetExpireTime())}
	}
	if d := s.GetDecision(); d != nil {
		line := newDecisionLine(d)
		l.Decision = &line
	}
	return l
}

func newDecisionLine(d *pb.Decision) decisionLine {
	l := decisionLine{
		Decision: d.GetName(), Round: d.GetRound(), Verdict: enumName(d.GetVerdict(), "VERDICT_"), Class: orNull(d.GetClass()),
		Reviewer: d.GetReviewer(), DecidedAt: jsonTime(d.GetDecideTime()), Note: d.GetNote(), Freeze: orNull(d.GetFreeze()),
	}
	if r := d.GetReversal(); r != nil {
		l.Reversal = &reversalLine{r.GetReviewer(), jsonTime(r.GetRevertTime()), r.GetReason()}
	}
	return l
}

func newShownLine(resp *pb.GetSuspectResponse) shownLine {
	t := resp.GetTranscript()
	l := shownLine{
		suspectLine: newSuspectLine(resp.GetSuspect()),
		Transcript: transcriptLine{Track: enumName(t.GetSide(), "SIDE_"), Model: t.GetModel(), DemoModel: t.GetDemoModel(), Engine: t.GetEngine(),
			Segments: make([]segmentLine, len(t.GetSegments()))},
		Decisions: make([]decisionLine, len(resp.GetDecisions())),
	}
	for i, s := range t.GetSegments() {
		start, end := spanSeconds(s.GetSpan())
		l.Transcript.Segments[i] = segmentLine{start, end, s.GetText(), share(s.GetConfidence())}
	}
	for i, d := range resp.GetDecisions() {
		l.Decisions[i] = newDecisionLine(d)
	}
	return l
}

// showText is a suspect for people: what it is, what was said, what was decided.
func showText(resp *pb.GetSuspectResponse) []string {
	s, t := resp.GetSuspect(), resp.GetTranscript()
	lines := []string{
		fmt.Sprintf("%s  %s  %s  score %.2f", s.GetName(), enumName(s.GetState(), "STATE_"), s.GetClass(), s.GetScore()),
		fmt.Sprintf("call %s  number %s  agent %s  found %s", callText(s), s.GetMaskedNumber(), cmp.Or(s.GetAgent(), "unknown"), textTime(s.GetCreateTime())),
		fmt.Sprintf("%s  heard by %s (%s)", s.GetRecording(), t.GetModel(), t.GetEngine()),
	}
	if t.GetDemoModel() {
		lines = append(lines, "The demo model heard this: it is for trying and testing, and must not be relied upon.")
	}
	lines = append(append(lines, ""), transcriptText(t.GetSegments(), s.GetHits())...)
	if c := s.GetClaim(); c != nil {
		lines = append(lines, "", fmt.Sprintf("claimed by %s until %s", c.GetReviewer(), textTime(c.GetExpireTime())))
	}
	for _, d := range resp.GetDecisions() {
		lines = append(lines, "", decisionText(d))
	}
	return lines
}

func callText(s *pb.Suspect) string {
	if s.GetPart() == "" {
		return s.GetCallId()
	}
	return s.GetCallId() + ", part " + s.GetPart()
}

// transcriptText is what was said and when, with the hits marked and explained.
func transcriptText(segments []*pb.Segment, hits []*pb.Hit) []string {
	var lines []string
	for i, seg := range segments {
		var marks []mark
		var notes []string
		for _, h := range hits {
			if int(h.GetSegment()) == i {
				marks = append(marks, mark{int(h.GetStart()), int(h.GetEnd()), h.GetVeto() != nil})
				notes = append(notes, "           "+remoteHits([]*pb.Hit{h})[0].describe())
			}
		}
		at := clock(seg.GetSpan().GetStart().AsDuration())
		lines = append(append(lines, fmt.Sprintf("%9s  %s", at, marked(seg.GetText(), marks))), notes...)
	}
	if len(lines) == 0 {
		return []string{"           (nothing was said)"}
	}
	return lines
}

func decisionText(d *pb.Decision) string {
	text := fmt.Sprintf("round %d: %s by %s, %s", d.GetRound(), enumName(d.GetVerdict(), "VERDICT_"), d.GetReviewer(), textTime(d.GetDecideTime()))
	if d.GetClass() != "" {
		text += fmt.Sprintf(" as %s (%s)", d.GetClass(), d.GetFreeze())
	}
	if d.GetNote() != "" {
		text += ": " + d.GetNote()
	}
	if r := d.GetReversal(); r != nil {
		text += fmt.Sprintf("\n  taken back by %s, %s: %s", r.GetReviewer(), textTime(r.GetRevertTime()), r.GetReason())
	}
	return text
}
