package follow

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/internal/metrics"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
	"github.com/refrain-asr/refrain/seal"
)

// Freezes reads what stands: freezes and entries of the allow list that end after a moment.
// It stops where visit fails, whose error is returned.
type Freezes interface {
	Standing(ctx context.Context, at time.Time, visit func(freeze.Freeze) error) error
	StandingAllows(ctx context.Context, at time.Time, visit func(freeze.Allow) error) error
}

// Follower keeps a server's memory as the database is. All its fields are required.
type Follower struct {
	Table   *gate.Table
	Rules   *calls.Rules
	Metrics *metrics.Metrics
	Freezes Freezes
	Calls   calls.Reader
	// Lexicon brings the lexicon into force that another server activated.
	Lexicon func(context.Context) error
	// Watched is told of each recording that changed. It must be quick.
	Watched func(recording.ID)
	// Reviewed is told of each suspect that was added or changed. It must be quick, too.
	Reviewed func(review.ID)
	Now      func() time.Time
	Logger   *slog.Logger

	// mu is held while what was read is taken over: or else what other servers changed since would be lost.
	mu sync.Mutex
}

// Follow takes changes over: a feed.Follower. All freezes of a transaction are taken over
// at once: where one takes the place of another, whoever asks meanwhile must not miss both.
func (f *Follower) Follow(changes []feed.Change) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var freezes []freeze.Freeze
	for _, c := range changes {
		if c.Kind == feed.Freeze {
			freezes = append(freezes, c.Freeze)
		}
	}
	f.Table.Apply(freezes...)
	for _, c := range changes {
		switch c.Kind {
		case feed.Freeze:
			f.count(c)
		case feed.Allow:
			f.Table.ApplyAllow(c.Allow)
		case feed.Denials:
			if !c.Elsewhere { // or else it is looked up, below
				f.Table.Deny(c.Number, c.Denials)
			}
		case feed.Recording:
			f.Watched(c.RecordingID())
		case feed.Suspect:
			f.Reviewed(review.ID(c.ID))
		case feed.Erased: // its freezes were taken over above, by their names
			f.erase(c)
		case feed.Rules, feed.Lexicon: // whoever activates them puts them in force; of other servers' see below
		case feed.Access: // the guard follows by itself
		}
	}
	return f.lookUp(changes)
}

func (f *Follower) erase(c feed.Change) {
	if !c.Elsewhere {
		f.Table.Erase(c.Number)
		return
	}
	name, err := seal.ParseMAC(c.ID)
	if err != nil { // an older program's: what rules deny is counted anew, below
		name = freeze.MAC{}
	}
	f.Table.EraseNamed(name)
}

// count counts what became of a freeze, and notes what rules did; what people do is noted
// where they do it.
func (f *Follower) count(c feed.Change) {
	switch c.Entry {
	case freeze.Opened:
		f.Metrics.Opened(c.Freeze)
	case freeze.Released:
		f.Metrics.Released(c.Freeze.Release.Cause)
	default:
		return
	}
	if c.Freeze.Rule != "" {
		f.note(c.Freeze)
	}
}

// note logs what a rule did to a freeze.
func (f *Follower) note(x freeze.Freeze) {
	ctx := context.Background() // it is nobody's request: many share a transaction
	name := "freezes/" + string(x.ID)
	if x.Release == nil {
		f.Logger.InfoContext(ctx, "a rule froze a number", "number", x.Number, "rule", x.Rule,
			"version", x.RuleVersion, "calls", x.Evidence.Calls, "freeze", name)
	} else if x.Release.Cause == freeze.Corrected {
		f.Logger.InfoContext(ctx,
			"a rule's freeze was released, because its calls do not say so any more",
			"number", x.Number, "rule", x.Rule, "freeze", name)
	}
}

// Reload takes over the rules that came into force, and what they deny now, in place of
// all that was denied before. Nothing may be reported meanwhile, so that the gate knows of
// every call. Where it fails, the rules or denials before go on; it may be called again.
func (f *Follower) Reload(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reload(ctx)
}

func (f *Follower) reload(ctx context.Context) error {
	if err := f.Rules.Reload(ctx); err != nil {
		return err
	}
	return f.loadDenials(ctx)
}
