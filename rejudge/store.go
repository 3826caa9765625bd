package rejudge

import (
	"context"
	"time"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// Runs keeps runs.
type Runs interface {
	// CreateRun adds a run and returns it with its Revision, and keeps the source of the lexicon that
	// it tries, "" for none. A repeated req adds nothing and returns the first one as it is by now;
	// Invalid where its ID was used for something else.
	CreateRun(ctx context.Context, req request.Request, r Run, lexicon string) (Run, error)
	// LexiconSource is the source of the lexicon that a run tries. NotFound where it tries none.
	LexiconSource(ctx context.Context, id ID) (string, error)
	// ChangeRun loads a run, hands it to change, and writes what change returns, in one
	// transaction; it raises the Revision. Where the run is cancelled, its changes that wait
	// are dropped. An error of change is returned as it is, and nothing is written. NotFound
	// where there is no such run; a repeated req changes nothing and returns it as it is.
	ChangeRun(ctx context.Context, id ID, req request.Request, change func(Run) (Run, error)) (Run,
		error)
	// NextRun is the run to go on with: the one that is Running, or else the oldest that is
	// Queued; ok is false where there is neither.
	NextRun(ctx context.Context) (r Run, ok bool, err error)
}

// Archive is what was judged.
type Archive interface {
	// Survey counts what a selection chooses.
	Survey(ctx context.Context, s Selection) (Survey, error)
	// Portion reads up to limit of the recordings chosen, by their ids: those after the one and
	// up to the other.
	Portion(ctx context.Context, s Selection, after, last recording.ID, limit int) ([]Past, error)
	// Newest reads up to limit of the recordings chosen, those that came last first.
	Newest(ctx context.Context, s Selection, limit int) ([]Past, error)
}

// Portion is what became of some recordings that follow each other.
type Portion struct {
	Run ID
	// Cursor is the last of them, Count how many there were.
	Cursor recording.ID
	Count  int
	// Tally counts them all.
	Tally Tally
	// Outcomes are those that are not Same.
	Outcomes []Outcome
}

// Outcomes keeps what runs find.
type Outcomes interface {
	// KeepPortion keeps a portion, and the run with its cursor as Run.After has it, in one
	// transaction, and returns the run. Where the run is not Running any more, it writes
	// nothing and returns it as it is.
	//
	// Without Run.Apply the changes are listed as Reported. With it, the verdict and what was
	// heard are stored where the recording's verdict is still that of Past.Revision (else it is
	// Outdated) and no reviewer has decided on its suspect (else it is Kept). A suspect that
	// waits for a decision rests on the new verdict from then on (review.Suspect.Rejudged).
	// Where there is none and the verdict makes one, nothing is stored and the change is
	// Waiting.
	KeepPortion(ctx context.Context, p Portion) (Run, error)
	// OpenSuspects opens suspects for changes that wait, in the order of their runs and
	// recordings, as long as fewer than Run.PerDay were opened since the day began. With each
	// the verdict is stored that it rests on; what has become outdated, or was decided on, is
	// not opened. Runs that are Paused wait. It returns how many it opened.
	OpenSuspects(ctx context.Context, day time.Time, open func(review.Heard,
		keywords.Verdict) (review.Suspect, bool)) (int, error)
}
