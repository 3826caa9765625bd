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
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// inFeed is what everybody who reads the feed hears of a change.
func inFeed(changes []feed.Change) []feed.Change {
	out := make([]feed.Change, len(changes))
	for i, c := range changes {
		out[i] = feed.Change{Seq: c.Seq, At: c.At, Kind: c.Kind, ID: c.ID, Number: c.Number}
	}
	return out
}

// since is what was told behind so many changes.
func (b *bench) since(n int) []feed.Change {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.told[n:])
}

// checkFeed: what can be read of the feed is what was told, numbered from 1 without a gap.
func (b *bench) checkFeed(t *testing.T) {
	t.Helper()
	told := b.since(0)
	for i, c := range told {
		require.EqualValues(t, i+1, c.Seq)
	}
	kept, err := b.Changes(t.Context(), 0, len(told)+1)
	require.NoError(t, err)
	require.Equal(t, inFeed(told), inFeed(kept))
	last, err := b.LastChange(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, len(told), last)
}

// write is one kind of it, with what the feed is to tell when it returns.
type write struct {
	name string
	do   func() error
	want []string
}

// brief is a change in a few words: its kind, with what the ledger says.
func brief(c feed.Change) string {
	if c.Entry != "" {
		return fmt.Sprint(c.Kind, " ", c.Entry)
	}
	return string(c.Kind)
}

// testFeedTells: every kind of write is told of before it is acknowledged.
func testFeedTells(t *testing.T, b *bench) {
	require.Empty(t, b.since(0))
	for _, writes := range [][]write{b.freezeWrites(t), b.recordingWrites(t), b.callWrites(t)} {
		for _, w := range writes {
			b.later(time.Second)
			before := len(b.since(0))
			require.NoError(t, w.do(), w.name)
			got := []string{}
			for _, c := range b.since(before) {
				require.Equal(t, b.clock(), c.At, w.name)
				got = append(got, brief(c))
			}
			require.Equal(t, w.want, got, w.name)
		}
	}
	b.checkFeed(t)
	b.tellsWhatIsStored(t)
}

// tellsWhatIsStored: those in the same process hear how a freeze or an entry was right after
// the change.
func (b *bench) tellsWhatIsStored(t *testing.T) {
	t.Helper()
	latest := map[string]feed.Change{}
	for _, c := range b.since(0) {
		latest[string(c.Kind)+c.ID] = c
	}
	for _, c := range latest {
		switch c.Kind { //nolint:exhaustive // the others carry nothing
		case feed.Freeze:
			kept, err := b.Freezes.Get(t.Context(), freeze.ID(c.ID))
			require.NoError(t, err)
			require.Equal(t, kept, c.Freeze)
		case feed.Allow:
			kept, err := b.Freezes.Allows(t.Context(), freeze.AllowQuery{IDs: []freeze.AllowID{freeze.AllowID(c.ID)}})
			require.NoError(t, err)
			require.Equal(t, kept, []freeze.Allow{c.Allow})
		}
	}
}

func (b *bench) freezeWrites(t *testing.T) []write {
	t.Helper()
	ctx, req := t.Context(), request.Request{Method: "CreateFreeze", ID: "r1"}
	var frozen []freeze.Freeze
	var allowed freeze.Allow
	order := func() (err error) {
		frozen, err = b.freeze.Order(ctx, req, []freeze.Freeze{{Number: numberOf(t, 1), Reason: freeze.Manual, Until: begin.Add(period)},
			{Number: numberOf(t, 2), Reason: freeze.Manual}})
		return err
	}
	return []write{
		{"order", order, []string{"freeze freeze", "freeze freeze"}},
		{"order, repeated", order, []string{}},
		{"extend", func() error {
			_, err := b.freeze.Extend(ctx, request.Request{}, frozen[0].ID, begin.Add(2*period), "ops", "longer")
			return err
		}, []string{"freeze extend"}},
		{"release", func() error { _, err := b.release(t, 1, ""); return err }, []string{"freeze release"}},
		{"complain", func() error {
			_, err := b.freeze.Complain(ctx, []freeze.Complaint{{Number: numberOf(t, 3), At: begin, Source: "own"}})
			return err
		}, []string{"freeze freeze"}},
		{"allow", func() (err error) {
			allowed, err = b.freeze.Allow(ctx, request.Request{}, freeze.Allow{Number: numberOf(t, 1), Until: begin.Add(time.Hour)})
			return err
		}, []string{"allow allow"}},
		{"end", func() error {
			_, err := b.freeze.EndAllow(ctx, request.Request{}, allowed.ID, "ops", "over")
			return err
		}, []string{"allow disallow"}},
	}
}

