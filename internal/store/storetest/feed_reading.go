package storetest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// testFeedOrder: whoever writes at once, the numbers ascend in the order in which the
// changes are told, and each is told before its writer goes on.
func testFeedOrder(t *testing.T, b *bench) {
	const writers, each = 8, 6
	suspects := b.someSuspects(t)
	b.later(time.Minute)
	atOnce(writers, func(i int) {
		for j := range each {
			n := 100 + 10*i + j
			var told string
			switch i % 4 {
			case 0:
				f, err := b.freeze.Order(t.Context(), request.Request{},
					[]freeze.Freeze{{Number: numberOf(t, n), Reason: freeze.Manual}})
				require.NoError(t, err)
				told = string(f[0].ID)
			case 1:
				told = string(b.created(t, n).ID)
			case 2:
				out := b.reported(t, call(t, fmt.Sprint(n, "a"), n, 0),
					call(t, fmt.Sprint(n, "b"), n, 0), call(t, fmt.Sprint(n, "c"), n, 0))
				told = string(out[2].Opened[0].ID)
			default:
				s, err := b.review.Decide(t.Context(), suspects[(i/4)*each+j].ID, "li",
					review.Order{Verdict: review.Confirm}, request.Request{})
				require.NoError(t, err)
				told = string(s.Decision.Freeze)
			}
			require.True(t, slices.ContainsFunc(b.since(0),
				func(c feed.Change) bool { return c.ID == told }), "told before it is acknowledged")
		}
	})
	b.checkFeed(t)
}

// testFeedGoesOn: another reader goes on from the number that it knows all up to, also after
// a start of the program.
func testFeedGoesOn(t *testing.T, b *bench) {
	for i := range 10 {
		b.created(t, i)
	}
	var read []feed.Change
	for after := int64(0); ; {
		page, err := b.Changes(t.Context(), after, 3)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		require.LessOrEqual(t, len(page), 3)
		read = append(read, page...)
		after = page[len(page)-1].Seq
	}
	require.Equal(t, inFeed(b.since(0)), read)
	b.reopen(t)
	r := b.created(t, 11)
	page, err := b.Changes(t.Context(), 10, 3)
	require.NoError(t, err)
	require.Equal(t, []feed.Change{{Seq: 11, At: begin, Kind: feed.Recording, ID: string(r.ID)}},
		page)
	_, err = b.Changes(t.Context(), 12, 3)
	require.Equal(t, "CHANGES_GONE", fault.ReasonOf(err), "a reader that knows more than there "+
		"is followed another database")
}

// testFeedOfTheAbandoned: of what was rolled back nobody hears, and it takes no number.
func testFeedOfTheAbandoned(t *testing.T, b *bench) {
	ctx := t.Context()
	s := b.suspect(t, 1, "not_interested")
	before := len(b.since(0))
	for name, do := range map[string]func() error{
		"freeze": func() error {
			_, _, err := b.Freezes.Once(ctx, request.Request{}, "",
				func(ctx context.Context, tx freeze.Tx) ([]string, error) {
					_, err := b.opening(ctx, tx, s.Number)
					require.NoError(t, err)
					return nil, errBoom
				})
			return err
		},
		"calls": func() error {
			return b.Calls.Write(ctx, func(_ context.Context, tx calls.Tx) error {
				tx.Deny(s.Number, nil)
				return errBoom
			})
		},
		"result": func() error {
			broken := result("")
			broken.verdict.Score = math.NaN() // not JSON, when the transcript is written already
			err := b.finish(ctx, recording.ID(s.RecordingID), broken)
			require.ErrorContains(t, err, "NaN")
			return errBoom
		},
		"decision": func() error {
			_, err := b.Suspects.ChangeSuspect(ctx, s.ID, request.Request{},
				func(ctx context.Context, ledger freeze.Book, _ review.Suspect) (review.Change,
					error) {
					w := freeze.Writer{Book: ledger, Keys: b.keys, Now: begin}
					_, err := w.Open(ctx,
						freeze.Freeze{Number: s.Number, Reason: freeze.Refused, From: begin})
					require.NoError(t, err)
					return review.Change{}, errBoom
				})
			return err
		},
	} {
		require.ErrorIs(t, do(), errBoom, name)
	}
	require.Len(t, b.since(0), before)
	b.checkFeed(t)
	b.created(t, 2)
	b.checkFeed(t)
}

// testFeedPruned: whoever comes later than what is kept is told to read everything anew.
func testFeedPruned(t *testing.T, b *bench) {
	ctx := t.Context()
	var at []time.Time
	for i := range 6 {
		b.created(t, i)
		at = append(at, b.clock())
		b.later(time.Hour)
	}
	require.NoError(t, b.PruneChanges(ctx, at[0]))
	b.checkFeed(t)
	require.NoError(t, b.PruneChanges(ctx, at[3]))
	gone := func(after int64) {
		t.Helper()
		_, err := b.Changes(ctx, after, 10)
		require.Equal(t, fault.Precondition, fault.KindOf(err))
		require.Equal(t, "CHANGES_GONE", fault.ReasonOf(err))
	}
	kept := func(after int64, want int) {
		t.Helper()
		found, err := b.Changes(ctx, after, 10)
		require.NoError(t, err)
		require.Len(t, found, want)
	}
	gone(2)
	kept(3, 3)
	kept(6, 0)
	require.NoError(t, b.PruneChanges(ctx, b.clock()))
	gone(5)
	kept(6, 0)
	last, err := b.LastChange(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 6, last)
	b.created(t, 7)
	gone(5)
	kept(6, 1)
}

// testFollowerFails: whoever can't follow keeps nothing from being stored, and the writer
// hears of it.
func testFollowerFails(t *testing.T, b *bench) {
	b.Follow(func([]feed.Change) error { return errBoom })
	r := b.recording(t, 1)
	_, _, err := b.Recordings.CreateRecording(t.Context(), r)
	require.ErrorIs(t, err, errBoom)
	_, err = b.Recordings.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, 1, b.changes(r.ID))
	b.checkFeed(t)
}
