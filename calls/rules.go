package calls

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/request"
)

// Who activates rules where no person does.
const (
	byConfiguration = "configuration"
	// byRefrain activates the rules that come with the program.
	byRefrain = ""
)

// RuleStore keeps the rules that are and were in force.
type RuleStore interface {
	// History lists all activations, the oldest first.
	History(ctx context.Context) ([]RuleVersion, error)
	// ByName is the latest activation of that version; NotFound where there was none.
	ByName(ctx context.Context, version string) (RuleVersion, error)
	// List lists activations, newest first, from before a cursor on, 100 where limit is 0.
	List(ctx context.Context, before *request.Cursor, limit int) ([]RuleVersion, error)
}

// Rules are the rules that are and were in force. They are safe for concurrent use. What
// was in force is kept with its source from the first start on: a later program may come
// with other rules, and what the earlier ones froze must stay explained.
type Rules struct {
	RuleStore
	// fixed are the rules that the configuration gives, nil where it gives none.
	fixed    *RuleSet
	timeline atomic.Pointer[Timeline]
}

// OpenRules reads which rules were in force. Fixed are those of the configuration, nil for
// none.
func OpenRules(ctx context.Context, store RuleStore, fixed *RuleSet) (*Rules, error) {
	r := &Rules{RuleStore: store, fixed: fixed}
	err := r.Reload(ctx)
	return r, err
}

// Timeline is which rules were in force since when; those that come with Refrain where
// none ever were.
func (r *Rules) Timeline() Timeline { return *r.timeline.Load() }

// Reload reads the timeline again, after a version came into force.
func (r *Rules) Reload(ctx context.Context) error {
	history, err := r.History(ctx)
	if err != nil {
		return err
	}
	t, err := timelineOf(history)
	if err == nil {
		r.timeline.Store(&t)
	}
	return err
}

func timelineOf(history []RuleVersion) (Timeline, error) {
	if len(history) == 0 {
		return Timeline{{RuleSet: Default()}}, nil
	}
	t := make(Timeline, len(history))
	for i, v := range history {
		set, err := v.ruleSet()
		if err != nil {
			return nil, err
		}
		t[i] = Activation{RuleSet: set, Since: v.At, Actor: v.Actor}
	}
	t[0].Since = time.Time{} // calls from before the first start are judged by the first rules
	return t, nil
}

func (v RuleVersion) ruleSet() (*RuleSet, error) {
	if v.Version == Default().Version {
		return Default(), nil
	}
	set, _, err := read([]byte(v.Source)) // which was complete when it came into force
	if err != nil {
		return nil, fmt.Errorf("the rules %s, in force since %s, are no longer valid: %w",
			v.Version, v.At.Format(time.RFC3339), err)
	}
	return set, nil
}

// Start activates, at the start of a server, the rules of the configuration, or those that
// a newer Refrain comes with, where they are others than were in force last.
func (r *Rules) Start(ctx context.Context, s *Service) error {
	history, err := r.History(ctx)
	if err != nil {
		return err
	}
	set, by := r.fixed, byConfiguration
	if set == nil {
		set, by = r.Timeline().chosen(len(history))
	}
	if len(history) > 0 && history[len(history)-1].Version == set.Version {
		return nil
	}
	_, err = s.Activate(ctx, request.Request{}, set, by)
	return err
}

// chosen are the rules where the configuration gives none, and who chose them: those that a
// person activated last, or else those that come with this Refrain. What a configuration
// of earlier gave went with it.
func (t Timeline) chosen(activations int) (set *RuleSet, by string) {
	for _, a := range slices.Backward(t[:activations]) {
		if a.Actor != byConfiguration && a.Actor != byRefrain {
			return a.RuleSet, a.Actor
		}
		if a.Actor == byRefrain {
			break
		}
	}
	return Default(), byRefrain
}

// CheckChange refuses, as fault.Precondition, to change rules that the configuration gives.
func (r *Rules) CheckChange() error {
	if r.fixed == nil {
		return nil
	}
	return &fault.Error{Op: "rules.Activate", Kind: fault.Precondition, Reason: "RULES_CONFIGURED",
		Message: "the configuration gives the rules (rules); change them there and restart, or " +
			"take them out"}
}

// ShippedRules is the name of the rules that come with Refrain, in place of a version.
const ShippedRules = "shipped"

// Version finds rules: those in force where version is "", the shipped ones, or those of an earlier version; and their latest activation, zero where there was none.
// NotFound where that version was never in force.
func (r *Rules) Version(
	ctx context.Context, version string,
) (*RuleSet, RuleVersion, error) {
	switch version {
	case "":
		version = r.Timeline().Last().Version
	case ShippedRules:
		version = Default().Version
	}
	v, err := r.ByName(ctx, version)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return nil, v, err
	}
	if version == Default().Version {
		return Default(), v, nil
	}
	for _, known := range r.Timeline() {
		if known.RuleSet.Version == version {
			return known.RuleSet, v, nil
		}
	}
	if err != nil {
		return nil, v, err
	}
	set, err := v.ruleSet()
	return set, v, err
}
