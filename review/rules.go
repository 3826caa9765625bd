package review

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/keywords"
)

// Limits of what a reviewer sends.
const (
	MaxLease = 8 * time.Hour
	// MaxNote is in characters.
	MaxNote = 2000
	// MinPeriod and MaxPeriod bound a freeze that a reviewer wants otherwise than by the class.
	MinPeriod = 24 * time.Hour
	MaxPeriod = 3650 * 24 * time.Hour
)

// Periods tells for how long a class freezes; 0 is until released. ok is false for
// a class that the lexicon does not know.
type Periods func(keywords.Class) (period time.Duration, ok bool)

// Order is what a reviewer decides about a suspect.
type Order struct {
	Verdict Verdict
	// Class corrects the suspect's class; "" keeps it.
	Class keywords.Class
	// Classes are those that there are to choose from, to be told to who chooses another; nil where
	// that isn't known.
	Classes []keywords.Class
	Note    string
	Hits    []HitDecision
	// Period is for how long a confirmation freezes, 0 for the class's period.
	Period time.Duration
	// ETag is that of the suspect as the reviewer saw it, "" for whichever.
	ETag string
}

func (s Suspect) name() string { return "suspects/" + string(s.ID) }

// claim gives the suspect to a reviewer until the lease ends.
func (s Suspect) claim(by string, lease time.Duration, now time.Time) (Suspect, error) {
	const op = "review.Claim"
	if err := s.mayAct(op, by, now); err != nil {
		return s, err
	}
	since := now
	if s.State(now) == Claimed && !s.Claim.At.IsZero() {
		since = s.Claim.At
	}
	s.Claim = &Claim{By: by, Until: now.Add(lease), At: since}
	return s, nil
}

// mayAct refuses who may not act on the suspect now: it is decided, somebody else has it, or he decided on the call
// before.
func (s Suspect) mayAct(op, by string, now time.Time) error {
	if s.Decision != nil {
		return s.decidedError(op)
	}
	if err := s.checkOther(op, by); err != nil {
		return err
	}
	if s.State(now) == Claimed && s.Claim.By != by {
		return s.claimedError(op)
	}
	return nil
}

// decide applies an order. Confirming gives the freeze that is to be opened, or that would be, were it no
// second look; nil where there is none: after a dismissal, and where it would be over by now (Decision.Over).
func (s Suspect) decide(
	o Order, id DecisionID, by string, now time.Time, periods Periods,
) (Suspect, *freeze.Freeze, error) {
	const op = "review.Decide"
	if err := s.mayAct(op, by, now); err != nil {
		return s, nil, err
	}
	if o.ETag != "" && o.ETag != s.ETag() {
		return s, nil, &fault.Error{Op: op, Kind: fault.Precondition, Reason: "ETAG_MISMATCH",
			Subject: s.name(),
			Message: "the suspect has changed since it was read; read it again and decide on " +
				"what it says now",
			Meta: map[string]string{"etag": s.ETag()}}
	}
	period, err := s.checkOrder(op, &o, periods)
	if err != nil {
		return s, nil, err
	}
	d := Decision{ID: id, Round: s.Round, Verdict: o.Verdict, By: by, At: now, Note: o.Note,
		Hits: o.Hits}
	if s.State(now) == Claimed {
		d.Claimed = s.Claim.At
	}
	var f *freeze.Freeze
	if o.Verdict == Confirm {
		d.Class = o.Class
		f = s.freeze(d, period)
		if !f.Until.IsZero() && !f.Until.After(now) {
			if s.Kind != Second {
				d.Over = f.Until
			}
			f = nil
		}
	}
	s.Decision, s.Claim = &d, nil
	return s, f, nil
}

// freeze is what a confirmation does to the number: from that moment on, or from the call where
// that was judged long after it. It may be over by now.
func (s Suspect) freeze(d Decision, period time.Duration) *freeze.Freeze {
	f := &freeze.Freeze{
		Number: s.Number, Reason: freeze.Refused, Class: string(d.Class), From: s.freezeFrom(d.At),
		Actor: d.By,
		Evidence: freeze.Evidence{CallID: s.CallID, RecordingID: s.RecordingID,
			SuspectID: string(s.ID), DecisionID: string(d.ID)},
	}
	if period > 0 {
		f.Until = f.From.Add(period)
	}
	return f
}

// freezeFrom is when a freeze that is decided on at that time begins. A call that is said to be
// yet to come counts from the decision: some recorder's clock is wrong.
func (s Suspect) freezeFrom(at time.Time) time.Time {
	if s.FreezeFrom.IsZero() || s.FreezeFrom.After(at) {
		return at
	}
	return s.FreezeFrom
}

