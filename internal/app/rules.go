package app

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// Who activates rules where no person does.
const (
	byConfiguration = "configuration"
	// byRefrain activates the rules that come with the program.
	byRefrain = ""
)

// rules holds the rules that are and were in force, and changes them while the server
// runs. It is safe for concurrent use. The zero rules are those that come with Refrain.
type rules struct {
	db *store.DB
	// fixed says that the configuration gives the rules.
	fixed bool
	// changed is called after a change, while no report and no reservation is taken.
	changed func(context.Context) error

	timeline atomic.Pointer[calls.Timeline]
}

// Timeline is which rules were in force since when.
func (r *rules) Timeline() calls.Timeline {
	if t := r.timeline.Load(); t != nil {
		return *t
	}
	return calls.Timeline{{RuleSet: calls.Default()}}
}

// open reads which rules were in force, and activates those of the configuration, or those
// that a newer Refrain comes with, where they are others. What was in force is kept with
// its source from the first start on: a later program may come with other rules, and what
// the earlier ones froze must stay explained.
func (r *rules) open(ctx context.Context, db *store.DB, cfg config.Config) error {
	r.db = db
	set, err := cfg.RuleSet()
	if err != nil {
		return err
	}
	history, err := db.RuleHistory(ctx)
	if err != nil {
		return err
	}
	r.fixed = set != nil
	by := byConfiguration
	if len(history) > 0 {
		t, err := timeline(history)
		if err != nil {
			return err
		}
		r.timeline.Store(&t)
		if set == nil {
			set, by = chosen(t)
		}
		if t[len(t)-1].RuleSet.Version == set.Version {
			return nil
		}
	} else if set == nil {
		set, by = calls.Default(), byRefrain
	}
	_, err = r.activate(ctx, set, by, "")
	return err
}

func timeline(history []store.Activation) (calls.Timeline, error) {
	t := make(calls.Timeline, len(history))
	for i, a := range history {
		set, err := parsed(a)
		if err != nil {
			return nil, err
		}
		t[i] = calls.Activation{RuleSet: set, Since: a.At, Actor: a.Actor}
	}
	t[0].Since = time.Time{} // calls from before the first start are judged by the first rules
	return t, nil
}

// chosen are the rules where the configuration gives none, and who chose them: those that a
// person activated last, or else those that come with this Refrain. What a configuration
// of earlier gave went with it.
func chosen(t calls.Timeline) (set *calls.RuleSet, by string) {
	for _, a := range slices.Backward(t) {
		if a.Actor != byConfiguration && a.Actor != byRefrain {
			return a.RuleSet, a.Actor
		}
		if a.Actor == byRefrain {
			break
		}
	}
	return calls.Default(), byRefrain
}

func parsed(a store.Activation) (*calls.RuleSet, error) {
	if a.Version == calls.Default().Version {
		return calls.Default(), nil
	}
	set, err := calls.Parse([]byte(a.Source))
	if err != nil {
		return nil, fmt.Errorf("the rules %s, in force since %s, are no longer valid: %w", a.Version, a.At.Format(time.RFC3339), err)
	}
	return set, nil
}

// Activate implements grpcapi.Rules.
func (r *rules) Activate(ctx context.Context, set *calls.RuleSet, by, requestID string) (store.Activation, error) {
	if r.fixed {
		return store.Activation{}, &fault.Error{Op: "rules.Activate", Kind: fault.Precondition, Reason: "RULES_CONFIGURED",
			Message: "the configuration gives the rules (rules); change them there and restart, or take them out"}
	}
	return r.activate(ctx, set, by, requestID)
}

func (r *rules) activate(ctx context.Context, set *calls.RuleSet, by, requestID string) (store.Activation, error) {
	var failed error
	a, _, err := r.db.ActivateRules(ctx, store.Activation{Version: set.Version, Source: string(set.Source()), Actor: by},
		request.Request{Method: "ActivateRules", ID: requestID}, func(a store.Activation) {
			r.add(calls.Activation{RuleSet: set, Since: a.At, Actor: by})
			if r.changed != nil {
				failed = r.changed(context.WithoutCancel(ctx))
			}
		})
	if err != nil { // then it may not be over yet
		return a, err
	}
	return a, failed
}

// add puts rules into the timeline, the first of all since ever.
func (r *rules) add(a calls.Activation) {
	var t calls.Timeline
	if old := r.timeline.Load(); old != nil {
		t = slices.Clone(*old)
	} else {
		a.Since = time.Time{}
	}
	t = append(t, a)
	r.timeline.Store(&t)
}

// loadDenials tells the gate what the rules in force deny now, in place of all that was
// denied before. Nothing may be reported meanwhile, so that it knows of every call.
func (a *App) loadDenials(ctx context.Context) error {
	all := map[number.Number][]calls.Denial{}
	err := a.db.StandingDenials(ctx, a.now(), func(n number.Number, denials []calls.Denial) error {
		all[n] = denials
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for what the rules deny: %w", err)
	}
	a.table.DenyAll(all)
	return nil
}
