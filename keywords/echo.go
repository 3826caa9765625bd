package keywords

import (
	"time"

	"github.com/refrain-asr/refrain/asr"
)

// echoLikeness is how much of what was heard at a hit must be the agent's, given back by the
// customer's loudspeaker, for the customer not to have said it.
const echoLikeness = 0.4

// echoed reports whether the hit is the agent's.
func (h *Hit) echoed() bool { return h.AgentLikeness != nil && *h.AgentLikeness >= echoLikeness }

// likeness is how much of what was heard at that time, in the segments from first to last, is
// the agent's; nil where one of them doesn't tell. It is no more than of the whole utterance:
// tokens' times are rough, and where an echo runs into the customer's own words, these may
// seem to lie in it.
func (s *spoken) likeness(first, last int, at asr.Span) *float64 {
	sum, all, whole := 0.0, time.Duration(0), 0.0
	for _, segment := range s.segments[first : last+1] {
		if segment.AgentLikeness == nil {
			return nil
		}
		whole = max(whole, *segment.AgentLikeness)
		for _, token := range segment.Tokens {
			shared := min(token.End, at.End) - max(token.Start, at.Start)
			if shared <= 0 {
				continue
			}
			all += shared
			if token.AgentLikeness != nil {
				sum += float64(shared) * *token.AgentLikeness
			}
		}
	}
	if all == 0 {
		return s.segments[first].AgentLikeness
	}
	share := min(sum/float64(all), whole)
	return &share
}
