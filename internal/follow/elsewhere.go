package follow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/number"
)

// patience is for how long what other servers changed may take to be read.
const patience = 30 * time.Second

// lookUp reads what changes of other servers don't tell: rules and lexicons, and what rules deny.
func (f *Follower) lookUp(changes []feed.Change) error {
	var numbers []number.Number
	kinds, unnamed := map[feed.Kind]bool{}, false
	for _, c := range changes {
		if !c.Elsewhere {
			continue
		}
		kinds[c.Kind] = true
		if c.Kind == feed.Denials && !c.Number.IsZero() {
			numbers = append(numbers, c.Number)
		}
		unnamed = unnamed || c.Kind == feed.Erased && c.ID == ""
	}
	if len(kinds) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience) // it is nobody's request
	defer cancel()
	var errs []error
	if kinds[feed.Lexicon] {
		errs = append(errs, f.Lexicon(ctx))
	}
	if kinds[feed.Rules] || unnamed { // and all that they deny
		return errors.Join(append(errs, f.reload(ctx))...)
	}
	return errors.Join(append(errs, f.deny(ctx, numbers))...)
}

// deniedAtOnce is how many numbers are looked up at once.
const deniedAtOnce = 1000

// deny takes over what the rules deny of numbers now.
func (f *Follower) deny(ctx context.Context, numbers []number.Number) error {
	rules, now := f.Rules.Timeline().Present(), f.Now()
	window := calls.Span{From: now.Add(-rules.Reach()), To: now.Add(calls.MaxAhead)}
	slices.SortFunc(numbers, func(a, b number.Number) int { return int(a.Digits()) - int(b.Digits()) })
	numbers = slices.Compact(numbers)
	for some := range slices.Chunk(numbers, deniedAtOnce) {
		histories, err := f.Calls.Histories(ctx, some, window, rules)
		if err != nil {
			return fmt.Errorf("look for what the rules deny: %w", err)
		}
		for _, n := range some {
			f.Table.Deny(n, rules.Denials(*histories[n], now))
		}
	}
	return nil
}
