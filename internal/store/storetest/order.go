package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/request"
)

func testCreateFreezes(t *testing.T, b *bench) {
	ctx := t.Context()
	orders := []freeze.Freeze{
		{Number: numberOf(t, 1), Reason: freeze.Manual, Note: "rude", Actor: "ops", Line: "sales", Until: begin.Add(time.Hour)},
		{Number: numberOf(t, 2), Reason: freeze.Complained, Class: "complaint", From: begin.Add(-time.Hour + 1), Actor: "ops"},
		{Number: numberOf(t, 2), Reason: freeze.Imported, From: begin.Add(time.Hour), Actor: "ops"},
	}
	opened, err := b.CreateFreezes(ctx, orders, request.Request{})
	require.NoError(t, err)
	require.Len(t, opened, 3)
	for i, f := range opened {
		want := orders[i]
		want.ID, want.Seq = f.ID, int64(i+1)
		if i == 0 {
			want.From = begin
		}
		want.From = want.From.Truncate(time.Microsecond)
		require.Equal(t, want, f)
		kept, err := b.Freeze(ctx, f.ID)
		require.NoError(t, err)
		require.Equal(t, f, kept)
	}
	told, ok := b.table.Standing(numberOf(t, 2), begin)
	require.True(t, ok)
	require.Equal(t, opened[1].ID, told.ID)
	require.Equal(t, 3, b.verify(t))
}

func testCreateFreezesIsAtomic(t *testing.T, b *bench) {
	ctx := t.Context()
	good := freeze.Freeze{Number: numberOf(t, 1), Reason: freeze.Manual}
	_, err := b.CreateFreezes(ctx, []freeze.Freeze{good, {Number: numberOf(t, 2), Reason: freeze.Ruled}}, request.Request{})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "freezes[1].reason")
	for _, n := range []int{0, 1001} {
		_, err = b.CreateFreezes(ctx, slices.Repeat([]freeze.Freeze{good}, n), request.Request{})
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		require.ErrorContains(t, err, "1 to 1000")
	}
	require.Zero(t, b.verify(t))
	_, ok := b.table.Standing(numberOf(t, 1), begin)
	require.False(t, ok)
	opened, err := b.CreateFreezes(ctx, slices.Repeat([]freeze.Freeze{good}, 1000), request.Request{})
	require.NoError(t, err)
	require.Len(t, opened, 1000)
}

func testCreateFreezesRepeated(t *testing.T, b *bench) {
	ctx := t.Context()
	orders := []freeze.Freeze{{Number: numberOf(t, 1), Reason: freeze.Manual, Actor: "ops"}, {Number: numberOf(t, 2), Reason: freeze.Manual}}
	req := request.Request{Method: "ImportFreezes", ID: "r1"}
	first, err := b.CreateFreezes(ctx, orders, req)
	require.NoError(t, err)
	b.later(time.Minute)
	again, err := b.CreateFreezes(ctx, orders, req)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, 2, b.verify(t))
	orders[1].Line = "sales"
	_, err = b.CreateFreezes(ctx, orders, req)
	require.Equal(t, "REQUEST_ID_REUSED", fault.ReasonOf(err))
	require.NotContains(t, err.Error(), orders[0].Number.E164())
}

func testImportFreezes(t *testing.T, b *bench) {
	ctx := t.Context()
	end := begin.Add(period)
	orders := []freeze.Freeze{
		{Number: numberOf(t, 1), Reason: freeze.Imported, Until: end},
		{Number: numberOf(t, 1), Reason: freeze.Imported, Until: end, Line: "sales"},
		{Number: numberOf(t, 2), Reason: freeze.Imported},
		{Number: numberOf(t, 3), Reason: freeze.Imported, From: begin.Add(-2 * time.Hour), Until: begin},
	}
	opened, err := b.CreateFreezes(ctx, orders, request.Request{})
	require.NoError(t, err)
	require.Len(t, opened, 3, "the last has ended")
	b.later(time.Minute)
	again, err := b.CreateFreezes(ctx, orders, request.Request{})
	require.NoError(t, err)
	require.Empty(t, again, "they stand already")
	_, err = b.release(t, 2, "")
	require.NoError(t, err)
	orders[0].Until = end.Add(time.Hour)
	again, err = b.CreateFreezes(ctx, orders, request.Request{})
	require.NoError(t, err)
	require.Len(t, again, 2, "one ends later, one was released")
	require.Equal(t, 6, b.verify(t))
}