func (b *bench) recordingWrites(t *testing.T) []write {
	t.Helper()
	ctx, r := t.Context(), b.recording(t, 4)
	attempt := func() error { // handed back, or the first: none counts so far
		_, err := b.Recordings.BeginAttempt(ctx, r.ID, 0)
		return err
	}
	decide := func(v review.Verdict) func() error {
		return func() error {
			s, err := b.Suspects.ByRecording(ctx, r.ID)
			if err == nil {
				_, err = b.review.Decide(ctx, s.ID, "li", review.Order{Verdict: v}, "")
			}
			return err
		}
	}
	revert := func() error {
		s, err := b.Suspects.ByRecording(ctx, r.ID)
		if err == nil {
			_, err = b.review.Revert(ctx, s.ID, "", "li", "misheard", "")
		}
		return err
	}
	one := []string{"recording"}
	return []write{
		{"create", func() error { _, _, err := b.Recordings.CreateRecording(ctx, r); return err }, one},
		{"create again", func() error { _, _, err := b.Recordings.CreateRecording(ctx, r); return err }, []string{}},
		{"begin", attempt, one},
		{"hand back", func() error { return b.Recordings.HandBack(ctx, r.ID) }, one},
		{"begin again", attempt, one},
		{"fail", func() error {
			_, err := b.Recordings.FailAttempt(ctx, r.ID, recording.Problem{Reason: recording.SpeechFailed}, true)
			return err
		}, one},
		{"queue again", func() error { _, err := b.Recordings.Requeue(ctx, r.ID); return err }, one},
		{"finish", func() error { return b.finish(ctx, r.ID, result("not_interested")) }, one},
		{"confirm", decide(review.Confirm), []string{"freeze freeze"}},
		{"revert", revert, []string{"freeze release"}},
		{"dismiss", decide(review.Dismiss), []string{}},
	}
}

func (b *bench) callWrites(t *testing.T) []write {
	t.Helper()
	ctx := t.Context()
	report := func(id string, n int, outcome calls.Outcome) func() error {
		return func() error {
			c := call(t, id, n, time.Second)
			c.Outcome = outcome
			_, err := b.calls.Report(ctx, []calls.Call{c})
			return err
		}
	}
	var tries []write
	for i := range 5 {
		tries = append(tries, write{"try", report(fmt.Sprint("try", i), 6, calls.NoAnswer), []string{}})
	}
	rules := parseRules(t, rulesOfTest+"# changed\n")
	return append(tries,
		write{"reserve the last attempt", func() error { _, err := b.reserve(t, "last", 6); return err }, []string{"denials"}},
		write{"be refused", func() error { _, err := b.reserve(t, "more", 6); return err }, []string{}},
		write{"first rejected", report("c1", 5, calls.Rejected), []string{}},
		write{"second rejected", report("c2", 5, calls.Rejected), []string{}},
		write{"third rejected", report("c3", 5, calls.Rejected), []string{"freeze freeze"}},
		write{"corrected", func() error {
			c := call(t, "c3", 5, time.Second)
			c.Outcome, c.Revision = calls.Failed, 2
			_, err := b.calls.Report(ctx, []calls.Call{c})
			return err
		}, []string{"freeze release", "denials"}},
		write{"activate rules", func() error { _, err := b.calls.Activate(ctx, request.Request{}, rules, "ops"); return err }, []string{"rules"}},
		write{"activate a lexicon", func() error {
			_, _, err := b.Lexicons.AddLexicon(ctx, keywords.Activation{Version: "v", Source: "s", Actor: "ops"}, "")
			return err
		}, []string{"lexicon"}},
		write{"count", func() error {
			return b.Figures.AddGateCounts(ctx, map[figures.GateCount]int64{{Day: "2026-03-02", What: figures.Checks}: 1})
		}, []string{}},
	)
}

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
				f, err := b.freeze.Order(t.Context(), request.Request{}, []freeze.Freeze{{Number: numberOf(t, n), Reason: freeze.Manual}})
				require.NoError(t, err)
				told = string(f[0].ID)
			case 1:
				told = string(b.created(t, n).ID)
			case 2:
				out := b.reported(t, call(t, fmt.Sprint(n, "a"), n, 0), call(t, fmt.Sprint(n, "b"), n, 0), call(t, fmt.Sprint(n, "c"), n, 0))
				told = string(out[2].Opened[0].ID)
			default:
				s, err := b.review.Decide(t.Context(), suspects[(i/4)*each+j].ID, "li", review.Order{Verdict: review.Confirm}, "")
				require.NoError(t, err)
				told = string(s.Decision.Freeze)
			}
			require.True(t, slices.ContainsFunc(b.since(0), func(c feed.Change) bool { return c.ID == told }), "told before it is acknowledged")
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
	require.Equal(t, []feed.Change{{Seq: 11, At: begin, Kind: feed.Recording, ID: string(r.ID)}}, page)
	_, err = b.Changes(t.Context(), 12, 3)
	require.Equal(t, "CHANGES_GONE", fault.ReasonOf(err), "a reader that knows more than there is followed another database")
}

// testFeedOfTheAbandoned: of what was rolled back nobody hears, and it takes no number.
func testFeedOfTheAbandoned(t *testing.T, b *bench) {
	ctx := t.Context()
	s := b.suspect(t, 1, "not_interested")
	before := len(b.since(0))
	for name, do := range map[string]func() error{
		"freeze": func() error {
			_, _, err := b.Freezes.Once(ctx, request.Request{}, "", func(ctx context.Context, tx freeze.Tx) ([]string, error) {
				_, err := b.opening(ctx, tx, s.Number)
				require.NoError(t, err)
				return nil, errBoom
			})
			return err
		},
		"calls": func() error {
			return b.Calls.Write(ctx, func(ctx context.Context, tx calls.Tx) error {
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
			_, err := b.Suspects.ChangeSuspect(ctx, s.ID, request.Request{}, func(ctx context.Context, ledger freeze.Book, _ review.Suspect) (review.Change, error) {
				w := freeze.Writer{Book: ledger, Keys: b.keys, Now: begin}
				_, err := w.Open(ctx, freeze.Freeze{Number: s.Number, Reason: freeze.Refused, From: begin})
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
