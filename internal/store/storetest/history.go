package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
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
	read := func(f calls.Filter) func(*request.Cursor) ([]calls.Call, error) {
		return func(c *request.Cursor) ([]calls.Call, error) {
			f.Before, f.Limit = c, 4
			return b.Calls.List(ctx, f, b.timeline())
		}
	}
	key := func(c calls.Call) request.Cursor { return request.Cursor{At: c.Start, ID: c.ID} }
	arrive := func() { b.reported(t, call(t, "new", 9, 5*time.Minute)) }
	require.Equal(t, want, pages(t, 4, read(calls.Filter{}), key, arrive))
	of := func(f calls.Filter) int { return len(pages(t, 4, read(f), key, func() {})) }
	require.Equal(t, 3, of(calls.Filter{Number: numberOf(t, 1)}))
	require.Equal(t, 6, of(calls.Filter{Outcome: calls.Busy}))
	require.Equal(t, 6, of(calls.Filter{Line: "sales"}))
	require.Equal(t, 6, of(calls.Filter{Agent: "li"}))
	require.Equal(t, 6, of(calls.Filter{From: begin.Add(time.Second),
		Until: begin.Add(3 * time.Second)}))
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
	seen, hour := map[number.Number]int{}, calls.Span{From: begin.Add(-time.Hour), To: begin}
	err := b.Calls.EachHistory(ctx, hour, b.timeline(),
		func(n number.Number, h calls.History) error {
			require.Zero(t, seen[n])
			seen[n] = len(h.Calls)
			want, err := b.callHistory(ctx, n, begin.Add(-time.Hour), begin)
			require.NoError(t, err)
			require.Equal(t, want, h)
			return nil
		})
	require.NoError(t, err)
	require.Len(t, seen, 7)
	require.Equal(t, 129, seen[numberOf(t, 0)])
	boom := errors.New("boom")
	require.Equal(t, boom, b.Calls.EachHistory(ctx, hour, b.timeline(),
		func(number.Number, calls.History) error { return boom }))
}

func testActivateRules(t *testing.T, b *bench) {
	ctx := t.Context()
	_, err := b.Rules.ByName(ctx, "")
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	for i := range 2 {
		b.reported(t, call(t, fmt.Sprint("c", i), 1, 0))
	}
	rules := parseRules(t, strings.Replace(rulesOfTest, "limit: 3", "limit: 1", 1))
	now := b.later(time.Minute)
	activate := func(id string) calls.RuleVersion {
		a, err := b.calls.Activate(ctx, request.Request{Method: "ActivateRules", ID: id}, rules,
			"ops")
		require.NoError(t, err)
		return a
	}
	first := activate("r1")
	require.Len(t, b.timeline(), 2, "it is in force when it is acknowledged")
	require.Equal(t, now, first.At)
	require.Equal(t, "ops", first.Actor)
	require.Equal(t, first, activate("r1"))
	require.Len(t, b.timeline(), 2, "nothing came into force by the repetition")
	require.Empty(t, b.frozen(t, 1), "earlier calls are judged by the rules of their time")
	b.reported(t, call(t, "later", 2, time.Minute))
	require.Len(t, b.frozen(t, 2), 1)

	b.later(time.Minute)
	second := activate("r2")
	active, err := b.Rules.ByName(ctx, "")
	require.NoError(t, err)
	require.Equal(t, second, active)
	byVersion, err := b.Rules.ByName(ctx, rules.Version)
	require.NoError(t, err)
	require.Equal(t, second, byVersion)
	_, err = b.Rules.ByName(ctx, "other@01234567")
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	all, err := b.Rules.History(ctx)
	require.NoError(t, err)
	require.Equal(t, []calls.RuleVersion{first, second}, all)
	page, err := b.Rules.List(ctx, &request.Cursor{At: second.At, ID: second.ID}, 5)
	require.NoError(t, err)
	require.Equal(t, []calls.RuleVersion{first}, page)

	b.later(-time.Hour)
	third := activate("r3")
	active, err = b.Rules.ByName(ctx, "")
	require.NoError(t, err)
	require.Equal(t, third, active, "the last that was activated, though the clock was set back")
	require.Equal(t, third.At, b.timeline()[3].Since)
}
