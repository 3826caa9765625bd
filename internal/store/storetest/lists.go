package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// pages reads a list page by page, with something happening in between.
func pages[T any](
	t *testing.T, size int, page func(*request.Cursor) ([]T, error), key func(T) request.Cursor,
	between func(),
) []string {
	t.Helper()
	var ids []string
	var at *request.Cursor
	for {
		rows, err := page(at)
		require.NoError(t, err)
		require.LessOrEqual(t, len(rows), size)
		for _, r := range rows {
			ids = append(ids, key(r).ID)
		}
		if len(rows) < size {
			return ids
		}
		last := key(rows[len(rows)-1])
		at = &last
		between()
	}
}

// newestFirst sorts ids whose times are those of what they name; where those are the
// same, any order will do that stays.
func newestFirst(ids []string) {
	slices.Sort(ids)
	slices.Reverse(ids)
}

func testListRecordings(t *testing.T, b *bench) {
	ctx := t.Context()
	var want []string
	for i := range 23 {
		if i%5 == 0 { // several share a time
			b.later(time.Millisecond)
		}
		want = append(want, string(b.created(t, i).ID))
	}
	newestFirst(want)
	read := func(f recording.Filter) func(*request.Cursor) ([]recording.Recording, error) {
		return func(c *request.Cursor) ([]recording.Recording, error) {
			f.Before, f.Limit = c, 4
			return b.Recordings.List(ctx, f)
		}
	}
	key := func(r recording.Recording) request.Cursor {
		return request.Cursor{At: r.CreatedAt, ID: string(r.ID)}
	}
	arrive := func() { b.later(time.Millisecond); b.created(t, 99) }
	require.Equal(t, want, pages(t, 4, read(recording.Filter{}), key, arrive))
	require.Len(t, pages(t, 4, read(recording.Filter{}), key, func() {}), 28)

	b.attempt(t, recording.ID(want[7]))
	require.Equal(t, want[7:8], pages(t, 4, read(recording.Filter{State: recording.Running}), key,
		arrive))
	r, err := b.Recordings.Get(ctx, recording.ID(want[9]))
	require.NoError(t, err)
	require.Equal(t, want[9:10], pages(t, 4, read(recording.Filter{CallID: r.CallID}), key, arrive))
	require.Empty(t, pages(t, 4, read(recording.Filter{CallID: r.CallID, State: recording.Done}),
		key, arrive))
	all, err := b.Recordings.List(ctx, recording.Filter{})
	require.NoError(t, err)
	require.Len(t, all, 28)
}

func testListSuspects(t *testing.T, b *bench) {
	var want, stop []string
	for i := range 14 {
		if i%4 == 0 {
			b.later(time.Millisecond)
		}
		class := keywords.Class("not_interested")
		if i%3 == 0 {
			class = keywords.Class("stop_calling")
		}
		id := string(b.suspect(t, i, class).ID)
		want = append(want, id)
		if i%3 == 0 {
			stop = append(stop, id)
		}
	}
	slices.Sort(want)
	slices.Sort(stop)
	read := func(f review.Filter) func(*request.Cursor) ([]review.Suspect, error) {
		return func(c *request.Cursor) ([]review.Suspect, error) {
			f.Limit, f.Now = 3, b.clock()
			if c != nil {
				f.After = &review.Place{Cursor: *c}
			}
			return b.Suspects.List(t.Context(), f)
		}
	}
	key := func(s review.Suspect) request.Cursor {
		return request.Cursor{At: s.CreatedAt, ID: string(s.ID)}
	}
	require.Equal(t, want, pages(t, 3, read(review.Filter{}), key, func() {}))
	require.Equal(t, stop, pages(t, 3, read(review.Filter{Class: keywords.Class("stop_calling"),
		State: review.Open}), key, func() {}))
	seen := 0
	got := pages(t, 3, read(review.Filter{State: review.Open}), key, func() {
		// A reviewer works the queue off behind the page.
		_, err := b.review.Decide(t.Context(), review.ID(want[seen]), "li",
			review.Order{Verdict: review.Dismiss}, request.Request{})
		require.NoError(t, err)
		seen++
		if seen == 1 {
			b.later(time.Millisecond)
			// later, so it stays sorted
			want = append(want, string(b.suspect(t, 99, keywords.Class("not_interested")).ID))
		}
	})
	require.Equal(t, want, got, "the new one comes last, and none is left out")
}

