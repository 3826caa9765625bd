package keywords

import (
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/asr"
)

// AgentTrack says how much of the agent's track is heard beside the customer's.
type AgentTrack string

// What of the agent's track may be heard: nothing, what is said around the customer's hits and
// before short answers, or all of it.
const (
	AgentOff   AgentTrack = "off"
	AgentShort AgentTrack = "short"
	AgentOn    AgentTrack = "on"
)

// Check reports whether a is one of the three.
func (a AgentTrack) Check() error {
	switch a {
	case AgentOff, AgentShort, AgentOn:
		return nil
	}
	return fmt.Errorf("is %q; it must be %s, %s or %s", string(a), AgentOff, AgentShort, AgentOn)
}

// What of the agent's track is heard around a hit: the question before and what is made of
// the answer, and as much more as it takes to begin and end in a pause.
const (
	heardBefore = 10 * time.Second
	heardAfter  = 3 * time.Second
	mostRound   = 4 * time.Second
	// edge is left beside speech: recognisers lose words that are cut close.
	edge = 300 * time.Millisecond
	// joinGap is the silence too short to be worth leaving out.
	joinGap = time.Second
)

// Listen tells what of the agent's track is to be heard, once the customer's was heard and
// judged: the stretches, none for the whole track. hear is false where there is nothing to
// hear.
func (a AgentTrack) Listen(customer asr.Transcript, v Verdict) (only []asr.Span, hear bool) {
	if a != AgentShort {
		return nil, a == AgentOn
	}
	for _, h := range v.Hits {
		only = append(only, nearby(h.Time))
	}
	for _, at := range v.Answers {
		only = append(only, nearby(at))
	}
	only = asr.Join(only, joinGap)
	if s := customer.Sounds; s != nil && s.Agent != nil {
		only = untilPauses(only, s.Agent.Talks)
	}
	for i := range only {
		if customer.Duration > only[i].Start {
			only[i].End = min(only[i].End, customer.Duration)
		}
	}
	return only, len(only) > 0
}

func nearby(at asr.Span) asr.Span {
	return asr.Span{Start: max(0, at.Start-heardBefore), End: at.End + heardAfter}
}

// untilPauses lets stretches begin and end where nobody is in the midst of a word, and leaves out
// those in which nobody speaks.
func untilPauses(stretches, talks []asr.Span) (list []asr.Span) {
	for _, s := range stretches {
		speaks := false
		begin, end := s.Start, s.End
		for _, t := range talks {
			if t.Start >= s.End || t.End <= s.Start {
				continue
			}
			speaks = true
			if s.Start-t.Start <= mostRound {
				begin = min(begin, t.Start-edge)
			}
			if t.End-s.End <= mostRound {
				end = max(end, t.End+edge)
			}
		}
		if speaks {
			list = append(list, asr.Span{Start: max(0, begin), End: end})
		}
	}
	return asr.Join(list, joinGap)
}
