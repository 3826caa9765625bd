package calls

import (
	"cmp"
	"slices"
	"time"
)

// MaxSameCall is the longest time within which attempts can be taken for one call.
const MaxSameCall = 10 * time.Minute

// weights say which of several attempts tells most of what the called person did; the
// first most. A reservation tells nothing yet.
var weights = []Outcome{Answered, Rejected, Voicemail, Busy, NoAnswer, Unreachable,
	InvalidNumber, Cancelled, Failed, Pending}

// byWeight orders calls, the weightiest first: who talked before who rejected before who
// was not reached; of those that talked, the longest, and an unknown talk time last. 0 is
// for calls that tell the same.
func byWeight(a, b *Call) int {
	return cmp.Or(cmp.Compare(slices.Index(weights, a.Outcome), slices.Index(weights, b.Outcome)),
		cmp.Compare(b.Talk, a.Talk), compareBools(a.TalkUnknown, b.TalkUnknown))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// single leaves out of a list in order what is no call of its own: an attempt that began
// within SameCall of a weightier one, before or after it. Of those that tell the same, the
// first stands for the others.
//
// Switches report the legs of a call one by one, and so each gateway that a failed call was
// handed to next. Whether two attempts are one call depends on nothing but the two, so that
// any order of reports gives the same counts, and a report can only change the calls around
// it. Reservations are each a permission to call, and count each.
func (s *RuleSet) single(list []*Call) []*Call {
	if s.SameCall == 0 {
		return list
	}
	var out []*Call
	for i, c := range list {
		switch covered := s.covered(list, i); {
		case covered && out == nil:
			out = append(make([]*Call, 0, len(list)), list[:i]...)
		case !covered && out != nil:
			out = append(out, c)
		}
	}
	if out == nil {
		return list
	}
	return out
}

// covered reports whether a weightier attempt of the list stands for the i-th.
func (s *RuleSet) covered(list []*Call, i int) bool {
	c := list[i]
	for j := i - 1; j >= 0 && c.Start.Sub(list[j].Start) <= s.SameCall; j-- {
		if sameCall(list[j], c) && byWeight(list[j], c) <= 0 {
			return true
		}
	}
	for j := i + 1; j < len(list) && list[j].Start.Sub(c.Start) <= s.SameCall; j++ {
		if sameCall(c, list[j]) && byWeight(list[j], c) < 0 {
			return true
		}
	}
	return false
}

// sameCall reports whether two attempts, the second soon after the first, can be one call:
// not where the talk of the first was over by then, since then somebody dialled again.
func sameCall(first, second *Call) bool {
	if first.Outcome == Pending || second.Outcome == Pending {
		return false
	}
	over := first.Outcome.HasTalk() && !first.TalkUnknown &&
		!first.Start.Add(first.Talk).After(second.Start)
	return !over || first.Start.Equal(second.Start)
}

// crowded reports whether some of the calls, in any order, are so near to each other that
// one may stand for the other.
func (t Timeline) crowded(list []Call) bool {
	near := t.SameCall()
	if near == 0 {
		return false
	}
	ordered := inOrder(list, func(*Call) bool { return true })
	for i, c := range ordered {
		if i > 0 && c.Start.Sub(ordered[i-1].Start) <= near {
			return true
		}
	}
	return false
}

// SameCall is the longest time within which any rules that were ever in force take
// attempts for one call.
func (t Timeline) SameCall() time.Duration {
	var longest time.Duration
	for _, a := range t {
		longest = max(longest, a.RuleSet.SameCall)
	}
	return longest
}

// Touched is the stretch in which firings can change with calls that begin in s, and Needed
// is from when to when calls must be known to tell all firings in a stretch.
func (t Timeline) Touched(s Span) Span {
	return Span{s.From.Add(-t.SameCall()), s.To.Add(t.Reach())}
}

// Needed is described at Touched.
func (t Timeline) Needed(s Span) Span {
	return Span{s.From.Add(-t.Reach()), s.To.Add(t.SameCall())}
}
