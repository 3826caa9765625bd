package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// A confirmation of a past call freezes from the call on, and not at all where that is over.
func testFreezeFromCall(t *testing.T, b *bench) {
	ctx := t.Context()
	suspectOf := func(n int, called time.Time, class keywords.Class) review.Suspect {
		r := b.created(t, n)
		o := result(class)
		s, ok := review.NewSuspect(review.Heard{RecordingID: string(r.ID), CallID: r.CallID, Number: r.Number,
			Called: called, Archived: true}, o.verdict, b.clock())
		require.True(t, ok)
		require.NoError(t, b.Transcripts.Finish(ctx, r.ID, []asr.Transcript{o.transcript}, o.verdict, &s, 0))
		kept, err := b.Suspects.Get(ctx, s.ID)
		require.NoError(t, err)
		require.Equal(t, called, kept.FreezeFrom)
		return kept
	}
	confirm := func(s review.Suspect) review.Suspect {
		s, err := b.review.Decide(ctx, s.ID, "li", review.Order{Verdict: review.Confirm}, request.Request{})
		require.NoError(t, err)
		return s
	}
	called := begin.Add(-20 * 24 * time.Hour)
	s := confirm(suspectOf(1, called, "not_interested"))
	f, err := b.Freezes.Get(ctx, s.Decision.Freeze)
	require.NoError(t, err)
	require.Equal(t, called, f.From)
	require.Equal(t, called.Add(period), f.Until)
	_, ok := b.table.Standing(s.Number, begin)
	require.True(t, ok)
	_, ok = b.table.Standing(s.Number, called.Add(period))
	require.False(t, ok)

	old := begin.Add(-period - time.Hour)
	over := confirm(suspectOf(2, old, "not_interested"))
	require.Empty(t, over.Decision.Freeze)
	require.Equal(t, old.Add(period), over.Decision.Over)
	_, ok = b.table.Standing(over.Number, begin)
	require.False(t, ok)
	for range 2 { // a decision without a freeze is taken back like any other
		over, err = b.review.Revert(ctx, over.ID, "", "wang", "misheard", request.Request{})
		require.NoError(t, err)
		over = confirm(over)
	}
	history, err := b.Suspects.Decisions(ctx, over.ID)
	require.NoError(t, err)
	require.Len(t, history, 3)
	require.Equal(t, old.Add(period), history[0].Over)

	without := confirm(suspectOf(3, old, "stop_calling"))
	require.NotEmpty(t, without.Decision.Freeze)
	_, ok = b.table.Standing(without.Number, begin.AddDate(10, 0, 0))
	require.True(t, ok, "until released, however old")
	require.Equal(t, 2, b.verify(t))
}