func testExtendFreeze(t *testing.T, b *bench) {
	ctx := t.Context()
	s := b.confirmed(t, 1, keywords.Class("not_interested"))
	f, err := b.Freeze(ctx, s.Decision.Freeze)
	require.NoError(t, err)
	b.later(time.Hour)
	req := request.Request{Method: "ExtendFreeze", ID: "r1"}
	longer, err := b.ExtendFreeze(ctx, f.ID, f.Until.Add(time.Hour+1), "ops", "asked again", req)
	require.NoError(t, err)
	f.Until, f.Seq = f.Until.Add(time.Hour), 2
	require.Equal(t, f, longer)
	kept, err := b.Freeze(ctx, f.ID)
	require.NoError(t, err)
	require.Equal(t, longer, kept)
	told, ok := b.table.Standing(f.Number, f.Until.Add(-1))
	require.True(t, ok)
	require.Equal(t, longer.ID, told.ID)
	require.Equal(t, longer, b.heardOf(t, f.ID))
	again, err := b.ExtendFreeze(ctx, f.ID, f.Until.Add(time.Hour), "ops", "asked again", req)
	require.NoError(t, err)
	require.Equal(t, longer, again)
	_, err = b.ExtendFreeze(ctx, f.ID, f.Until, "ops", "", request.Request{})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, err = b.ExtendFreeze(ctx, "none", f.Until, "ops", "", request.Request{})
	require.Equal(t, fault.NotFound, fault.KindOf(err))

	endless, err := b.ExtendFreeze(ctx, f.ID, time.Time{}, "ops", "for good", request.Request{})
	require.NoError(t, err)
	require.True(t, endless.Until.IsZero())
	require.EqualValues(t, 3, endless.Seq)
	_, err = b.release(t, 1, "")
	require.NoError(t, err)
	_, err = b.ExtendFreeze(ctx, f.ID, f.Until.Add(time.Hour), "ops", "", request.Request{})
	require.Equal(t, "NOT_STANDING", fault.ReasonOf(err))
	require.Equal(t, 4, b.verify(t))
	p, err := b.Personal(ctx, 2)
	require.NoError(t, err)
	require.Equal(t, "asked again", p.Text)
}

