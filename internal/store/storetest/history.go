package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

func testListCalls(t *testing.T, b *bench) {
	ctx := t.Context()
	var want []string
	for i := range 12 {
		c := call(t, fmt.Sprintf("c%02d", i), i%4, time.Duration(i/3)*time.Second)
		if i%2 == 0 {
			c.Outcome, c.Line, c.Agent = calls.Busy, "sales", "li"
		}
		b.reported(t, c)
		want = append(want, c.ID)
	}
	newestFirst(want)
	read := func(f store.CallFilter) func(*store.Cursor) ([]calls.Call, error) {
		return func(c *store.Cursor) ([]calls.Call, error) {
			f.Before, f.Limit = c, 4
			return b.Calls(ctx, f)
		}
	}
	key := func(c calls.Call) store.Cursor { return store.Cursor{At: c.Start, ID: c.ID} }
	arrive := func() { b.reported(t, call(t, "new", 9, 5*time.Minute)) }
	require.Equal(t, want, pages(t, 4, read(store.CallFilter{}), key, arrive))
	of := func(f store.CallFilter) int { return len(pages(t, 4, read(f), key, func() {})) }
	require.Equal(t, 3, of(store.CallFilter{Number: numberOf(t, 1)}))
	require.Equal(t, 6, of(store.CallFilter{Outcome: calls.Busy}))
	require.Equal(t, 6, of(store.CallFilter{Line: "sales"}))
	require.Equal(t, 6, of(store.CallFilter{Agent: "li"}))
	require.Equal(t, 6, of(store.CallFilter{From: begin.Add(time.Second), Until: begin.Add(3 * time.Second)}))
}

func testEachHistory(t *testing.T, b *bench) {
	ctx := t.Context()
	var many []calls.Call
	for i := range 900 {
		c := call(t, fmt.Sprint("c", i), i%7, time.Duration(-i)*time.Second)
		c.Outcome = calls.NoAnswer
		many = append(many, c)
	}
	b.reported(t, many...)
	b.reported(t, call(t, "early", 20, -3*time.Hour))
	seen := map[number.Number]int{}
	err := b.EachHistory(ctx, begin.Add(-time.Hour), begin, func(n number.Number, h calls.History) error {
		require.Zero(t, seen[n])
		seen[n] = len(h.Calls)
		want, err := b.CallHistory(ctx, n, begin.Add(-time.Hour), begin)
		require.NoError(t, err)
		require.Equal(t, want, h)
		return nil
	})
	require.NoError(t, err)
	require.Len(t, seen, 7)
	require.Equal(t, 129, seen[numberOf(t, 0)])
	boom := errors.New("boom")
	require.Equal(t, boom, b.EachHistory(ctx, begin.Add(-time.Hour), begin, func(number.Number, calls.History) error { return boom }))
}

func testActivateRules(t *testing.T, b *bench) {
	ctx := t.Context()
	_, err := b.ActiveRules(ctx)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	for i := range 2 {
		b.reported(t, call(t, fmt.Sprint("c", i), 1, 0))
	}
	rules := parseRules(t, rulesOfTest[:len(rulesOfTest)-1]+"\n# only one\n")
	rules.Rules[0].Limit = 1
	now := b.later(time.Minute)
	activate := func(id string) (store.Activation, bool) {
		a, again, err := b.ActivateRules(ctx, store.Activation{Version: rules.Version, Source: string(rules.Source()), Actor: "ops"},
			request.Request{Method: "ActivateRules", ID: id}, func(a store.Activation) { b.putInForce(rules, a) })
		require.NoError(t, err)
		return a, again
	}
	first, again := activate("r1")
	require.False(t, again)
	require.Equal(t, now, first.At)
	require.Equal(t, "ops", first.Actor)
	repeated, again := activate("r1")
	require.True(t, again)
	require.Equal(t, first, repeated)
	require.Len(t, b.timeline(), 2, "nothing came into force by the repetition")
	require.Empty(t, b.frozen(t, 1), "earlier calls are judged by the rules of their time")
	b.reported(t, call(t, "later", 2, time.Minute))
	require.Len(t, b.frozen(t, 2), 1)

	b.later(time.Minute)
	second, _ := activate("r2")
	active, err := b.ActiveRules(ctx)
	require.NoError(t, err)
	require.Equal(t, second, active)
	byVersion, err := b.RulesByVersion(ctx, rules.Version)
	require.NoError(t, err)
	require.Equal(t, second, byVersion)
	_, err = b.RulesByVersion(ctx, "other@01234567")
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	all, err := b.RuleHistory(ctx)
	require.NoError(t, err)
	require.Equal(t, []store.Activation{first, second}, all)
	page, err := b.RuleActivations(ctx, &store.Cursor{At: second.At, ID: second.ID}, 5)
	require.NoError(t, err)
	require.Equal(t, []store.Activation{first}, page)
}
