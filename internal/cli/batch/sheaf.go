package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/cli/batch/record"
)

// sheafSize is how many calls share windows, where calls do: enough that hardly a window is heard half
// empty, and so few that little is lost with those in flight.
const sheafSize = 16

// sheaf is calls that follow each other, and that are heard and kept together. What is heard of one
// may depend on the others, and on nothing else.
type sheaf []*call

// hear hears the calls of a sheaf that are to be heard, and gives those of which there is something new: with
// what was heard, or with their error.
func (b *batch) hear(ctx context.Context, missing, there sheaf) (sheaf, error) {
	readable, failed := b.inspect(ctx, missing)
	set, err := b.withTheirs(ctx, readable, there)
	if err == nil {
		set, err = b.hearAll(ctx, set)
	}
	if err != nil {
		return nil, err
	}
	with := b.heardWith(set)
	for _, c := range readable {
		if c.err != nil {
			continue
		}
		if err := b.keep(c, with); err != nil {
			return nil, err
		}
	}
	return append(readable, failed...), ctx.Err()
}

// mostDeaths is how often a sheaf is heard again after the engine died of who knows which call.
const mostDeaths = 2

// hearAll hears calls until a run of them goes through, leaving those out that fail: what was heard
// beside a window that failed depends on when it did. It gives the calls of that run.
func (b *batch) hearAll(ctx context.Context, set sheaf) (sheaf, error) {
	bad := func(c *call) bool { return c.err != nil }
	for deaths := 0; len(set) > 0; {
		if err := b.hearSet(ctx, set); err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(set, bad) {
			break
		}
		died := func(c *call) bool { return errors.Is(c.err, asr.ErrDied) }
		if slices.ContainsFunc(set, died) && deaths < mostDeaths {
			deaths++
			continue
		}
		set = without(set, bad)
	}
	return set, nil
}

// without is a set of calls without some, and of is those.
func without(s sheaf, which func(*call) bool) sheaf { return slices.DeleteFunc(slices.Clone(s), which) }

func of(s sheaf, which func(*call) bool) sheaf {
	return without(s, func(c *call) bool { return !which(c) })
}

// inspect finds out what the calls' files are. Those that can't be read don't touch the others.
func (b *batch) inspect(ctx context.Context, calls sheaf) (readable, failed sheaf) {
	bad := func(c *call) bool { return c.err != nil }
	b.each(ctx, without(calls, bad), func(c *call) error {
		src, err := c.open(ctx, b.hearer.Setup)
		if err == nil {
			c.known, err = b.hearer.Inspect(ctx, src)
		}
		return err
	})
	return without(calls, bad), of(calls, bad)
}

// each works on calls side by side, a few at a time since each takes memory and a processor.
func (b *batch) each(ctx context.Context, calls sheaf, f func(*call) error) {
	var all sync.WaitGroup
	for _, c := range calls {
		if err := b.room.Acquire(ctx, 1); err != nil {
			c.err = err
			continue
		}
		all.Go(func() {
			defer b.room.Release(1)
			c.err = f(c)
		})
	}
	all.Wait()
}

// withTheirs are the calls to be heard, with those that shared windows with them in a run that was
// stopped before all of them were kept: only beside them is the same heard again.
func (b *batch) withTheirs(ctx context.Context, readable, there sheaf) (sheaf, error) {
	if !b.hearer.Shares || len(readable) == 0 {
		return readable, nil
	}
	tried := map[uint64]bool{0: true}
	for _, c := range there {
		if tried[c.mark.With] {
			continue
		}
		tried[c.mark.With] = true
		theirs := of(there, func(x *call) bool { return x.mark.With == c.mark.With })
		set := inOrder(append(slices.Clone(readable), theirs...))
		if record.Hash(b.heardWith(set)) != c.mark.With {
			continue
		}
		if _, failed := b.inspect(ctx, theirs); len(failed) > 0 {
			return nil, fmt.Errorf("%s: %w", failed[0].item, failed[0].err)
		}
		return set, nil
	}
	return readable, nil
}

func inOrder(s sheaf) sheaf {
	slices.SortStableFunc(s, func(a, b *call) int { return cmp.Compare(a.place, b.place) })
	return s
}

// heardWith names a set of calls that share windows, "" where none do.
func (b *batch) heardWith(set sheaf) string {
	if !b.hearer.Shares {
		return ""
	}
	var names strings.Builder
	for _, c := range set {
		names.WriteString(c.told.SHA256 + " " + c.told.Settings + "\n")
	}
	return fmt.Sprintf("%016x", record.Hash(names.String()))
}

// hearSet hears calls beside each other: all customers, then the agents where that is wanted. Those that
// fail have their error afterwards; the one returned is of the engine.
func (b *batch) hearSet(ctx context.Context, set sheaf) error {
	b.together(set, func(c *call, cfg asr.Config) (err error) {
		c.side = nil
		var stats asr.Stats
		c.customer, stats, err = b.hearer.Customer(ctx, c.known, cfg)
		b.sums.heard(stats)
		if err == nil {
			c.only, c.wanted = b.hearer.Wants(c.known, c.customer)
		}
		return err
	})
	agents := of(set, func(c *call) bool { return c.err == nil && c.wanted })
	b.together(agents, func(c *call, cfg asr.Config) error {
		t, stats, err := b.hearer.Agent(ctx, c.known, c.only, cfg)
		c.side = &t
		b.sums.prepared(stats)
		return err
	})
	for _, c := range set {
		if c.err != nil && (ctx.Err() != nil || engineGone(c.err)) {
			return c.err
		}
	}
	return nil
}

// engineGone tells that nothing can be heard any more, whatever the call.
func engineGone(err error) bool {
	return errors.Is(err, asr.ErrModel) || errors.Is(err, asr.ErrClosed) || errors.Is(err, asr.ErrUnavailable)
}

// together hears a side of calls that share windows.
func (b *batch) together(calls sheaf, hear func(*call, asr.Config) error) {
	cfg := asr.Config{Now: b.Now}
	if b.hearer.Shares && len(calls) > 0 {
		cfg.Mixer = asr.NewSheaf(len(calls))
	}
	var all sync.WaitGroup
	for i, c := range calls {
		own := cfg
		own.Place = i
		all.Go(func() {
			c.err = hear(c, own)
			if own.Mixer != nil {
				own.Mixer.Absent(own.Place)
			}
		})
	}
	all.Wait()
}
