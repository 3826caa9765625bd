package review

import (
	"context"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// Change is what a Store is to write: the suspect as it is now, and the decisions that were
// made or taken back.
type Change struct {
	Suspect   Suspect
	Decisions []Decision
	// Second is a second look to add, unless the suspect has one already; nil for none.
	Second *Suspect
	// Also are changes of other suspects: of the second look that an appeal asks for, or of what was
	// appealed.
	Also []Change
	// Gone are second looks that nobody needs any more.
	Gone []ID
}

// Store keeps suspects. What it returns includes the decision that stands.
type Store interface {
	// ChangeSuspect loads the suspect, hands it to change, and writes what change returns, in
	// one transaction with what change enters into the ledger; it raises the Revision. When
	// it returns, all of it is durable and the gate knows. An error of change is returned as
	// it is, and nothing is written. NotFound where there is no such suspect; a repeated req
	// writes nothing, does not call change, and returns the suspect as it is.
	//
	// Isolation: of two changes of a suspect the second sees what the first wrote; and the
	// ledger is as freeze.Store says.
	ChangeSuspect(ctx context.Context, id ID, req request.Request,
		change func(context.Context, freeze.Book, Suspect) (Change, error)) (Suspect, error)
	// ChangeNext is ChangeSuspect for the suspect that waits, that nobody has claimed, and that comes
	// next for the reviewer; found is false where there is none. A repeated req returns the one that it
	// gave then.
	//
	// Isolation: of two that ask at once the second sees what the first claimed.
	ChangeNext(ctx context.Context, n Next, req request.Request,
		change func(Suspect) (Suspect, error)) (x Suspect, found bool, err error)
}

// Service takes reviewers' actions.
type Service struct {
	Store   Store
	Periods Periods
	// Keys name numbers in the ledger.
	Keys freeze.Keys
	// Lease is how long a claim lasts where the reviewer does not say.
	Lease time.Duration
	// Sampling chooses what gets a second look.
	Sampling Sampling
	// Virtual tells of a number that it stands for whoever uses it just now; nil for none.
	Virtual func(number.Number) bool
	// Now is the clock.
	Now func() time.Time
}

// Claim keeps a suspect for the reviewer; lease 0 means the configured one.
func (s *Service) Claim(
	ctx context.Context, id ID, by string, lease time.Duration, req request.Request,
) (Suspect, error) {
	lease, err := s.lease(lease)
	if err != nil {
		return Suspect{}, err
	}
	return s.Store.ChangeSuspect(ctx, id, req,
		func(_ context.Context, _ freeze.Book, x Suspect) (Change, error) {
			x, err := x.claim(by, lease, s.now())
			return Change{Suspect: x}, err
		})
}

// Decide confirms or dismisses. Confirming freezes the number at once.
func (s *Service) Decide(
	ctx context.Context, id ID, by string, o Order, req request.Request,
) (Suspect, error) {
	return s.Store.ChangeSuspect(ctx, id, req,
		func(ctx context.Context, ledger freeze.Book, x Suspect) (Change, error) {
			now := s.now()
			second := s.second(x)
			x, f, err := x.decide(o, DecisionID(ulid.MustNewDefault(now).String()), by, now,
				s.Periods)
			if err != nil {
				return Change{}, err
			}
			if f != nil && (x.Virtual || s.Virtual != nil && s.Virtual(x.Number)) {
				return Change{}, virtual(x)
			}
			if f != nil && x.Kind != Second { // what that says is for comparison
				opened, err := s.writer(ledger, now).Open(ctx, *f)
				if err != nil {
					return Change{}, err
				}
				x.Decision.Freeze = opened.ID
			}
			change := Change{Suspect: x, Decisions: []Decision{*x.Decision}, Second: second}
			answer, err := x.answerAppeal(func(d Decision) error {
				return s.end(ctx, s.writer(ledger, now), d)
			})
			if answer != nil {
				change.Also = append(change.Also, *answer)
			}
			return change, err
		})
}

// virtual refuses to freeze whoever uses a number next for what somebody said before.
func virtual(x Suspect) error {
	return &fault.Error{Op: "review.Decide", Kind: fault.Precondition, Reason: "VIRTUAL_NUMBER",
		Subject: "suspects/" + string(x.ID), Message: "its number is a virtual one, which others will " +
			"have tomorrow; freeze the customer's real number (refrain freeze add), then dismiss this with " +
			"a note, and report calls under the real number"}
}

// Revert takes back the decision that stands; decision "" means whichever it is. The
// freeze that it opened ends.
func (s *Service) Revert(
	ctx context.Context, id ID, decision DecisionID, by, reason string,
	req request.Request,
) (Suspect, error) {
	if err := request.CheckReason("review.Revert", reason); err != nil {
		return Suspect{}, err
	}
	return s.Store.ChangeSuspect(ctx, id, req,
		func(ctx context.Context, ledger freeze.Book, x Suspect) (Change, error) {
			w := s.writer(ledger, s.now())
			x, d, err := x.revert(decision, by, reason, w.Now)
			if err != nil {
				return Change{}, err
			}
			change := x.endAppeal(d)
			change.Decisions = []Decision{d}
			first, err := x.takeBackAnswer(d, func(was Decision, again *Decision) error {
				return s.reopen(ctx, w, was, again)
			})
			if err != nil {
				return Change{}, err
			}
			if first != nil {
				appeal := *x.Appeal
				appeal.Decision = first.Suspect.Decision.ID
				x.Appeal, change.Also = &appeal, append(change.Also, *first)
			}
			change.Suspect = x
			return change, s.end(ctx, w, d)
		})
}

// reopen opens the freeze of a decision again that was taken back by mistake, for the rest of its period; not where
// somebody had released the number before.
func (s *Service) reopen(ctx context.Context, w freeze.Writer, was Decision, again *Decision) error {
	if was.Freeze == "" {
		return nil
	}
	again.Freeze = was.Freeze
	found, err := w.Book.Freezes(ctx, freeze.Query{IDs: []freeze.ID{was.Freeze}})
	for _, f := range found {
		switch {
		case f.Release == nil || f.Release.Cause != freeze.Reverted:
			continue
		case !f.Until.IsZero() && !f.Until.After(w.Now):
			again.Freeze, again.Over = "", f.Until
			continue
		}
		f.Release, f.From, f.Actor, f.Evidence.DecisionID = nil, w.Now, again.By, string(again.ID)
		opened, err := w.Open(ctx, f)
		if err != nil {
			return err
		}
		again.Freeze = opened.ID
	}
	return err
}

// end ends the freeze that a decision opened, unless somebody released the number before.
func (s *Service) end(ctx context.Context, w freeze.Writer, d Decision) error {
	if d.Freeze == "" {
		return nil
	}
	standing, err := w.Book.Freezes(ctx, freeze.Query{IDs: []freeze.ID{d.Freeze}, Unreleased: true})
	for _, f := range standing {
		if _, err := w.Release(ctx, f, d.Reversal.release()); err != nil {
			return err
		}
	}
	return err
}

func (s *Service) writer(b freeze.Book, now time.Time) freeze.Writer {
	return freeze.Writer{Book: b, Keys: s.Keys, Now: now}
}

// now drops what storage would drop, so that what is answered is what is stored.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }
