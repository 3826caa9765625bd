package calls

import (
	"cmp"
	"strings"
	"time"
)

// How far apart the dials of one call can begin: those that somebody may have dialled one
// after the other, and those of a queue, which rings one agent after the other.
const (
	maxLegs  = time.Minute
	maxQueue = 10 * time.Minute
)

// settled reports whether the called person, or their voicemail, was reached.
func (o Outcome) settled() bool { return o == Answered || o == Rejected || o == Voicemail }

// legs reports whether two reports of one revision tell of dials that belong to one call,
// as switches write them under one id: to the same number, soon after one another, by
// another agent, line or caller id. Where none of these differs, one of the two must have
// reached nobody, and be another dial by its start or code. What else differs contradicts
// itself: of two that reached the customer from the same place, each is a call.
func legs(a, b *Call) bool {
	nobody := !a.Outcome.settled() || !b.Outcome.settled()
	apart, most := a.Start.Sub(b.Start).Abs(), maxLegs
	if nobody && other(a.Agent, b.Agent) {
		most = maxQueue
	}
	return a.Number == b.Number && apart <= most && (other(a.Agent, b.Agent) ||
		other(a.Line, b.Line) || other(a.CallerID, b.CallerID) ||
		nobody && (apart > 0 || other(a.Code, b.Code)))
}

// other reports whether both are known, and differ.
func other(a, b string) bool { return a != b && a != "" && b != "" }

// byLeg orders the legs of a call, the one that counts first: the weightiest, the first of
// those that tell the same, so that a row of them moves no further, and at last by what they
// say, so that their order makes no difference.
func byLeg(a, b *Call) int {
	return cmp.Or(byWeight(a, b), a.Start.Compare(b.Start), strings.Compare(a.Agent, b.Agent),
		strings.Compare(a.Line, b.Line), strings.Compare(a.CallerID, b.CallerID),
		strings.Compare(a.Code, b.Code), strings.Compare(string(a.EndedBy), string(b.EndedBy)))
}

// again is what counts of two reports of one revision that don't contradict each other, the
// stored one and another. That a number is virtual is not taken back by who doesn't say it,
// and a talk of 0 s, which may be nothing but a missing one, is by who says it isn't known.
func again(stored, in *Call) Call {
	out := *stored
	if legs(stored, in) && byLeg(in, stored) < 0 {
		out = *in
	}
	out.TalkUnknown = out.TalkUnknown || in.retractsTalk(stored)
	out.Virtual = stored.Virtual || in.Virtual
	return out
}

// retractsTalk reports whether nothing but this tells two reports apart: one says that an
// answered call's talk time is unknown, and stored that it was 0 s.
func (c *Call) retractsTalk(stored *Call) bool {
	was := *stored
	was.TalkUnknown = true
	return c.TalkUnknown && !stored.TalkUnknown && stored.Outcome.HasTalk() &&
		len(c.difference(was)) == 0
}
