package keywords

// echoLikeness is how much of what was heard must be the agent's, given back by the customer's
// loudspeaker, for the customer not to have said it. In calls made up of 100 loudspeakers, 6 to
// 30 dB below the agent and up to 250 ms late, echoes that could be heard came to 0.47 or more
// (half of them to 0.88), and the customers' own words, also over the agent's, to 0.13 or less.
const echoLikeness = 0.4

// echoed reports whether what is so much the agent's is not the customer's.
func echoed(likeness *float64) bool { return likeness != nil && *likeness >= echoLikeness }

// likeness is how much of what was heard in the segments from first to last is the agent's, in
// the one that is least so; nil where one of them doesn't tell. It goes by whole utterances,
// which are cut where echo and customer follow each other, and not by the hit's time, which is
// rough.
func (s *spoken) likeness(first, last int) *float64 {
	least := s.segments[first].AgentLikeness
	for _, segment := range s.segments[first : last+1] {
		if segment.AgentLikeness == nil || least == nil {
			return nil
		}
		if *segment.AgentLikeness < *least {
			least = segment.AgentLikeness
		}
	}
	return least
}
