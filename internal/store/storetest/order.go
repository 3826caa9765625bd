package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/request"
)

func testCreateFreezes(t *testing.T, b *bench) {
	ctx := t.Context()
	orders := []freeze.Freeze{
		{Number: numberOf(t, 1), Reason: freeze.Manual, Note: "rude", Actor: "ops", Line: "sales",
			Until: begin.Add(time.Hour)},
		{Number: numberOf(t, 2), Reason: freeze.Complained, Class: "complaint",
			From: begin.Add(-time.Hour + 1), Actor: "ops"},
		{Number: numberOf(t, 2), Reason: freeze.Imported, From: begin.Add(time.Hour), Actor: "ops"},
	}
	opened, err := b.freeze.Order(ctx, request.Request{}, orders)
	require.NoError(t, err)
	require.Len(t, opened, 3)
	for i, f := range opened {
		want := orders[i]
		want.ID, want.Seq, want.OpenedSeq, want.NumberMAC = f.ID, int64(i+1), int64(i+1),
			b.keys.NumberMAC(f.Number)
		if i == 0 {
			want.From = begin
		}
		want.From = want.From.Truncate(time.Microsecond)
		require.Equal(t, want, f)
		kept, err := b.Freezes.Get(ctx, f.ID)
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
	_, err := b.freeze.Order(ctx, request.Request{},
		[]freeze.Freeze{good, {Number: numberOf(t, 2), Reason: freeze.Ruled}})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "freezes[1].reason")
	for _, n := range []int{0, 1001} {
		_, err = b.freeze.Order(ctx, request.Request{}, slices.Repeat([]freeze.Freeze{good}, n))
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		require.ErrorContains(t, err, "1 to 1000")
	}
	require.Zero(t, b.verify(t))
	_, ok := b.table.Standing(numberOf(t, 1), begin)
	require.False(t, ok)
	opened, err := b.freeze.Order(ctx, request.Request{},
		slices.Repeat([]freeze.Freeze{good}, 1000))
	require.NoError(t, err)
	require.Len(t, opened, 1000)
}

func testCreateFreezesRepeated(t *testing.T, b *bench) {
	ctx := t.Context()
	orders := []freeze.Freeze{{Number: numberOf(t, 1), Reason: freeze.Manual, Actor: "ops"},
		{Number: numberOf(t, 2), Reason: freeze.Manual}}
	req := request.Request{Method: "ImportFreezes", ID: "r1"}
	first, err := b.freeze.Order(ctx, req, orders)
	require.NoError(t, err)
	b.later(time.Minute)
	again, err := b.freeze.Order(ctx, req, orders)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, 2, b.verify(t))
	orders[1].Line = "sales"
	_, err = b.freeze.Order(ctx, req, orders)
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
		{Number: numberOf(t, 3), Reason: freeze.Imported, From: begin.Add(-2 * time.Hour),
			Until: begin},
	}
	opened, err := b.freeze.Order(ctx, request.Request{}, orders)
	require.NoError(t, err)
	require.Len(t, opened, 3, "the last has ended")
	b.later(time.Minute)
	again, err := b.freeze.Order(ctx, request.Request{}, orders)
	require.NoError(t, err)
	require.Empty(t, again, "they stand already")
	req := request.Request{Method: "ImportFreezes", ID: "r1"}
	for range 2 {
		again, err = b.freeze.Order(ctx, req, orders)
		require.NoError(t, err)
		require.Empty(t, again, "the repetition of a request that opened none opens none")
	}
	_, err = b.release(t, 2, "")
	require.NoError(t, err)
	orders[0].Until = end.Add(time.Hour)
	again, err = b.freeze.Order(ctx, request.Request{}, orders)
	require.NoError(t, err)
	require.Len(t, again, 2, "one ends later, one was released")
	require.Equal(t, 6, b.verify(t))
}