func testFilterFreezes(t *testing.T, b *bench) {
	ctx := t.Context()
	at := func(h int) time.Time { return begin.Add(time.Duration(h) * time.Hour) }
	opened, err := b.CreateFreezes(ctx, []freeze.Freeze{
		{Number: numberOf(t, 1), Reason: freeze.Manual, From: at(0)},
		{Number: numberOf(t, 1), Reason: freeze.Complained, From: at(1), Line: "sales"},
		{Number: numberOf(t, 2), Reason: freeze.Complained, From: at(2), Class: "no_need"},
		{Number: numberOf(t, 3), Reason: freeze.Imported, From: at(3), Line: "sales", Until: at(4)},
	}, request.Request{})
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		filter store.FreezeFilter
		want   []int
	}{
		"all":          {store.FreezeFilter{}, []int{3, 2, 1, 0}},
		"by reason":    {store.FreezeFilter{Reason: freeze.Complained}, []int{2, 1}},
		"by class":     {store.FreezeFilter{Class: "no_need"}, []int{2}},
		"by line":      {store.FreezeFilter{Line: "sales"}, []int{3, 1}},
		"by rule":      {store.FreezeFilter{Rule: "short"}, nil},
		"by time":      {store.FreezeFilter{From: at(1), Until: at(3)}, []int{2, 1}},
		"from a time":  {store.FreezeFilter{From: at(2)}, []int{3, 2}},
		"several":      {store.FreezeFilter{Reason: freeze.Complained, Line: "sales", Number: numberOf(t, 1)}, []int{1}},
		"those of now": {store.FreezeFilter{Now: at(5)}, []int{2, 1, 0}},
	} {
		tt.filter.ShowEnded = tt.filter.Now.IsZero()
		got, err := b.Freezes(ctx, tt.filter)
		require.NoError(t, err, name)
		var want []freeze.Freeze
		for _, i := range tt.want {
			want = append(want, opened[i])
		}
		require.Equal(t, want, got, name)
		var exported []freeze.Freeze
		require.NoError(t, b.EachFreeze(ctx, tt.filter, func(f freeze.Freeze) error { exported = append(exported, f); return nil }))
		slices.Reverse(want)
		require.Equal(t, want, exported, "%s: export, the oldest first", name)
	}
}

// testEachFreeze: more than a page of them, some at the same moment.
func testEachFreeze(t *testing.T, b *bench) {
	ctx := t.Context()
	const many = 1200
	for i := 0; i < many; i += 400 {
		orders := make([]freeze.Freeze, 400)
		for j := range orders {
			orders[j] = freeze.Freeze{Number: numberOf(t, i+j), Reason: freeze.Imported, From: begin.Add(time.Duration((i+j)/350) * time.Second)}
		}
		_, err := b.CreateFreezes(ctx, orders, request.Request{})
		require.NoError(t, err)
	}
	var seen []freeze.Freeze
	require.NoError(t, b.EachFreeze(ctx, store.FreezeFilter{Now: begin}, func(f freeze.Freeze) error { seen = append(seen, f); return nil }))
	require.Len(t, seen, many)
	require.True(t, slices.IsSortedFunc(seen, func(x, y freeze.Freeze) int { return x.From.Compare(y.From) }))
	ids := map[freeze.ID]bool{}
	for _, f := range seen {
		ids[f.ID] = true
	}
	require.Len(t, ids, many)
	enough := errors.New("enough")
	n := 0
	err := b.EachFreeze(ctx, store.FreezeFilter{Now: begin}, func(freeze.Freeze) error { n++; return enough })
	require.Equal(t, enough, err)
	require.Equal(t, 1, n)
}

func testAllow(t *testing.T, b *bench) {
	ctx := t.Context()
	req := request.Request{Method: "AllowNumber", ID: "r1"}
	order := freeze.Allow{Number: numberOf(t, 1), Note: "asked to be called", Until: begin.Add(time.Hour + 1), Actor: "ops"}
	a, err := b.AllowNumber(ctx, order, req)
	require.NoError(t, err)
	order.ID, order.From, order.Until, order.Seq = a.ID, begin, begin.Add(time.Hour), 1
	require.Equal(t, order, a)
	require.Equal(t, a, b.lastAllowed(t))
	b.later(time.Minute)
	again, err := b.AllowNumber(ctx, freeze.Allow{Number: numberOf(t, 1), Until: begin.Add(time.Hour)}, req)
	require.NoError(t, err)
	require.Equal(t, a, again)
	_, err = b.AllowNumber(ctx, freeze.Allow{Number: numberOf(t, 2), Until: begin.Add(time.Hour)}, req)
	require.Equal(t, "REQUEST_ID_REUSED", fault.ReasonOf(err))

	r := freeze.Release{At: b.clock(), Actor: "li", Reason: "changed their mind"}
	end := request.Request{Method: "EndAllowance", ID: "r1"}
	ended, err := b.EndAllow(ctx, a.ID, r, end)
	require.NoError(t, err)
	r.Cause, r.Seq = freeze.ByHand, 2
	a.Ended = &r
	require.Equal(t, a, ended)
	require.Equal(t, a, b.lastAllowed(t))
	again, err = b.EndAllow(ctx, a.ID, freeze.Release{At: b.clock()}, end)
	require.NoError(t, err)
	require.Equal(t, ended, again)
	kept, err := b.Allow(ctx, a.ID)
	require.NoError(t, err)
	require.Equal(t, ended, kept)
	of, err := b.AllowsOf(ctx, numberOf(t, 1))
	require.NoError(t, err)
	require.Equal(t, []freeze.Allow{ended}, of)
	require.Equal(t, 2, b.verify(t))
}

