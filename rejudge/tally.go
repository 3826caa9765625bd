package rejudge

import (
	"maps"

	"github.com/refrain-asr/refrain/review"
)

// Tally counts what a run found and did.
type Tally struct {
	// SuspectsBefore and Suspects are how many of the recordings were suspect, and are.
	SuspectsBefore int `json:"suspects_before"`
	Suspects       int `json:"suspects"`
	// Gained, Lost and OtherClass count the changes of that kind; Rescored those verdicts that
	// say the same by other hits or with another score.
	Gained     int `json:"gained"`
	Lost       int `json:"lost"`
	OtherClass int `json:"other_class"`
	Rescored   int `json:"rescored"`
	// Failed counts recordings that could not be judged again.
	Failed  int                    `json:"failed"`
	ByClass map[string]ClassChange `json:"by_class"`
	// Applied counts verdicts stored, Opened suspects opened, Waiting those that wait for
	// another day.
	Applied int `json:"applied"`
	Opened  int `json:"opened"`
	Waiting int `json:"waiting"`
	// Decided counts changes that were left alone as a reviewer has decided, Outdated those
	// whose recording was judged anew meanwhile.
	Decided  int `json:"decided"`
	Outdated int `json:"outdated"`
	// Reviewed compares with what reviewers have decided.
	Reviewed Reviewed `json:"reviewed,omitzero"`
}

// Reviewed counts recordings on which a reviewer has decided.
type Reviewed struct {
	// Confirmed and Dismissed are suspects by the verdict that stands; those of them that would be none any more are
	// Lost. Gained are decided ones that this verdict leaves out, and that would be suspects.
	Confirmed       int `json:"confirmed"`
	ConfirmedLost   int `json:"confirmed_lost"`
	ConfirmedGained int `json:"confirmed_gained,omitempty"`
	Dismissed       int `json:"dismissed"`
	DismissedLost   int `json:"dismissed_lost"`
	DismissedGained int `json:"dismissed_gained,omitempty"`
	// Refusals are blind samples in which a reviewer heard a refusal, Found those of them that are
	// suspects now; Others are samples without one, Raised those of them that are.
	Refusals int `json:"refusals"`
	Found    int `json:"found"`
	Others   int `json:"others"`
	Raised   int `json:"raised"`
}

// Plus is the sum of both.
func (r Reviewed) Plus(o Reviewed) Reviewed {
	return Reviewed{
		Confirmed: r.Confirmed + o.Confirmed, ConfirmedLost: r.ConfirmedLost + o.ConfirmedLost,
		ConfirmedGained: r.ConfirmedGained + o.ConfirmedGained,
		Dismissed:       r.Dismissed + o.Dismissed, DismissedLost: r.DismissedLost + o.DismissedLost,
		DismissedGained: r.DismissedGained + o.DismissedGained,
		Refusals:        r.Refusals + o.Refusals, Found: r.Found + o.Found,
		Others: r.Others + o.Others, Raised: r.Raised + o.Raised,
	}
}

// add counts what became of a recording.
func (r *Reviewed) add(o Outcome) {
	switch {
	case o.Decided == "":
	case o.Sample && o.Decided == review.Confirm:
		count(&r.Refusals, &r.Found, o.Verdict.Suspect)
	case o.Sample:
		count(&r.Others, &r.Raised, o.Verdict.Suspect)
	case o.Decided == review.Dismiss:
		changed(o, &r.Dismissed, &r.DismissedLost, &r.DismissedGained)
	default:
		changed(o, &r.Confirmed, &r.ConfirmedLost, &r.ConfirmedGained)
	}
}

func count(all, part *int, is bool) {
	*all++
	if is {
		*part++
	}
}

// changed counts a suspect on which somebody decided. What the verdict that stands leaves out already is no loss: somebody
// may have decided on it by a lexicon that was in force before.
func changed(o Outcome, all, lost, gained *int) {
	switch {
	case o.Before.Suspect:
		count(all, lost, !o.Verdict.Suspect)
	case o.Verdict.Suspect:
		*gained++
	}
}

// ClassChange is how many suspects a class has gained and lost.
type ClassChange struct {
	Gained int `json:"gained"`
	Lost   int `json:"lost"`
}

// Plus is the sum of both.
func (t Tally) Plus(o Tally) Tally {
	t.SuspectsBefore += o.SuspectsBefore
	t.Suspects += o.Suspects
	t.Gained += o.Gained
	t.Lost += o.Lost
	t.OtherClass += o.OtherClass
	t.Rescored += o.Rescored
	t.Failed += o.Failed
	t.Applied += o.Applied
	t.Opened += o.Opened
	t.Waiting += o.Waiting
	t.Decided += o.Decided
	t.Outdated += o.Outdated
	t.Reviewed = t.Reviewed.Plus(o.Reviewed)
	t.ByClass = maps.Clone(t.ByClass)
	for class, n := range o.ByClass {
		t.count(class, n.Gained, n.Lost)
	}
	return t
}

func (t *Tally) count(class string, gained, lost int) {
	if t.ByClass == nil {
		t.ByClass = map[string]ClassChange{}
	}
	c := t.ByClass[class]
	t.ByClass[class] = ClassChange{c.Gained + gained, c.Lost + lost}
}

// add counts a recording that was judged again.
func (t *Tally) add(o Outcome) {
	if o.Kind == Unreadable {
		t.Failed++
		return
	}
	t.Reviewed.add(o)
	if o.Before.Suspect {
		t.SuspectsBefore++
	}
	if o.Verdict.Suspect {
		t.Suspects++
	}
	class, before := string(o.Class), string(o.ClassBefore)
	switch o.Kind {
	case Gained:
		t.Gained++
		t.count(class, 1, 0)
	case Lost:
		t.Lost++
		t.count(before, 0, 1)
	case OtherClass:
		t.OtherClass++
		t.count(class, 1, 0)
		t.count(before, 0, 1)
	case Rescored:
		t.Rescored++
	default:
	}
}

// Note counts what was done about a change.
func (t *Tally) Note(f Fate) {
	switch f {
	case Applied:
		t.Applied++
	case Waiting:
		t.Waiting++
	case Kept:
		t.Decided++
	case Outdated:
		t.Outdated++
	case Reported, Dropped:
	}
}