func testExtendFreeze(t *testing.T, b *bench) {
	ctx := t.Context()
	s := b.confirmed(t, 1, keywords.Class("not_interested"))
	f, err := b.Freezes.Get(ctx, s.Decision.Freeze)
	require.NoError(t, err)
	b.later(time.Hour)
	req := request.Request{Method: "ExtendFreeze", ID: "r1"}
	longer, err := b.freeze.Extend(ctx, req, f.ID, f.Until.Add(time.Hour+1), "ops", "asked again")
	require.NoError(t, err)
	f.Until, f.Seq = f.Until.Add(time.Hour), 2
	require.Equal(t, f, longer)
	kept, err := b.Freezes.Get(ctx, f.ID)
	require.NoError(t, err)
	require.Equal(t, longer, kept)
	told, ok := b.table.Standing(f.Number, f.Until.Add(-1))
	require.True(t, ok)
	require.Equal(t, longer.ID, told.ID)
	require.Equal(t, longer, b.heardOf(t, f.ID))
	again, err := b.freeze.Extend(ctx, req, f.ID, f.Until.Add(time.Hour), "ops", "asked again")
	require.NoError(t, err)
	require.Equal(t, longer, again)
	_, err = b.freeze.Extend(ctx, request.Request{}, f.ID, f.Until, "ops", "no later")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, err = b.freeze.Extend(ctx, request.Request{}, "none", f.Until, "ops", "longer")
	require.Equal(t, fault.NotFound, fault.KindOf(err))

	first := freeze.Extension{Actor: "ops", Note: "asked again", At: b.clock(), Before: f.Until.Add(-time.Hour), Until: f.Until}
	b.later(time.Hour)
	endless, err := b.freeze.Extend(ctx, request.Request{}, f.ID, time.Time{}, "ops", "for good")
	require.NoError(t, err)
	extensions, err := b.Freezes.Extensions(ctx, []freeze.ID{f.ID, "none"})
	require.NoError(t, err)
	require.Equal(t, map[freeze.ID][]freeze.Extension{f.ID: {first,
		{Actor: "ops", Note: "for good", At: b.clock(), Before: f.Until}}}, extensions)
	require.True(t, endless.Until.IsZero())
	require.EqualValues(t, 3, endless.Seq)
	_, err = b.release(t, 1, "")
	require.NoError(t, err)
	_, err = b.freeze.Extend(ctx, request.Request{}, f.ID, f.Until.Add(time.Hour), "ops", "longer")
	require.Equal(t, "NOT_STANDING", fault.ReasonOf(err))
	require.Equal(t, 4, b.verify(t))
	p, err := b.Freezes.Personal(ctx, 2)
	require.NoError(t, err)
	require.Equal(t, "asked again", p.Text)
}

