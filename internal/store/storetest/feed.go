package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
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
			require.Equal(t, c.Freeze, kept)
		case feed.Allow:
			kept, err := b.Freezes.Allows(t.Context(),
				freeze.AllowQuery{IDs: []freeze.AllowID{freeze.AllowID(c.ID)}})
			require.NoError(t, err)
			require.Equal(t, []freeze.Allow{c.Allow}, kept)
		}
	}
}

func (b *bench) freezeWrites(t *testing.T) []write {
	t.Helper()
	ctx, req := t.Context(), request.Request{Method: "CreateFreeze", ID: "r1"}
	var frozen []freeze.Freeze
	var allowed freeze.Allow
	order := func() (err error) {
		frozen, err = b.freeze.Order(ctx, req, []freeze.Freeze{
			{Number: numberOf(t, 1), Reason: freeze.Manual, Until: begin.Add(period)},
			{Number: numberOf(t, 2), Reason: freeze.Manual},
		})
		return err
	}
	return []write{
		{"order", order, []string{"freeze freeze", "freeze freeze"}},
		{"order, repeated", order, []string{}},
		{"extend", func() error {
			_, err := b.freeze.Extend(ctx, request.Request{}, frozen[0].ID, begin.Add(2*period),
				"ops", "longer")
			return err
		}, []string{"freeze extend"}},
		{"release", func() error { _, err := b.release(t, 1, ""); return err },
			[]string{"freeze release"}},
		{"complain", func() error {
			_, err := b.freeze.Complain(ctx,
				[]freeze.Complaint{{Number: numberOf(t, 3), At: begin, Source: "own"}})
			return err
		}, []string{"freeze freeze"}},
		{"allow", func() (err error) {
			allowed, err = b.freeze.Allow(ctx, request.Request{},
				freeze.Allow{Number: numberOf(t, 1), Until: begin.Add(time.Hour)})
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
				_, err = b.review.Decide(ctx, s.ID, "li", review.Order{Verdict: v}, request.Request{})
			}
			return err
		}
	}
	revert := func() error {
		s, err := b.Suspects.ByRecording(ctx, r.ID)
		if err == nil {
			_, err = b.review.Revert(ctx, s.ID, "", "li", "misheard", request.Request{})
		}
		return err
	}
	one := []string{"recording"}
	return []write{
		{"create", func() error { _, _, err := b.Recordings.CreateRecording(ctx, r); return err },
			one},
		{"create again", func() error {
			_, _, err := b.Recordings.CreateRecording(ctx, r)
			return err
		}, []string{}},
		{"begin", attempt, one},
		{"hand back", func() error { return b.Recordings.HandBack(ctx, r.ID) }, one},
		{"begin again", attempt, one},
		{"fail", func() error {
			_, err := b.Recordings.FailAttempt(ctx, r.ID,
				recording.Problem{Reason: recording.SpeechFailed}, true)
			return err
		}, one},
		{"queue again", func() error { _, err := b.Recordings.Requeue(ctx, r.ID); return err },
			one},
		{"finish", func() error { return b.finish(ctx, r.ID, result("not_interested")) },
			[]string{"suspect", "recording"}},
		{"confirm", decide(review.Confirm), []string{"freeze freeze", "suspect"}},
		{"revert", revert, []string{"freeze release", "suspect"}},
		{"dismiss", decide(review.Dismiss), []string{"suspect"}},
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
		tries = append(tries, write{"try", report(fmt.Sprint("try", i), 6, calls.NoAnswer),
			[]string{}})
	}
	rules := parseRules(t, rulesOfTest+"# changed\n")
	return append(tries,
		write{"reserve the last attempt",
			func() error { _, err := b.reserve(t, "last", 6); return err }, []string{"denials"}},
		write{"be refused", func() error { _, err := b.reserve(t, "more", 6); return err },
			[]string{}},
		write{"first rejected", report("c1", 5, calls.Rejected), []string{}},
		write{"second rejected", report("c2", 5, calls.Rejected), []string{}},
		write{"third rejected", report("c3", 5, calls.Rejected), []string{"freeze freeze"}},
		write{"corrected", func() error {
			c := call(t, "c3", 5, time.Second)
			c.Outcome, c.Revision = calls.Failed, 2
			_, err := b.calls.Report(ctx, []calls.Call{c})
			return err
		}, []string{"freeze release", "denials"}},
		write{"activate rules", func() error {
			_, err := b.calls.Activate(ctx, request.Request{}, rules, "ops")
			return err
		}, []string{"rules"}},
		write{"activate a lexicon", func() error {
			_, _, err := b.Lexicons.AddLexicon(ctx,
				keywords.Activation{Version: "v", Source: "s", Actor: "ops"}, request.Request{})
			return err
		}, []string{"lexicon"}},
		write{"count", func() error {
			return b.Figures.AddGateCounts(ctx,
				map[figures.GateCount]int64{{Day: "2026-03-02", What: figures.Checks}: 1})
		}, []string{}},
	)
}
