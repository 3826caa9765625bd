package review

import (
	"strconv"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
)

// ID names a suspect; a ULID.
type ID string

// DecisionID names a decision; a ULID.
type DecisionID string

// State says how far a suspect has come.
type State string

// The states. Claimed is an open suspect with a lease that has not ended.
const (
	Open      State = "open"
	Claimed   State = "claimed"
	Confirmed State = "confirmed"
	Dismissed State = "dismissed"
)

// Suspect is a call whose hits say that the customer refused.
type Suspect struct {
	ID          ID
	RecordingID string
	CallID      string
	Part        string
	Number      number.Number
	// Virtual tells that the recorder, or the call's report, said that the number stands for
	// whoever used it just then.
	Virtual bool
	Agent   string
	// Line is its recording's; "" where nobody said it yet.
	Line string
	// StartedAt is when the call began, by its recorder or else by the call's report; zero where
	// nobody said it yet.
	StartedAt time.Time
	Hits      []keywords.Hit
	// Score (0..1) is how surely the customer refused.
	Score float64
	// Class is what the hits speak for; see Strongest.
	Class keywords.Class
	// Lexicon is the version that found the hits.
	Lexicon string
	// Round counts from 1; one more with every reverted decision.
	Round int
	// FreezeFrom is when the freeze begins that a confirmation opens: the call, where that was
	// judged long after it; zero for the moment of the decision.
	FreezeFrom time.Time
	// Claim is the last claim, nil where there was none or it was given up.
	Claim *Claim
	// Decision is the one that stands, nil where there is none.
	Decision *Decision
	// Pass is set where somebody left it to a supervisor.
	Pass      *Pass
	CreatedAt time.Time
	UpdatedAt time.Time
	// Revision counts the changes, for ETag.
	Revision int64

	Sampled
}

// ETag changes with every change of the suspect.
func (s Suspect) ETag() string { return strconv.FormatInt(s.Revision, 36) }

// State at that moment: a claim ends by itself.
func (s Suspect) State(now time.Time) State {
	switch {
	case s.Decision != nil && s.Decision.Verdict == Confirm:
		return Confirmed
	case s.Decision != nil:
		return Dismissed
	case s.Claim != nil && now.Before(s.Claim.Until):
		return Claimed
	}
	return Open
}

// Claim keeps a suspect for one reviewer until a time.
type Claim struct {
	By    string
	Until time.Time
	// At is when he claimed it, however often he prolonged that since; zero where that is not known.
	At time.Time
}

// Verdict is what a reviewer decides.
type Verdict string

// The verdicts.
const (
	Confirm Verdict = "confirmed"
	Dismiss Verdict = "dismissed"
)

// Decision is a reviewer's verdict on a suspect.
type Decision struct {
	ID      DecisionID
	Round   int
	Verdict Verdict
	// Class is the class that was confirmed, "" for a dismissal.
	Class keywords.Class
	By    string
	At    time.Time
	// Claimed is when he had claimed the suspect; zero where he hadn't, or that is not known.
	Claimed time.Time
	Note    string
	Hits    []HitDecision
	// Freeze is the freeze that a confirmation made.
	Freeze freeze.ID
	// Over is when the freeze of a confirmation would have ended, where that was before the
	// decision, so that none was opened: the call is that old. Else it is zero.
	Over time.Time
	// Reversal is set where the decision was taken back.
	Reversal *Reversal
}

// HitDecision says whether one hit was right.
type HitDecision struct {
	// Hit is an index into the suspect's hits.
	Hit     int  `json:"hit"`
	Correct bool `json:"correct"`
}

// Reversal says who took a decision back, when and why.
type Reversal struct {
	By     string
	At     time.Time
	Reason string
}

// Strongest is the class that the hits speak for most, vetoed ones aside: that with
// the highest 1 − Π(1 − score) over its hits; of equal ones the one heard first. It
// is "" without such a hit.
func Strongest(hits []keywords.Hit) keywords.Class {
	unsure := map[keywords.Class]float64{}
	for _, h := range hits {
		if _, seen := unsure[h.Class]; !seen {
			unsure[h.Class] = 1
		}
		if h.Veto == nil {
			unsure[h.Class] *= 1 - h.Score
		}
	}
	var best keywords.Class
	least := 1.0
	for _, h := range hits {
		if u := unsure[h.Class]; u < least {
			best, least = h.Class, u
		}
	}
	return best
}
