package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/internal/metrics"
)

const (
	// clockEvery is how often the clock is looked at.
	clockEvery = 5 * time.Second
	// maxStep is the longest step of the clock that is nobody's concern.
	maxStep = 5 * time.Second
	// maxBehind is how far behind the ledger the clock may be: it is set right bit by bit, too.
	maxBehind = time.Second
	// stepShown is for how long a step is shown.
	stepShown = time.Hour
)

// clockWatch finds steps of the clock, and that it is behind the ledger. Nothing depends on
// it: what was ordered holds at once and for good. But freezes end and people are called by
// the clock, so somebody should look at it. It is safe for concurrent use.
type clockWatch struct {
	now func() time.Time
	// elapsed goes on evenly whatever is done to the clock.
	elapsed func() time.Duration

	mu     sync.Mutex
	wall   time.Time
	at     time.Duration
	steps  metrics.ClockSteps
	step   time.Duration // the last one, and when
	stepAt time.Duration
	behind bool
	// ahead is by how much steps set the clock forward, all together, since it was believed last.
	ahead time.Duration
	// unheeded tells of a step since what goes by the clock was renewed.
	unheeded bool
}

func newClockWatch(now func() time.Time, elapsed func() time.Duration) *clockWatch {
	return &clockWatch{now: now, elapsed: elapsed, wall: now(), at: elapsed()}
}

// look is by how much the clock was set since the last look, 0 where it wasn't.
func (w *clockWatch) look() (step time.Duration) {
	wall, at := w.now(), w.elapsed()
	step = wall.Round(0).Sub(w.wall.Round(0)) - (at - w.at)
	w.wall, w.at = wall, at
	if w.ahead <= maxIdle && at-w.stepAt >= stepShown {
		w.ahead = 0
	}
	switch {
	case step > maxStep:
		w.steps.Forward++
	case step < -maxStep:
		w.steps.Back++
	default:
		return 0
	}
	w.step, w.stepAt, w.unheeded = step, at, true
	w.ahead += step
	return step
}

// leap is by how much the clock was set forward without being right again, as far as it is not to be
// believed yet, 0 where it is. So much that years may have been skipped is not believed until the clock
// was set back, or a start took it as it is: what arrives by such a clock is no proof of it. Less is
// believed after a while in which somebody sees it: a machine that slept looks the same.
func (w *clockWatch) leap() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ahead > maxStep {
		return w.ahead
	}
	return 0
}

// heed tells whether there was a step since the last call.
func (w *clockWatch) heed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.unheeded
	w.unheeded = false
	return was
}

// heedClock has what rules deny counted anew after the clock was set: the gate holds in memory what
// they denied by the clock before.
func (a *App) heedClock(ctx context.Context) {
	if !a.clock.heed() {
		return
	}
	if err := a.calls.Renew(ctx); err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "what rules deny by the clock as it is now could not be counted; trying "+
			"again in 5 seconds", "error", err)
		a.clock.mu.Lock()
		a.clock.unheeded = true
		a.clock.mu.Unlock()
	}
}

// lookAtClock logs what is wrong with the clock when it begins and ends, and says how things
// are: the steps so far, by how much the clock is behind the ledger, and what to tell people.
func (a *App) lookAtClock(ctx context.Context) (metrics.Clock, []string) {
	entered, err := a.db.Freezes.LastEntered(ctx)
	if err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "the ledger's last entry could not be read", "error", err)
	}
	w := a.clock
	w.mu.Lock()
	defer w.mu.Unlock()
	if step := w.look(); step != 0 {
		a.log.WarnContext(ctx, "the system's clock was set, or the machine slept", "by", step)
	}
	state := metrics.Clock{Steps: w.steps}
	if !entered.IsZero() {
		state.Behind = max(entered.Sub(w.wall), 0)
	}
	a.logBehind(ctx, state.Behind > maxBehind, entered)
	return state, w.notes(entered)
}

func (a *App) logBehind(ctx context.Context, behind bool, entered time.Time) {
	w := a.clock
	switch {
	case behind && !w.behind:
		a.log.WarnContext(ctx, "the system's clock is behind the ledger's last entry: what was "+
			"ordered holds, but freezes end and calling hours begin by this clock; set it right",
			"clock", w.wall, "last_entry", entered)
	case !behind && w.behind:
		a.log.InfoContext(ctx, "the system's clock is not behind the ledger any more", "clock", w.wall)
	}
	w.behind = behind
}

func (w *clockWatch) notes(entered time.Time) (notes []string) {
	if w.behind {
		notes = append(notes, fmt.Sprintf("the system's clock is %s behind the ledger's last entry "+
			"(%s); what was ordered holds, but freezes end and calling hours begin by this clock: set "+
			"it right", entered.Sub(w.wall).Round(time.Second), entered.UTC().Format(time.RFC3339)))
	}
	if ago := w.at - w.stepAt; w.step != 0 && ago < stepShown {
		way := "forward, or the machine slept"
		if w.step < 0 {
			way = "back"
		}
		notes = append(notes, fmt.Sprintf("%s ago the system's clock was set by %s (%s)",
			ago.Round(time.Second), w.step.Round(time.Second), way))
	}
	return notes
}

// clockNotes and clockState are for /readyz and the metrics.
func (a *App) clockNotes() []string {
	ctx, cancel := context.WithTimeout(context.Background(), queuePatience)
	defer cancel()
	_, notes := a.lookAtClock(ctx)
	return notes
}

func (a *App) clockState() metrics.Clock {
	ctx, cancel := context.WithTimeout(context.Background(), queuePatience)
	defer cancel()
	state, _ := a.lookAtClock(ctx)
	return state
}