func testFilterFreezes(t *testing.T, b *bench) {
	ctx := t.Context()
	at := func(h int) time.Time { return begin.Add(time.Duration(h) * time.Hour) }
	opened, err := b.freeze.Order(ctx, request.Request{}, []freeze.Freeze{
		{Number: numberOf(t, 1), Reason: freeze.Manual, From: at(0)},
		{Number: numberOf(t, 1), Reason: freeze.Complained, From: at(1), Line: "sales"},
		{Number: numberOf(t, 2), Reason: freeze.Complained, From: at(2), Class: "no_need"},
		{Number: numberOf(t, 3), Reason: freeze.Imported, From: at(3), Line: "sales", Until: at(4)},
	})
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		filter freeze.Filter
		want   []int
	}{
		"all":         {freeze.Filter{}, []int{3, 2, 1, 0}},
		"by reason":   {freeze.Filter{Reason: freeze.Complained}, []int{2, 1}},
		"by class":    {freeze.Filter{Class: "no_need"}, []int{2}},
		"by line":     {freeze.Filter{Line: "sales"}, []int{3, 1}},
		"by rule":     {freeze.Filter{Rule: "short"}, nil},
		"by time":     {freeze.Filter{From: at(1), Until: at(3)}, []int{2, 1}},
		"from a time": {freeze.Filter{From: at(2)}, []int{3, 2}},
		"several": {freeze.Filter{Reason: freeze.Complained, Line: "sales",
			Number: numberOf(t, 1)}, []int{1}},
		"those of now": {freeze.Filter{Now: at(5)}, []int{2, 1, 0}},
	} {
		tt.filter.ShowEnded = tt.filter.Now.IsZero()
		got, err := b.Freezes.List(ctx, tt.filter)
		require.NoError(t, err, name)
		var want []freeze.Freeze
		for _, i := range tt.want {
			want = append(want, opened[i])
		}
		require.Equal(t, want, got, name)
		var exported []freeze.Freeze
		require.NoError(t, b.Freezes.Each(ctx, tt.filter,
			func(f freeze.Freeze) error { exported = append(exported, f); return nil }))
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
			orders[j] = freeze.Freeze{Number: numberOf(t, i+j), Reason: freeze.Imported,
				From: begin.Add(time.Duration((i+j)/350) * time.Second)}
		}
		_, err := b.freeze.Order(ctx, request.Request{}, orders)
		require.NoError(t, err)
	}
	var seen []freeze.Freeze
	require.NoError(t, b.Freezes.Each(ctx, freeze.Filter{Now: begin},
		func(f freeze.Freeze) error { seen = append(seen, f); return nil }))
	require.Len(t, seen, many)
	require.True(t, slices.IsSortedFunc(seen,
		func(x, y freeze.Freeze) int { return x.From.Compare(y.From) }))
	ids := map[freeze.ID]bool{}
	for _, f := range seen {
		ids[f.ID] = true
	}
	require.Len(t, ids, many)
	enough := errors.New("enough")
	n := 0
	err := b.Freezes.Each(ctx, freeze.Filter{Now: begin},
		func(freeze.Freeze) error { n++; return enough })
	require.Equal(t, enough, err)
	require.Equal(t, 1, n)
}

func testAllow(t *testing.T, b *bench) {
	ctx := t.Context()
	req := request.Request{Method: "AllowNumber", ID: "r1"}
	order := freeze.Allow{Number: numberOf(t, 1), Note: "asked to be called",
		Until: begin.Add(time.Hour + 1), Actor: "ops"}
	a, err := b.freeze.Allow(ctx, req, order)
	require.NoError(t, err)
	order.ID, order.From, order.Until, order.Seq, order.NumberMAC = a.ID, begin,
		begin.Add(time.Hour), 1, b.mac(t, 1)
	require.Equal(t, order, a)
	require.Equal(t, a, b.lastAllowed(t))
	b.later(time.Minute)
	again, err := b.freeze.Allow(ctx, req,
		freeze.Allow{Number: numberOf(t, 1), Until: begin.Add(time.Hour)})
	require.NoError(t, err)
	require.Equal(t, a, again)
	_, err = b.freeze.Allow(ctx, req, freeze.Allow{Number: numberOf(t, 2),
		Until: begin.Add(time.Hour)})
	require.Equal(t, "REQUEST_ID_REUSED", fault.ReasonOf(err))

	end := request.Request{Method: "EndAllowance", ID: "r1"}
	ended, err := b.freeze.EndAllow(ctx, end, a.ID, "li", "changed their mind")
	require.NoError(t, err)
	a.Ended = &freeze.Release{Cause: freeze.ByHand, At: b.clock(), Actor: "li",
		Reason: "changed their mind", Seq: 2}
	require.Equal(t, a, ended)
	require.Equal(t, a, b.lastAllowed(t))
	again, err = b.freeze.EndAllow(ctx, end, a.ID, "li", "again")
	require.NoError(t, err)
	require.Equal(t, ended, again)
	kept, err := b.Freezes.Allows(ctx, freeze.AllowQuery{IDs: []freeze.AllowID{a.ID}})
	require.NoError(t, err)
	require.Equal(t, []freeze.Allow{ended}, kept)
	of, err := b.allowsOf(ctx, numberOf(t, 1))
	require.NoError(t, err)
	require.Equal(t, []freeze.Allow{ended}, of)
	require.Equal(t, 2, b.verify(t))
}

