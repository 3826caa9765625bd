package rejudge

import (
	"reflect"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// Past is a recording that was judged.
type Past struct {
	// Of is the recording as suspects are made of it.
	Of           review.Heard
	AnswerOffset time.Duration
	// Revision counts the recording's verdicts.
	Revision int64
	// Decided is what a reviewer decided on the recording, "" for nothing so far, and Sample that it
	// was no suspect but a blind sample.
	Decided review.Verdict
	Sample  bool
	// Suspect is the recording's, "" where it has none, or only a sample that is not decided.
	Suspect review.ID
	// Read reads what was heard in it and what was made of that. It may be called once, from
	// any goroutine.
	Read func() (Reading, error)
}

// ID names the recording.
func (p Past) ID() recording.ID { return recording.ID(p.Of.RecordingID) }

// Reading is what was heard in a recording, and the verdict on that.
type Reading struct {
	Customer, Agent asr.Transcript
	Verdict         keywords.Verdict
}

// Kind says how a verdict changes.
type Kind string

// The kinds. Rescored verdicts say the same by other hits or with another score. Unreadable is
// a recording that could not be judged again.
const (
	Same       Kind = ""
	Gained     Kind = "gained"
	Lost       Kind = "lost"
	OtherClass Kind = "class"
	Rescored   Kind = "rescored"
	Unreadable Kind = "failed"
)

// Outcome is what becomes of a recording that was judged again.
type Outcome struct {
	Past
	Kind Kind
	// Before is the verdict that stands, Verdict the new one.
	Before, Verdict    keywords.Verdict
	Class, ClassBefore keywords.Class
	// Heard are the transcripts, where the recording was heard again.
	Heard []asr.Transcript
	// Text is what the new verdict goes by, or what was said where it finds nothing; or why the
	// recording could not be judged. Numbers in it are masked.
	Text string
}

// outcome compares what stands with a new verdict.
func outcome(p Past, r Reading, v keywords.Verdict) Outcome {
	o := Outcome{Past: p, Before: r.Verdict, Verdict: v,
		Class: review.Strongest(v.Hits), ClassBefore: review.Strongest(r.Verdict.Hits)}
	switch {
	case v.Suspect && !o.Before.Suspect:
		o.Kind = Gained
	case o.Before.Suspect && !v.Suspect:
		o.Kind = Lost
	case v.Suspect && o.Class != o.ClassBefore:
		o.Kind = OtherClass
	case !alike(o.Before, v):
		o.Kind = Rescored
	}
	if o.Listed() {
		o.Text = Excerpt(r.Customer, v)
	}
	return o
}

// Listed reports whether the change is told one by one.
func (o Outcome) Listed() bool { return o.Kind != Same && o.Kind != Rescored }

// alike reports whether two verdicts say the same, whichever lexicon gave them.
func alike(a, b keywords.Verdict) bool {
	if a.Score != b.Score || a.Suspect != b.Suspect || a.Review != b.Review ||
		a.AnsweredBy != b.AnsweredBy || len(a.Hits) != len(b.Hits) {
		return false
	}
	return len(a.Hits) == 0 || reflect.DeepEqual(a.Hits, b.Hits)
}

// Fate says what was done about a change.
type Fate string

// The fates. Waiting ones wait for a day with room for another suspect. Kept ones were left
// alone as a reviewer has decided. Outdated ones, as the recording was judged anew meanwhile.
// Dropped ones waited when the run was cancelled.
const (
	Reported Fate = "reported"
	Applied  Fate = "applied"
	Waiting  Fate = "waiting"
	Kept     Fate = "kept"
	Outdated Fate = "outdated"
	Dropped  Fate = "dropped"
)

// Change is a change that a run found, as it is listed.
type Change struct {
	Recording    recording.ID
	CallID, Part string
	Number       number.Number
	// Called is when the call began.
	Called             time.Time
	Kind               Kind
	Fate               Fate
	Class, ClassBefore keywords.Class
	Score, ScoreBefore float64
	Text               string
	// Suspect is the recording's, "" where it has none.
	Suspect review.ID
	// Decided is what stands of reviewers' decisions on it, "" for nothing so far.
	Decided review.Verdict
	// OpenedAt is when the run opened it, else zero.
	OpenedAt time.Time
}

// ChangeFilter selects changes for lists. Zero fields but Run select all.
type ChangeFilter struct {
	Run  ID
	Kind Kind
	Fate Fate
	// After continues a list: only those of later recordings.
	After recording.ID
	// Limit is how many there may be, 100 where it is 0.
	Limit int
}
