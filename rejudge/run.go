package rejudge

import (
	"strconv"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/recording"
)

// ID names a run; a ULID.
type ID string

// State says how far a run has come.
type State string

// The states. One run judges at a time: Queued ones wait for it. Opening is a run that has
// judged everything and still opens suspects, so many a day.
const (
	Queued    State = "queued"
	Running   State = "running"
	Paused    State = "paused"
	Opening   State = "opening"
	Done      State = "done"
	Cancelled State = "cancelled"
	Failed    State = "failed"
)

// Final reports whether nothing more will happen to the run.
func (s State) Final() bool { return s == Done || s == Cancelled || s == Failed }

// Run judges recordings again.
type Run struct {
	ID        ID
	State     State
	Selection Selection
	// Apply stores what changes and opens suspects; without it the run only tells.
	Apply bool
	// Speech hears the recordings again first, with the model that the server has now.
	Speech bool
	// PerDay is how many suspects may be opened in a day by this and all other runs together.
	PerDay int
	// Lexicon is the version that the run judges by: that in force when it was created, or the one
	// that it tries.
	Lexicon string
	// Trial tells that the run tries a lexicon that came with its order. It applies nothing.
	Trial bool
	// Actor is who created it.
	Actor string
	// Problem says why it failed, also while it still opens what it had found.
	Problem string
	// Cursor is the last recording that is done with, Last that with which the run ends: what
	// came later was judged by the lexicon anyway.
	Cursor, Last recording.ID
	// Total is how many recordings were chosen when it began, Done how many are done with.
	Total, Done int
	Tally       Tally
	CreatedAt   time.Time
	// StartedAt and EndedAt are zero before.
	StartedAt, EndedAt time.Time
	UpdatedAt          time.Time
	// Revision counts the changes, for ETag.
	Revision int64
}

// Name is the run's resource name.
func (r Run) Name() string { return "runs/" + string(r.ID) }

// ETag changes with every change of the run.
func (r Run) ETag() string { return strconv.FormatInt(r.Revision, 36) }

// Judged reports whether the run has come to its last recording.
func (r Run) Judged() bool { return !r.StartedAt.IsZero() && r.Cursor >= r.Last }

func (r Run) refused(op, reason, message string) error {
	return &fault.Error{Op: op, Kind: fault.Precondition, Reason: reason, Subject: r.Name(),
		Message: message}
}

// paused is the run after it was told to pause.
func (r Run) paused() (Run, error) {
	if r.State.Final() {
		return r, r.refused("rejudge.Pause", "RUN_ENDED", "it is "+string(r.State)+"; there is nothing to pause")
	}
	r.State = Paused
	return r, nil
}

// resumed is the run with its turn to come again. It goes on where it was.
func (r Run) resumed() (Run, error) {
	if r.State != Paused {
		return r, r.refused("rejudge.Resume", "NOT_PAUSED", "it is "+string(r.State)+"; only a paused run goes on")
	}
	r.State = Queued
	if r.Judged() {
		r.State = Opening
	}
	return r, nil
}

// cancelled is the run given up. What it has stored stays.
func (r Run) cancelled(now time.Time) (Run, error) {
	if r.State.Final() {
		return r, r.refused("rejudge.Cancel", "RUN_ENDED", "it is "+string(r.State)+"; there is nothing to cancel")
	}
	return r.ended(Cancelled, now), nil
}

// failed is the run that can't judge on. The refusals that it found are opened all the same.
func (r Run) failed(problem string, now time.Time) Run {
	r.Problem = problem
	if r.Tally.Waiting == 0 || r.StartedAt.IsZero() {
		return r.ended(Failed, now)
	}
	r.State, r.Last = Opening, r.Cursor
	return r
}

func (r Run) ended(s State, now time.Time) Run {
	r.State, r.EndedAt = s, now
	return r
}

// begun is the run once it is known what it has to judge.
func (r Run) begun(s Survey, now time.Time) Run {
	r.State = Running
	if r.StartedAt.IsZero() {
		r.StartedAt, r.Last, r.Total = now, s.Last, s.Total
	}
	return r
}

// After is the run once a portion is done with. It is for the store, which keeps both in one
// transaction.
func (r Run) After(p Portion, written Tally, now time.Time) Run {
	r.Cursor, r.Done = p.Cursor, r.Done+p.Count
	r.Tally = r.Tally.Plus(p.Tally).Plus(written)
	return r.settled(now)
}

// Opened is the run once some of its suspects were opened. It is for the store, likewise.
func (r Run) Opened(written Tally, now time.Time) Run {
	r.Tally = r.Tally.Plus(written)
	return r.settled(now)
}

// settled ends a run that has judged everything, once no suspect waits any more.
func (r Run) settled(now time.Time) Run {
	switch {
	case r.State != Running && r.State != Opening || !r.Judged():
	case r.Tally.Waiting > 0:
		r.State = Opening
	case r.Problem != "":
		return r.ended(Failed, now)
	default:
		return r.ended(Done, now)
	}
	return r
}
