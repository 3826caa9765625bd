package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
)

// news is what the feed told: all of it, and the latest of each.
type news struct {
	told    []feed.Change
	changed map[recording.ID]int
	heard   map[freeze.ID]freeze.Freeze
	allowed []freeze.Allow
	denials map[number.Number][]calls.Denial
}

// follow takes over what the feed tells.
func (b *bench) follow(changes []feed.Change) error {
	for _, c := range changes {
		if c.Kind == feed.Rules {
			if err := b.putInForce(); err != nil {
				return err
			}
		}
	}
	if err := b.lookUpDenials(changes); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told = append(b.told, changes...)
	for _, c := range changes {
		b.hear(c)
	}
	return nil
}

// lookUpDenials adds what rules deny to changes of other servers, which don't tell.
func (b *bench) lookUpDenials(changes []feed.Change) error {
	for i := range changes {
		c := &changes[i]
		if !c.Elsewhere || c.Kind != feed.Denials {
			continue
		}
		rules, now := b.timeline(), b.clock()
		h, err := b.callHistory(context.Background(), c.Number, now.Add(-rules.Reach()), now.Add(calls.MaxAhead))
		if err != nil {
			return err
		}
		c.Denials = rules.Denials(h, now)
	}
	return nil
}

func (b *bench) hear(c feed.Change) {
	switch c.Kind { //nolint:exhaustive // rules are read anew, and nothing here follows lexicons
	case feed.Freeze:
		b.table.Apply(c.Freeze)
		b.heard[c.Freeze.ID] = c.Freeze
	case feed.Allow:
		b.table.ApplyAllow(c.Allow)
		b.allowed = append(b.allowed, c.Allow)
	case feed.Denials:
		b.denials[c.Number] = c.Denials
	case feed.Recording:
		b.changed[c.RecordingID()]++
	}
}

// heardOf is what the gate heard last of a freeze.
func (b *bench) heardOf(t testing.TB, id freeze.ID) freeze.Freeze {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Contains(t, b.heard, id)
	return b.heard[id]
}

// denied is what the gate heard last of the i-th number.
func (b *bench) denied(t testing.TB, i int) []calls.Denial {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.denials[numberOf(t, i)]
}

// lastAllowed is what the gate heard last of the allow list.
func (b *bench) lastAllowed(t *testing.T) freeze.Allow {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.NotEmpty(t, b.allowed)
	return b.allowed[len(b.allowed)-1]
}

func (b *bench) changes(id recording.ID) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed[id]
}
