package review

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/request"
)

// AppealState is what came of an appeal.
type AppealState string

// The states of appeals.
const (
	AppealOpen       AppealState = "open"
	AppealUpheld     AppealState = "upheld"
	AppealOverturned AppealState = "overturned"
	// AppealVoid is that of a decision that was taken back otherwise.
	AppealVoid AppealState = "void"
)

// Appeal says who wants a decision judged again, when and why. The second look that it asks for is
// what decides on it.
type Appeal struct {
	By     string
	At     time.Time
	Reason string
	// Decision is the one that was appealed.
	Decision DecisionID
	State    AppealState
}

// Appeal has the decision that stands judged again by somebody else; decision "" means whichever it is.
// agent is "" for who may appeal any, or else whose calls it must be.
func (s *Service) Appeal(
	ctx context.Context, id ID, decision DecisionID, by, agent, reason string, req request.Request,
) (Suspect, error) {
	if err := request.CheckReason("review.Appeal", reason); err != nil {
		return Suspect{}, err
	}
	return s.Store.ChangeSuspect(ctx, id, req,
		func(_ context.Context, _ freeze.Book, x Suspect) (Change, error) {
			if agent != "" && x.Agent != agent {
				return Change{}, &fault.Error{Op: "review.Appeal", Kind: fault.Forbidden,
					Reason: "NOT_YOUR_CALL", Subject: x.name(),
					Message: "an agent may appeal for calls of their own only; ask a supervisor to appeal"}
			}
			if err := x.mayAppeal(decision); err != nil {
				return Change{}, err
			}
			return x.appeal(Appeal{By: by, At: s.now(), Reason: reason, Decision: x.Decision.ID,
				State: AppealOpen}), nil
		})
}

func (s Suspect) mayAppeal(decision DecisionID) error {
	wrong := fault.Error{Op: "review.Appeal", Kind: fault.Precondition, Subject: s.name()}
	switch d := s.Decision; {
	case d == nil || d.Verdict != Confirm || s.Kind == Second:
		wrong.Reason, wrong.Message = "NOT_CONFIRMED", "only a confirmed decision that froze a number can be "+
			"appealed, and there is none"
	case decision != "" && decision != d.ID:
		wrong.Reason, wrong.Message = "DECISION_NOT_CURRENT", "that is not the decision that stands: only the "+
			"latest can be appealed"
		wrong.Meta = map[string]string{"decision": string(d.ID)}
	case s.Appeal != nil && s.Appeal.Decision == d.ID:
		at := s.Appeal.At.UTC().Format(time.RFC3339)
		wrong.Reason, wrong.Message = "APPEALED", fmt.Sprintf("%s appealed that decision at %s (%s); a "+
			"supervisor can still revert it", s.Appeal.By, at, s.Appeal.State)
		wrong.Meta = map[string]string{"actor": s.Appeal.By, "appeal_time": at}
	default:
		return nil
	}
	return &wrong
}

// appeal puts the call before somebody else. A second look that is there already becomes the one that
// decides, in another round: by that it is told from one that the appeal made. What was decided in it is taken
// back, since it was no answer to the appeal.
func (s Suspect) appeal(a Appeal) Change {
	if s.Repeat == nil {
		look := s.again()
		look.Appeal = &a
		return Change{Suspect: s, Second: &look}
	}
	look := *s.Repeat
	look.Appeal, look.Round = &a, look.Round+1
	also := Change{}
	if look.Claim != nil && look.Claim.By == a.By {
		look.Claim = nil
	}
	if d := look.Decision; d != nil {
		back := *d
		back.Reversal = &Reversal{By: a.By, At: a.At, Reason: "the decision was appealed"}
		also.Decisions = []Decision{back}
		look.Decision, look.Claim, look.Pass = nil, nil, nil
	}
	also.Suspect = look
	return Change{Suspect: s, Also: []Change{also}}
}

// answerAppeal is what becomes of the suspect whose decision was appealed, once the second look was
// decided; nil where it stays as it is: confirmed by both, or no longer as it was when it was appealed. end ends
// the freeze.
func (s Suspect) answerAppeal(end func(Decision) error) (*Change, error) {
	first, a, d := s.Appealed, s.Appeal, s.Decision
	if a == nil || first == nil || d.Verdict != Dismiss || first.Decision == nil ||
		first.Decision.ID != a.Decision {
		return nil, nil
	}
	x, back, err := first.revert(a.Decision, d.By, "appealed by "+a.By+": "+a.Reason, d.At)
	if err != nil {
		return nil, err
	}
	x.Decision = &Decision{ID: DecisionID(ulid.MustNewDefault(d.At).String()), Round: x.Round,
		Verdict: Dismiss, By: d.By, At: d.At, Note: d.Note}
	return &Change{Suspect: x, Decisions: []Decision{back, *x.Decision}}, end(back)
}

// takeBackAnswer is what becomes of the suspect whose appealed decision was overturned, once that answer of the
// second look was taken back: it is confirmed again, in another round. nil where it is no longer as the answer left
// it. reopen opens the freeze again.
func (s Suspect) takeBackAnswer(answer Decision, reopen func(was Decision, again *Decision) error) (*Change, error) {
	first, was, r := s.Appealed, s.Contested, answer.Reversal
	if first == nil || was == nil || was.Reversal == nil || !was.Reversal.At.Equal(answer.At) ||
		first.Decision == nil || first.Decision.Verdict != Dismiss || first.Decision.By != answer.By ||
		!first.Decision.At.Equal(answer.At) {
		return nil, nil
	}
	why := "the answer to the appeal was taken back: " + r.Reason
	x, back, err := first.revert(first.Decision.ID, r.By, why, r.At)
	if err != nil {
		return nil, err
	}
	x.Decision = &Decision{ID: DecisionID(ulid.MustNewDefault(r.At).String()), Round: x.Round, Verdict: Confirm,
		Class: was.Class, By: r.By, At: r.At, Note: "confirmed by " + was.By + "; " + why, Hits: was.Hits,
		Over: was.Over}
	err = reopen(*was, x.Decision)
	return &Change{Suspect: x, Decisions: []Decision{back, *x.Decision}}, err
}

// endAppeal ends the appeal of a decision that was taken back by other means than an answer to it: nobody needs to
// answer any more. A second look that the appeal made goes; another one is as it was before.
func (s Suspect) endAppeal(d Decision) Change {
	look := s.Repeat
	if look == nil || look.Appeal == nil || look.Appeal.Decision != d.ID || look.Decision != nil {
		return Change{}
	}
	x, at := *look, look.Appeal.At
	before := slices.DeleteFunc(slices.Clone(look.History),
		func(d Decision) bool { return d.Reversal == nil || d.Reversal.At.After(at) })
	if len(before) == 0 && (x.Round == 1 || len(look.History) > 0 && look.History[0].Round == 1) {
		return Change{Gone: []ID{x.ID}}
	}
	if n := len(before); n > 0 && before[n-1].Reversal.At.Equal(at) {
		again := before[n-1]
		again.ID, again.Round, again.Reversal = DecisionID(ulid.MustNewDefault(d.Reversal.At).String()), x.Round, nil
		again.Claimed = time.Time{} // that work was done once
		x.Decision, x.Claim, x.Pass = &again, nil, nil
		return Change{Also: []Change{{Suspect: x, Decisions: []Decision{again}}}}
	}
	x.Appeal = nil
	return Change{Also: []Change{{Suspect: x}}}
}
