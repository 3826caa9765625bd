package demo

import (
	"fmt"
	"strings"

	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/transcript"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// row is a row of the demo's table.
type row struct {
	call, said, class, score, state string
	// wrong is what should have come out, "" where it did.
	wrong string
}

// rows are what became of the calls, and how many came out wrong.
func (d *demo) rows() (rows []row, wrong int) {
	for i, rec := range d.recordings {
		v := newRow(rec, d.classes[i], d.calls.expected[d.calls.items[i].Meta.GetCallId()])
		if v.wrong != "" {
			wrong++
		}
		rows = append(rows, v)
	}
	return rows, wrong
}

func newRow(rec *pb.Recording, class string, want expectation) row {
	j := rec.GetJudgement()
	v := row{call: rec.GetCallId(), said: quote(rec, class), class: class,
		score: fmt.Sprintf("%.2f", j.GetScore()), state: "no suspect"}
	if j.GetSuspect() {
		v.state = "suspect"
	}
	switch {
	case rec.GetState() != pb.Recording_STATE_DONE:
		v.state, v.wrong = output.EnumName(rec.GetState(), "STATE_"), rec.GetError().GetMessage()
	case class != want.class && want.class == "":
		v.wrong = "expected no suspect"
	case class != want.class:
		v.wrong = "expected " + want.class
	}
	return v
}

// quote is the sentence that decided for the class, or all that was said.
func quote(rec *pb.Recording, class string) string {
	segments, hits := rec.GetTranscript().GetSegments(), rec.GetJudgement().GetHits()
	best := transcript.Strongest(hits, class)
	if best == nil && len(hits) > 0 {
		best = hits[0]
	}
	if best == nil {
		texts := make([]string, len(segments))
		for i, s := range segments {
			texts[i] = s.GetText()
		}
		return strings.Join(texts, " ")
	}
	var marks []transcript.Mark
	for _, h := range hits {
		if h.GetSegment() == best.GetSegment() {
			marks = append(marks, transcript.MarkOf(h))
		}
	}
	return transcript.Highlight(segments[best.GetSegment()].GetText(), marks)
}

func (d *demo) printRows(rows []row) error {
	t := output.NewTable("CALL", "THE CUSTOMER SAID", "CLASS", "SCORE", "STATE", "")
	for _, v := range rows {
		t.Add(v.call, output.Shorten(v.said, 44), v.class, v.score, v.state, v.wrong)
	}
	return t.Write(d.Out)
}
