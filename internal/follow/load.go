package follow

import (
	"context"
	"fmt"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// Load fills the gate's table with what stands now.
func (f *Follower) Load(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.Now()
	err := f.Freezes.Standing(ctx, now, func(x freeze.Freeze) error {
		f.Table.Apply(x)
		return nil
	})
	if err != nil {
		return err
	}
	err = f.Freezes.StandingAllows(ctx, now, func(x freeze.Allow) error {
		f.Table.ApplyAllow(x)
		return nil
	})
	if err != nil {
		return err
	}
	return f.loadDenials(ctx)
}

func (f *Follower) loadDenials(ctx context.Context) error {
	all := map[number.Number][]calls.Denial{}
	keep := func(n number.Number, denials []calls.Denial) error {
		all[n] = denials
		return nil
	}
	if err := f.Rules.Timeline().Present().Denied(ctx, f.Calls, f.Now(), keep); err != nil {
		return fmt.Errorf("look for what the rules deny: %w", err)
	}
	f.Table.DenyAll(all)
	return nil
}