// checkOrder fills in the order's class and gives the period of its freeze. It asks
// for the period once: another lexicon may come into force at any moment, and one that
// lacks the class would freeze without an end.
func (s Suspect) checkOrder(
	op string, o *Order, periods Periods,
) (period time.Duration, err error) {
	var wrong fault.Fields
	if o.Class == "" && !s.Blind {
		o.Class = s.Class
	}
	switch o.Verdict {
	case Confirm:
		var ok bool
		if period, ok = periods(o.Class); o.Class == "" {
			wrong.Add("class", "is missing: what was found in this call is hidden until it is "+
				"decided; name the class of the refusal, such as not_interested")
		} else if !ok {
			wrong.Add("class", "is %q, which the lexicon doesn't know%s", o.Class, o.among())
		}
		period = o.period(period, ok, &wrong)
	case Dismiss:
		if o.Period != 0 {
			wrong.Add("freeze_period", "is given, but a dismissal freezes nothing")
		}
	default:
		wrong.Add("verdict", "is %q; it must be %q or %q", o.Verdict, Confirm, Dismiss)
	}
	if n := utf8.RuneCountInString(o.Note); n > MaxNote {
		wrong.Add("note", "has %d characters; at most %d are kept", n, MaxNote)
	}
	if s.Blind && len(o.Hits) > 0 {
		wrong.Add("hits", "can't be decided on: what was found in this call is hidden until it is "+
			"decided")
		return period, wrong.Err(op)
	}
	for i, h := range o.Hits {
		if h.Hit < 0 || h.Hit >= len(s.Hits) {
			wrong.Add(fmt.Sprintf("hits[%d].hit", i), "is %d; the suspect has %d hits, counted "+
				"from 0", h.Hit, len(s.Hits))
		}
	}
	return period, wrong.Err(op)
}

// period is for how long the order freezes, where its class does for that long. One that freezes until
// somebody releases is for those who must not be called again, and takes no other.
func (o Order) period(ofClass time.Duration, known bool, wrong *fault.Fields) time.Duration {
	switch {
	case o.Period == 0 || !known:
		return ofClass
	case ofClass == 0:
		wrong.Add("freeze_period", "is %s, but %s freezes until somebody releases the number; leave it out, or "+
			"choose another class", o.Period, o.Class)
	case o.Period < MinPeriod || o.Period > MaxPeriod:
		wrong.Add("freeze_period", "is %s; it must be from %s to %s", o.Period, MinPeriod, MaxPeriod)
	}
	return o.Period
}

// revert takes the standing decision back and opens another round. A decision named
// by id must be the one that stands. What was left to a supervisor is left to one again.
func (s Suspect) revert(
	id DecisionID, by, reason string, now time.Time,
) (Suspect, Decision, error) {
	const op = "review.Revert"
	if s.Decision == nil {
		return s, Decision{}, &fault.Error{Op: op, Kind: fault.Precondition, Reason: "NOT_DECIDED",
			Subject: s.name(),
			Message: "there is no decision to take back"}
	}
	if id != "" && id != s.Decision.ID {
		return s, Decision{}, &fault.Error{Op: op, Kind: fault.Precondition,
			Reason: "DECISION_NOT_CURRENT", Subject: s.name(),
			Message: "that is not the decision that stands: only the latest can be taken back",
			Meta:    map[string]string{"decision": string(s.Decision.ID)}}
	}
	d := *s.Decision
	d.Reversal = &Reversal{By: by, At: now, Reason: reason}
	s.Decision, s.Claim, s.Round = nil, nil, s.Round+1
	return s, d, nil
}

// release is how taking a decision back ends the freeze that it opened.
func (r Reversal) release() freeze.Release {
	return freeze.Release{Cause: freeze.Reverted, At: r.At, Actor: r.By,
		Reason: "decision reverted: " + r.Reason}
}

func (s Suspect) decidedError(op string) error {
	at := s.Decision.At.UTC().Format(time.RFC3339)
	return &fault.Error{Op: op, Kind: fault.Precondition, Reason: "ALREADY_DECIDED",
		Subject: s.name(),
		Message: fmt.Sprintf("%s by %s at %s; revert that decision to decide anew",
			s.Decision.Verdict, s.Decision.By, at),
		Meta: map[string]string{"reviewer": s.Decision.By, "decide_time": at,
			"verdict":  string(s.Decision.Verdict),
			"decision": string(s.Decision.ID)}}
}

func (s Suspect) claimedError(op string) error {
	until := s.Claim.Until.UTC().Format(time.RFC3339)
	return &fault.Error{Op: op, Kind: fault.Precondition, Reason: "CLAIMED", Subject: s.name(),
		Message: fmt.Sprintf("claimed by %s until %s", s.Claim.By, until),
		Meta:    map[string]string{"reviewer": s.Claim.By, "expire_time": until}}
}

// among lists the classes that there are.
func (o Order) among() string {
	if len(o.Classes) == 0 {
		return ""
	}
	names := make([]string, len(o.Classes))
	for i, c := range o.Classes {
		names[i] = string(c)
	}
	return "; its classes are " + strings.Join(names, ", ")
}
