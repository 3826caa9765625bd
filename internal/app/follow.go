package app

import (
	"context"
	"fmt"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/number"
)

// follow keeps what this server holds in memory as the database is: the gate's table, the
// rules in force, who watches recordings, and the counters.
func (a *App) follow(changes []feed.Change) error {
	for _, c := range changes {
		switch c.Kind {
		case feed.Freeze:
			a.table.Apply(c.Freeze)
			a.count(c)
		case feed.Allow:
			a.table.ApplyAllow(c.Allow)
		case feed.Denials:
			a.table.Deny(c.Number, c.Denials)
		case feed.Recording:
			a.watchers.Changed(c.RecordingID())
		case feed.Rules:
			if err := a.reloadRules(context.Background()); err != nil { // it is nobody's request
				return err
			}
		case feed.Lexicon: // whoever activates it puts it in force
		}
	}
	return nil
}

// count counts what became of a freeze, and notes what rules did; what people do is noted
// where they do it.
func (a *App) count(c feed.Change) {
	f := c.Freeze
	switch c.Entry {
	case freeze.Opened:
		a.metrics.Opened(f)
	case freeze.Released:
		a.metrics.Released(f.Release.Cause)
	default:
		return
	}
	if f.Rule == "" {
		return
	}
	ctx := context.Background() // it is nobody's request: many share a transaction
	if f.Release == nil {
		a.log.InfoContext(ctx, "a rule froze a number", "number", f.Number, "rule", f.Rule,
			"version", f.RuleVersion,
			"calls", f.Evidence.Calls, "freeze", "freezes/"+string(f.ID))
	} else if f.Release.Cause == freeze.Corrected {
		a.log.InfoContext(ctx, "a rule's freeze was released, because its calls do not say so "+
			"any more", "number", f.Number, "rule", f.Rule,
			"freeze", "freezes/"+string(f.ID))
	}
}

// reloadRules takes over the rules that came into force, and what they deny now, in place
// of all that was denied before. Nothing is reported meanwhile, so that the gate knows of
// every call.
func (a *App) reloadRules(ctx context.Context) error {
	if err := a.rules.Reload(ctx); err != nil {
		return err
	}
	return a.loadDenials(ctx)
}

// loadGate fills the gate's table.
func (a *App) loadGate(ctx context.Context) error {
	now := a.now()
	err := a.db.Freezes.Standing(ctx, now,
		func(f freeze.Freeze) error { a.table.Apply(f); return nil })
	if err != nil {
		return err
	}
	err = a.db.Freezes.StandingAllows(ctx, now,
		func(x freeze.Allow) error { a.table.ApplyAllow(x); return nil })
	if err != nil {
		return err
	}
	return a.loadDenials(ctx)
}

func (a *App) loadDenials(ctx context.Context) error {
	all := map[number.Number][]calls.Denial{}
	err := a.rules.Timeline().Denied(ctx, a.db.Calls, a.now(),
		func(n number.Number, denials []calls.Denial) error {
			all[n] = denials
			return nil
		})
	if err != nil {
		return fmt.Errorf("look for what the rules deny: %w", err)
	}
	a.table.DenyAll(all)
	return nil
}