func testAllowRefuses(t *testing.T, b *bench) {
	ctx := t.Context()
	_, err := b.AllowNumber(ctx, freeze.Allow{Number: numberOf(t, 1)}, request.Request{})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, err = b.EndAllow(ctx, "none", freeze.Release{At: begin}, request.Request{})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	a, err := b.AllowNumber(ctx, freeze.Allow{Number: numberOf(t, 1), Until: begin.Add(time.Hour)}, request.Request{})
	require.NoError(t, err)
	_, err = b.EndAllow(ctx, a.ID, freeze.Release{At: a.Until}, request.Request{})
	require.Equal(t, "NOT_ALLOWED", fault.ReasonOf(err), "it ended by itself")
	_, err = b.EndAllow(ctx, a.ID, freeze.Release{At: begin}, request.Request{})
	require.NoError(t, err)
	_, err = b.EndAllow(ctx, a.ID, freeze.Release{At: begin}, request.Request{})
	require.Equal(t, "NOT_ALLOWED", fault.ReasonOf(err))
	require.Equal(t, 2, b.verify(t))
}

func testListAllows(t *testing.T, b *bench) {
	ctx := t.Context()
	var want []string
	for i := range 11 {
		if i%3 == 0 {
			b.later(time.Millisecond)
		}
		a, err := b.AllowNumber(ctx, freeze.Allow{Number: numberOf(t, i%5), Until: begin.Add(time.Hour), Note: "asked"}, request.Request{})
		require.NoError(t, err)
		want = append(want, string(a.ID))
	}
	newestFirst(want)
	read := func(f store.AllowFilter) func(*store.Cursor) ([]freeze.Allow, error) {
		return func(c *store.Cursor) ([]freeze.Allow, error) {
			f.Before, f.Limit, f.Now = c, 3, b.clock()
			return b.Allows(ctx, f)
		}
	}
	key := func(a freeze.Allow) store.Cursor { return store.Cursor{At: a.From, ID: string(a.ID)} }
	require.Equal(t, want, pages(t, 3, read(store.AllowFilter{}), key, func() {}))
	_, err := b.EndAllow(ctx, freeze.AllowID(want[4]), freeze.Release{At: b.clock(), Actor: "ops", Reason: "over"}, request.Request{})
	require.NoError(t, err)
	require.Len(t, pages(t, 3, read(store.AllowFilter{}), key, func() {}), 10)
	require.Equal(t, want, pages(t, 3, read(store.AllowFilter{ShowEnded: true}), key, func() {}))
	require.Len(t, pages(t, 3, read(store.AllowFilter{Number: numberOf(t, 0), ShowEnded: true}), key, func() {}), 3)
	standing := 0
	count := func(freeze.Allow) error { standing++; return nil }
	require.NoError(t, b.StandingAllows(ctx, b.clock(), count))
	require.Equal(t, 10, standing)
	require.NoError(t, b.write(t, `DELETE FROM ledger_personal`))
	require.ErrorContains(t, b.StandingAllows(ctx, b.clock(), count), "number is gone")
	b.later(time.Hour)
	require.NoError(t, b.StandingAllows(ctx, b.clock(), count))
	require.Equal(t, 10, standing, "they have ended by themselves")
}
