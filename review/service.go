package review

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/fault"
)

// Change is what a Store is to write: the suspect as it is now, the decision that
// was made or taken back, and what that does to freezes.
type Change struct {
	Suspect  Suspect
	Decision *Decision
	Effect   Effect
}

// Request names a request so that its repetition does nothing: the same method,
// suspect and ID again returns the suspect as it is. An empty ID never repeats.
type Request struct {
	Method, ID string
	// Of is a digest of all that is asked, "" where the subject says it all: a repetition
	// must ask for the same.
	Of string
}

// Store keeps suspects. What it returns includes the decision that stands.
type Store interface {
	// ChangeSuspect loads the suspect, hands it to change, and writes what change
	// returns, in one transaction with the ledger entries of its effects. It gives
	// a new Freeze its ID and puts that into the Decision, and raises the Revision.
	// When it returns, the gate knows of the effects. An error of change is
	// returned as it is, and nothing is written. NotFound where there is no such
	// suspect; a repeated req writes nothing and does not call change.
	ChangeSuspect(ctx context.Context, id ID, req Request, change func(Suspect) (Change, error)) (Suspect, error)
}

// Service takes reviewers' actions.
type Service struct {
	Store   Store
	Periods Periods
	// Lease is how long a claim lasts where the reviewer does not say.
	Lease time.Duration
	// Now is the clock.
	Now func() time.Time
}

// Claim keeps a suspect for the reviewer; lease 0 means the configured one.
func (s *Service) Claim(ctx context.Context, id ID, by string, lease time.Duration, requestID string) (Suspect, error) {
	if lease == 0 {
		lease = s.Lease
	}
	if lease < 0 || lease > MaxLease {
		var wrong fault.Fields
		wrong.Add("lease", "is %s; it must be above 0 and at most %s", lease, MaxLease)
		return Suspect{}, wrong.Err("review.Claim")
	}
	return s.Store.ChangeSuspect(ctx, id, Request{Method: "ClaimSuspect", ID: requestID}, func(x Suspect) (Change, error) {
		x, err := x.claim(by, lease, s.now())
		return Change{Suspect: x}, err
	})
}

// Decide confirms or dismisses. Confirming freezes the number at once.
func (s *Service) Decide(ctx context.Context, id ID, by string, o Order, requestID string) (Suspect, error) {
	return s.Store.ChangeSuspect(ctx, id, Request{Method: "DecideSuspect", ID: requestID}, func(x Suspect) (Change, error) {
		now := s.now()
		x, effect, err := x.decide(o, DecisionID(ulid.MustNewDefault(now).String()), by, now, s.Periods)
		if err != nil {
			return Change{}, err
		}
		return Change{Suspect: x, Decision: x.Decision, Effect: effect}, nil
	})
}

// Revert takes back the decision that stands; decision "" means whichever it is.
func (s *Service) Revert(ctx context.Context, id ID, decision DecisionID, by, reason, requestID string) (Suspect, error) {
	if err := CheckReason("review.Revert", reason); err != nil {
		return Suspect{}, err
	}
	return s.Store.ChangeSuspect(ctx, id, Request{Method: "RevertDecision", ID: requestID}, func(x Suspect) (Change, error) {
		x, d, effect, err := x.revert(decision, by, reason, s.now())
		if err != nil {
			return Change{}, err
		}
		return Change{Suspect: x, Decision: &d, Effect: effect}, nil
	})
}

// now drops what storage would drop, so that what is answered is what is stored.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// CheckReason refuses a missing or endless reason.
func CheckReason(op, reason string) error {
	var wrong fault.Fields
	switch n := utf8.RuneCountInString(reason); {
	case strings.TrimSpace(reason) == "":
		wrong.Add("reason", "is missing; say why, for those who look at this later")
	case n > MaxNote:
		wrong.Add("reason", "has %d characters; at most %d are kept", n, MaxNote)
	}
	return wrong.Err(op)
}
