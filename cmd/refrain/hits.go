package main

import (
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/keywords"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/review"
)

// hitLine is a hit in JSON. Start and End are seconds of a recording, or offsets in
// characters of a line of text.
type hitLine struct {
	Class string    `json:"class"`
	Text  string    `json:"text"`
	Start float64   `json:"start"`
	End   float64   `json:"end"`
	Match string    `json:"match"`
	Score float64   `json:"score"`
	Veto  *vetoLine `json:"veto"`
}

type vetoLine struct {
	Reason string `json:"reason"`
	Text   string `json:"text"`
}

// localHits are hits that were found here; in gives their place.
func localHits(hits []keywords.Hit, in func(keywords.Hit) (start, end float64)) []hitLine {
	lines := make([]hitLine, len(hits))
	for i, h := range hits {
		start, end := in(h)
		lines[i] = hitLine{string(h.Class), h.Text, start, end, string(h.Match), share(h.Score), nil}
		if h.Veto != nil {
			lines[i].Veto = &vetoLine{string(h.Veto.Reason), h.Veto.Text}
		}
	}
	return lines
}

func inText(h keywords.Hit) (start, end float64) { return float64(h.Start), float64(h.End) }

func inTime(h keywords.Hit) (start, end float64) { return seconds(h.Time.Start), seconds(h.Time.End) }

// remoteHits are hits that the server tells of, in seconds.
func remoteHits(hits []*pb.Hit) []hitLine {
	lines := make([]hitLine, len(hits))
	for i, h := range hits {
		start, end := spanSeconds(h.GetSpan())
		lines[i] = hitLine{h.GetClass(), h.GetText(), start, end, h.GetMatch(), share(h.GetScore()), nil}
		if v := h.GetVeto(); v != nil {
			lines[i].Veto = &vetoLine{v.GetReason(), v.GetText()}
		}
	}
	return lines
}

func spanSeconds(s *pb.Span) (start, end float64) {
	return seconds(s.GetStart().AsDuration()), seconds(s.GetEnd().AsDuration())
}

// segmentLine is a segment in JSON.
type segmentLine struct {
	Start      float64 `json:"start"`
	End        float64 `json:"end"`
	Text       string  `json:"text"`
	Confidence float64 `json:"confidence"`
}

// clock writes a place in a recording: 1:02.3.
func clock(d time.Duration) string {
	tenths := d.Round(100*time.Millisecond).Milliseconds() / 100
	return fmt.Sprintf("%d:%02d.%d", tenths/600, tenths/10%60, tenths%10)
}

// classOf is the class that the hits speak for, "" without one that counts.
func classOf(hits []*pb.Hit) string {
	all := make([]keywords.Hit, len(hits))
	for i, h := range hits {
		all[i] = keywords.Hit{Class: keywords.Class(h.GetClass()), Score: h.GetScore()}
		if h.GetVeto() != nil {
			all[i].Veto = &keywords.Veto{}
		}
	}
	return string(review.Strongest(all))
}

// strongest is the hit that counts most for a class, nil where none does.
func strongest(hits []*pb.Hit, class string) *pb.Hit {
	var best *pb.Hit
	for _, h := range hits {
		if h.GetVeto() == nil && h.GetClass() == class && (best == nil || h.GetScore() > best.GetScore()) {
			best = h
		}
	}
	return best
}
