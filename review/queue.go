package review

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// Direction is the order of suspects.
type Direction string

// The orders. By score, equal ones come oldest first, and one of which it is hidden what was found
// counts as 1: there are few of them, and else nobody would come to them.
const (
	OldestFirst  Direction = ""
	NewestFirst  Direction = "newest"
	HighestFirst Direction = "score"
)

// Filter selects suspects for lists. Zero fields select all.
type Filter struct {
	// State selects by the state at Now.
	State State
	Now   time.Time
	Class keywords.Class
	Line  string
	// Lines are those that the reader may ask about; none for all.
	Lines []string
	Agent string
	// MinScore and MaxScore bound the score, where they are not 0. What is hidden has none.
	MinScore, MaxScore float64
	// Created and Called are when it was created, and when its call began; DecidedAt is when the decision was made
	// that stands.
	Created, Called, DecidedAt Span
	// For leaves out the second looks that this reviewer may not take.
	For string
	// Mine selects what is For's: what he holds, or held last while nobody decided on it, what waits again since a
	// decision of his was taken back, and what he decided.
	Mine bool
	// Passed selects those that were left to a supervisor and wait.
	Passed bool
	// Disputed selects those on which the second look was decided otherwise.
	Disputed bool
	// Number selects its suspects.
	Number number.Number
	// Recordings are those of which there are to be suspects.
	Recordings []string
	// Except leaves out those of some recordings, but for these.
	Except []string
	But    []ID
	// Decided selects those that are decided, without second looks.
	Decided bool
	// IDs are those that there are to be, ShortID is how an ID ends.
	IDs     []ID
	ShortID string

	Order Direction
	// After continues a list: only what comes behind it.
	After *Place
	// Limit is how many there may be, 100 where it is 0.
	Limit int
}

// Span is a time; what is zero doesn't bound it, and the end is exclusive.
type Span struct{ From, Until time.Time }

// Place is where a list went as far as.
type Place struct {
	request.Cursor
	// Rank is the score that counts in a list by score.
	Rank float64
}

// Place is the suspect's in a list.
func (s Suspect) Place() Place {
	p := Place{Cursor: request.Cursor{At: s.CreatedAt, ID: string(s.ID)}, Rank: s.Score}
	if s.Hidden() {
		p.Rank = 1
	}
	return p
}

// Count is how many suspects of a class are in a state; the class of what is hidden is "".
type Count struct {
	State State
	Class keywords.Class
	N     int64
}

// Counts say how many suspects there are.
type Counts struct {
	Of []Count
	// Passed are those that were left to a supervisor and wait.
	Passed int64
	// Oldest is when the oldest open one was created; zero where there is none.
	Oldest time.Time
}

// Waiting are those that are not decided.
func (c Counts) Waiting() (n int64) {
	for _, of := range c.Of {
		if of.State == Open || of.State == Claimed {
			n += of.N
		}
	}
	return n
}

// Pass says who left a suspect to a supervisor, when and why.
type Pass struct {
	By   string
	At   time.Time
	Note string
}

// shortLen is how long the short form of an ID is; more of it is as good.
const shortLen = 8

// MinShort is how much of an ID's end must be given at least.
const MinShort = 6

// Short is the end of the ID, by which people may call the suspect.
func (id ID) Short() string { return string(id[max(0, len(id)-shortLen):]) }

// Next says which suspect comes next for a reviewer.
type Next struct {
	// Filter says of which; its For is the reviewer.
	Filter
	// Supervisor tells that what was passed on is for him.
	Supervisor bool
}

// Next claims the suspect that comes next for a reviewer. found is false where there is none.
func (s *Service) Next(
	ctx context.Context, n Next, lease time.Duration, req request.Request,
) (x Suspect, found bool, err error) {
	if lease, err = s.lease(lease); err != nil {
		return Suspect{}, false, err
	}
	n.Now = s.now()
	return s.Store.ChangeNext(ctx, n, req, func(x Suspect) (Suspect, error) {
		return x.claim(n.For, lease, n.Now)
	})
}

func (s *Service) lease(asked time.Duration) (time.Duration, error) {
	if asked == 0 {
		return s.Lease, nil
	}
	if asked < 0 || asked > MaxLease {
		var wrong fault.Fields
		wrong.Add("lease", "is %s; it must be above 0 and at most %s", asked, MaxLease)
		return 0, wrong.Err("review.Claim")
	}
	return asked, nil
}

// Release gives a suspect back that the reviewer claimed; a supervisor may give back anybody's.
func (s *Service) Release(
	ctx context.Context, id ID, by string, supervisor bool, req request.Request,
) (Suspect, error) {
	return s.Store.ChangeSuspect(ctx, id, req,
		func(_ context.Context, _ freeze.Book, x Suspect) (Change, error) {
			x, err := x.release(by, supervisor, s.now())
			return Change{Suspect: x}, err
		})
}

// Pass leaves a suspect to a supervisor.
func (s *Service) Pass(
	ctx context.Context, id ID, by, note string, req request.Request,
) (Suspect, error) {
	var wrong fault.Fields
	if n := utf8.RuneCountInString(note); n > MaxNote {
		wrong.Add("note", "has %d characters; at most %d are kept", n, MaxNote)
	} else if strings.TrimSpace(note) == "" {
		wrong.Add("note", "is missing: say what is unclear, for whoever decides instead")
	}
	if err := wrong.Err("review.Pass"); err != nil {
		return Suspect{}, err
	}
	return s.Store.ChangeSuspect(ctx, id, req,
		func(_ context.Context, _ freeze.Book, x Suspect) (Change, error) {
			x, err := x.pass(by, note, s.now())
			return Change{Suspect: x}, err
		})
}

// release ends a claim. Who had it is kept, so that it isn't the next that he gets.
func (s Suspect) release(by string, supervisor bool, now time.Time) (Suspect, error) {
	const op = "review.Release"
	switch {
	case s.Decision != nil:
		return s, s.decidedError(op)
	case s.State(now) != Claimed:
		return s, nil
	case s.Claim.By != by && !supervisor:
		return s, s.claimedError(op)
	}
	s.Claim = &Claim{By: s.Claim.By, Until: now, At: s.Claim.At}
	return s, nil
}

func (s Suspect) pass(by, note string, now time.Time) (Suspect, error) {
	if err := s.mayAct("review.Pass", by, now); err != nil {
		return s, err
	}
	s.Pass, s.Claim = &Pass{By: by, At: now, Note: note}, nil
	return s, nil
}
