package main

import (
	"fmt"
	"strings"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// verdict is a row of the demo's table.
type verdict struct {
	call, said, class, score, state string
	// wrong tells what should have come out, "" where it did.
	wrong string
}

// verdicts are what became of the calls, and how many came out wrong.
func (d *demo) verdicts() (rows []verdict, wrong int) {
	for i, rec := range d.recordings {
		v := newVerdict(rec, d.classes[i], d.calls.expected[d.calls.items[i].meta.GetCallId()])
		if v.wrong != "" {
			wrong++
		}
		rows = append(rows, v)
	}
	return rows, wrong
}

func newVerdict(rec *pb.Recording, class string, want expectation) verdict {
	j := rec.GetJudgement()
	v := verdict{call: rec.GetCallId(), said: whatWasSaid(rec, class), class: class, score: fmt.Sprintf("%.2f", j.GetScore()), state: "no suspect"}
	if j.GetSuspect() {
		v.state = "suspect"
	}
	switch {
	case rec.GetState() != pb.Recording_STATE_DONE:
		v.state, v.wrong = enumName(rec.GetState(), "STATE_"), rec.GetError().GetMessage()
	case class != want.class && want.class == "":
		v.wrong = "expected no suspect"
	case class != want.class:
		v.wrong = "expected " + want.class
	}
	return v
}

// whatWasSaid is the sentence that decided for the class, or all that was said.
func whatWasSaid(rec *pb.Recording, class string) string {
	segments, hits := rec.GetTranscript().GetSegments(), rec.GetJudgement().GetHits()
	best := strongest(hits, class)
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
	var marks []mark
	for _, h := range hits {
		if h.GetSegment() == best.GetSegment() {
			marks = append(marks, mark{int(h.GetStart()), int(h.GetEnd()), h.GetVeto() != nil})
		}
	}
	return marked(segments[best.GetSegment()].GetText(), marks)
}

func (d *demo) tellVerdicts(rows []verdict) error {
	var t table
	t.add("CALL", "THE CUSTOMER SAID", "CLASS", "SCORE", "STATE", "")
	for _, v := range rows {
		t.add(v.call, shortened(v.said, 44), v.class, v.score, v.state, v.wrong)
	}
	return t.write(d.out)
}