func testAllowRefuses(t *testing.T, b *bench) {
	ctx := t.Context()
	_, err := b.freeze.Allow(ctx, request.Request{}, freeze.Allow{Number: numberOf(t, 1)})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, err = b.freeze.EndAllow(ctx, request.Request{}, "none", "ops", "over")
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	a, err := b.freeze.Allow(ctx, request.Request{},
		freeze.Allow{Number: numberOf(t, 1), Until: begin.Add(time.Hour)})
	require.NoError(t, err)
	other, err := b.freeze.Allow(ctx, request.Request{},
		freeze.Allow{Number: numberOf(t, 1), Until: begin.Add(time.Hour)})
	require.NoError(t, err)
	_, err = b.freeze.EndAllow(ctx, request.Request{}, a.ID, "ops", "")
	require.Equal(t, fault.Invalid, fault.KindOf(err), "nobody ends it without a reason")
	_, err = b.freeze.EndAllow(ctx, request.Request{}, a.ID, "ops", "over")
	require.NoError(t, err)
	_, err = b.freeze.EndAllow(ctx, request.Request{}, a.ID, "ops", "over")
	require.Equal(t, "NOT_ALLOWED", fault.ReasonOf(err))
	b.later(time.Hour)
	_, err = b.freeze.EndAllow(ctx, request.Request{}, other.ID, "ops", "over")
	require.Equal(t, "NOT_ALLOWED", fault.ReasonOf(err), "it ended by itself")
	require.Equal(t, 3, b.verify(t))
}

func testListAllows(t *testing.T, b *bench) {
	ctx := t.Context()
	var want []string
	for i := range 11 {
		if i%3 == 0 {
			b.later(time.Millisecond)
		}
		a, err := b.freeze.Allow(ctx, request.Request{},
			freeze.Allow{Number: numberOf(t, i%5), Until: begin.Add(time.Hour), Note: "asked"})
		require.NoError(t, err)
		want = append(want, string(a.ID))
	}
	newestFirst(want)
	read := func(f freeze.AllowFilter) func(*request.Cursor) ([]freeze.Allow, error) {
		return func(c *request.Cursor) ([]freeze.Allow, error) {
			f.Before, f.Limit, f.Now = c, 3, b.clock()
			return b.Freezes.ListAllows(ctx, f)
		}
	}
	key := func(a freeze.Allow) request.Cursor {
		return request.Cursor{At: a.From, ID: string(a.ID)}
	}
	require.Equal(t, want, pages(t, 3, read(freeze.AllowFilter{}), key, func() {}))
	_, err := b.freeze.EndAllow(ctx, request.Request{}, freeze.AllowID(want[4]), "ops", "over")
	require.NoError(t, err)
	require.Len(t, pages(t, 3, read(freeze.AllowFilter{}), key, func() {}), 10)
	require.Equal(t, want, pages(t, 3, read(freeze.AllowFilter{ShowEnded: true}), key, func() {}))
	require.Len(t, pages(t, 3, read(freeze.AllowFilter{Number: numberOf(t, 0), ShowEnded: true}),
		key, func() {}), 3)
	standing := 0
	count := func(freeze.Allow) error { standing++; return nil }
	require.NoError(t, b.Freezes.StandingAllows(ctx, b.clock(), count))
	require.Equal(t, 10, standing)
	require.NoError(t, b.write(t, `DELETE FROM ledger_personal`))
	require.NoError(t, b.Freezes.StandingAllows(ctx, b.clock(), func(a freeze.Allow) error {
		require.True(t, a.Number.IsZero(), "for nobody, once it is not known for whom")
		return nil
	}))
	b.later(time.Hour)
	require.NoError(t, b.Freezes.StandingAllows(ctx, b.clock(), count))
	require.Equal(t, 10, standing, "they have ended by themselves")
}
