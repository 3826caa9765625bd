package review

import (
	"slices"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
)

// Kind says why a call is put before reviewers.
type Kind string

// The kinds.
const (
	// Found is a call whose hits say that the customer refused.
	Found Kind = ""
	// Sample is a call that somebody answered and whose hits do not say so, chosen by chance: what
	// is confirmed among samples is what the lexicon misses.
	Sample Kind = "sample"
	// Second is a call that was decided, for somebody else to decide on. It freezes nothing.
	Second Kind = "second"
)

// Sampled is what Sampling makes of a suspect.
type Sampled struct {
	Kind Kind
	// Blind hides until the decision what was found, so that samples can't be told from suspects.
	Blind bool
	// Day is the day to whose samples it belongs, "" where none were taken then.
	Day string
	// First is the suspect of which this is the second look, "" for others; Deciders are those who
	// decided on the other of the two, as far as somebody is about to act.
	First    ID
	Deciders []string
	// Repeat is the second look at this suspect, decided or not, and Appealed the suspect whose appeal
	// this second look decides on; both as far as somebody is about to act.
	Repeat, Appealed *Suspect
	// Contested is the appealed decision that a second look decides on, and History, of a Repeat that does, what was
	// decided on it so far, the oldest first; both as far as somebody is about to act.
	Contested *Decision
	History   []Decision
	// Appeal is that of the decision, or of a second look the one that it decides on; nil for none.
	Appeal *Appeal
	// Look is the second look at this suspect, nil where there is none, or none decided.
	Look *Look
	// Lot is by what a candidate is chosen; nil once it was.
	Lot *Lot
}

// Look is how a second look was decided.
type Look struct {
	Suspect ID
	Verdict Verdict
	Class   keywords.Class
	By      string
}

// Hidden reports whether it is hidden what was found.
func (s Suspect) Hidden() bool { return s.Blind && s.Decision == nil }

// Repeated reports whether it is a second look that is to be decided: nobody may tell it from a suspect on which
// nobody has decided yet, whatever was decided on it before.
func (s Suspect) Repeated() bool { return s.Kind == Second && s.Decision == nil }

// Shown is what a reviewer may see of it: of one that is still to be decided neither its kind nor,
// where it is blind, what was found. An appeal is seen where it is about what stands.
func (s Suspect) Shown() Suspect {
	if d := s.Decision; d != nil {
		if a := s.Appeal; a != nil && s.Kind != Second && a.Decision != d.ID &&
			(a.State != AppealOverturned || d.Verdict != Dismiss) {
			s.Appeal = nil
		}
		return s
	}
	if s.Repeated() {
		s.Round = 1
	}
	s.Kind, s.First, s.Look, s.Day, s.Appeal = "", "", nil, "", nil
	s.Repeat, s.Appealed, s.Contested, s.History = nil, nil, nil, nil
	if s.Hidden() {
		s.Hits, s.Score, s.Class = nil, 0, ""
	}
	return s
}

// second is a second look at a suspect that is about to be decided, nil where it gets none. It
// looks just as old as the first, or else its time would tell that it is one.
func (s *Service) second(of Suspect) *Suspect {
	if of.Kind == Second || !s.Sampling.again(of.RecordingID) {
		return nil
	}
	x := of.again()
	return &x
}

// again is a second look at the suspect.
func (s Suspect) again() Suspect {
	x := s
	x.ID = ID(ulid.MustNewDefault(s.CreatedAt).String())
	x.Round, x.Claim, x.Decision, x.Pass, x.UpdatedAt, x.Revision = 1, nil, nil, nil, s.CreatedAt, 1
	x.Sampled = Sampled{Kind: Second, Blind: s.Blind, First: s.ID}
	return x
}

// checkOther refuses a second look to whoever decided the first time, and the first to whoever decided on the
// second look.
func (s Suspect) checkOther(op, by string) error {
	if !slices.Contains(s.Deciders, by) && (s.First == "" || s.Appeal == nil || s.Appeal.By != by) {
		return nil
	}
	return &fault.Error{Op: op, Kind: fault.Precondition, Reason: "DECIDED_BEFORE",
		Subject: s.name(),
		Message: "you decided on this call before, and it is put before somebody else to see " +
			"whether both agree; leave it to another reviewer",
		Meta: map[string]string{"reviewer": by}}
}