func testSuspectStates(t *testing.T, b *bench) {
	ctx := t.Context()
	open := b.suspect(t, 1, keywords.Class("not_interested"))
	b.later(time.Millisecond)
	claimed := b.suspect(t, 2, keywords.Class("not_interested"))
	b.later(time.Millisecond)
	_, err := b.review.Claim(ctx, claimed.ID, "li", time.Minute, request.Request{})
	require.NoError(t, err)
	confirmed, dismissed := b.confirmed(t, 3, keywords.Class("not_interested")),
		b.suspect(t, 4, keywords.Class("not_interested"))
	_, err = b.review.Decide(ctx, dismissed.ID, "li", review.Order{Verdict: review.Dismiss}, request.Request{})
	require.NoError(t, err)

	in := func(s review.State) []review.ID {
		got, err := b.Suspects.List(ctx, review.Filter{State: s, Now: b.clock()})
		require.NoError(t, err)
		var ids []review.ID
		for _, x := range got {
			require.Equal(t, s, x.State(b.clock()))
			ids = append(ids, x.ID)
		}
		return ids
	}
	require.Equal(t, []review.ID{open.ID}, in(review.Open))
	require.Equal(t, []review.ID{claimed.ID}, in(review.Claimed))
	require.Equal(t, []review.ID{confirmed.ID}, in(review.Confirmed))
	require.Equal(t, []review.ID{dismissed.ID}, in(review.Dismissed))
	b.later(time.Minute)
	require.Equal(t, []review.ID{open.ID, claimed.ID}, in(review.Open), "the lease has ended")
	require.Empty(t, in(review.Claimed))
	_, err = b.review.Revert(ctx, confirmed.ID, "", "wang", "misheard", request.Request{})
	require.NoError(t, err)
	require.Equal(t, []review.ID{open.ID, claimed.ID, confirmed.ID}, in(review.Open))
	require.Empty(t, in(review.Confirmed))
}

func testListFreezes(t *testing.T, b *bench) {
	ctx := t.Context()
	var want []string
	for i := range 11 {
		if i%3 == 0 {
			b.later(time.Millisecond)
		}
		want = append(want, string(b.confirmed(t, i%5,
			keywords.Class("not_interested")).Decision.Freeze))
	}
	newestFirst(want)
	read := func(f freeze.Filter) func(*request.Cursor) ([]freeze.Freeze, error) {
		return func(c *request.Cursor) ([]freeze.Freeze, error) {
			f.Before, f.Limit, f.Now = c, 3, b.clock()
			return b.Freezes.List(ctx, f)
		}
	}
	key := func(f freeze.Freeze) request.Cursor {
		return request.Cursor{At: f.From, ID: string(f.ID)}
	}
	arrive := func() {
		b.later(time.Millisecond)
		b.confirmed(t, 99, keywords.Class("stop_calling"))
	}
	require.Equal(t, want, pages(t, 3, read(freeze.Filter{}), key, arrive))

	_, err := b.freeze.Release(ctx, request.Request{}, numberOf(t, 0), "ops", "asked")
	require.NoError(t, err)
	of := func(n int, ended bool) int {
		return len(pages(t, 3, read(freeze.Filter{Number: numberOf(t, n), ShowEnded: ended}), key,
			func() {}))
	}
	require.Zero(t, of(0, false))
	require.Equal(t, 3, of(0, true))
	require.Equal(t, 2, of(1, false))
	b.later(period)
	require.Zero(t, of(1, false), "they have ended by themselves")
	require.Equal(t, 2, of(1, true))
	require.NotZero(t, of(99, false), "this one has no end")
	require.Zero(t, of(50, true))
}
