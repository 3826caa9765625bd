package keywords

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
