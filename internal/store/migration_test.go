package store_test

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
	"github.com/refrain-asr/refrain/seal"
)

// The data directory that testdata/version-3 tells of: what an earlier program kept.
const (
	oldHead      = "4e838775ef2d9166a9afa72b34f00438c975d5ec3b9931b999bb2f933f0ee2fd"
	oldConfirmed = review.ID("01M8HR8XCJ91QPJKX19AY957HA")
	oldDismissed = review.ID("01M8HR8YF2MSCWMZQAPFF0MX2N")
	oldReverted  = review.ID("01M8HR90WP9ZA717423726Q6GD")
	oldOpen      = review.ID("01M8HR97MHPSPS5B59JQQAQWER")
)

// oldEnd is when the earlier program was stopped.
var oldEnd = time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)

// older is an earlier program's database, opened by this one.
type older struct {
	*store.DB
	keys freeze.Keys
	told []feed.Change
}

func (o *older) clock() time.Time { return oldEnd }

func openOlder(t *testing.T) *older {
	t.Helper()
	secret, err := os.ReadFile("testdata/version-3/ledger.key")
	require.NoError(t, err)
	secret, err = hex.DecodeString(string(bytes.TrimSpace(secret)))
	require.NoError(t, err)
	o := &older{}
	o.keys, err = freeze.NewKeys(secret)
	require.NoError(t, err)
	of := options(t)
	of.Keys, of.Now = o.keys, o.clock
	o.DB, err = store.Open(t.Context(), unpacked(t, "testdata/version-3/refrain.db.gz"), of)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, o.Close()) })
	o.Follow(func(changes []feed.Change) error { o.told = append(o.told, changes...); return nil })
	return o
}

// unpacked is a copy of a compressed file that may be written.
func unpacked(t *testing.T, name string) string {
	t.Helper()
	in, err := os.Open(name)
	require.NoError(t, err)
	defer func() { require.NoError(t, in.Close()) }()
	z, err := gzip.NewReader(in)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "refrain.db")
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = out.ReadFrom(z)
	require.NoError(t, err)
	require.NoError(t, out.Close())
	return path
}

func oldNumber(t *testing.T, last2 string) number.Number {
	t.Helper()
	n, err := number.Parse("138001380"+last2, "")
	require.NoError(t, err)
	return n
}

// verified is how many entries the ledger has, which is sound and contains the old head.
func (o *older) verified(t *testing.T) int64 {
	t.Helper()
	head, err := seal.ParseMAC(oldHead)
	require.NoError(t, err)
	v, err := o.Freezes.Verify(t.Context(), head)
	require.NoError(t, err)
	require.Empty(t, v.Findings)
	require.Zero(t, v.Erased)
	return v.Entries
}

func TestMigrationKeepsRecordings(t *testing.T) {
	t.Parallel()
	ctx, o := t.Context(), openOlder(t)
	all, err := o.Recordings.List(ctx, recording.Filter{})
	require.NoError(t, err)
	require.Len(t, all, 8)
	var ids []recording.ID
	for _, r := range all {
		require.Equal(t, recording.Done, r.State)
		require.Equal(t, 1, r.Attempts)
		ids = append(ids, r.ID)
		transcript, err := o.Transcripts.Get(ctx, r.ID, asr.Customer)
		require.NoError(t, err)
		require.Equal(t, "refrain-demo-zh", transcript.Settings.Model.Name)
	}
	judged, err := o.Transcripts.Judgements(ctx, ids)
	require.NoError(t, err)
	require.Len(t, judged, 8)
	first, err := o.Recordings.RecordingByCall(ctx, "sample-01", "")
	require.NoError(t, err)
	require.Equal(t, oldNumber(t, "11"), first.Number)
	require.Equal(t, oldDismissed, judged[first.ID].SuspectID)
	transcript, err := o.Transcripts.Get(ctx, first.ID, asr.Customer)
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(transcript.Segments,
		func(s asr.Segment) bool { return strings.Contains(s.Text, "没兴趣") }))
}

func TestMigrationKeepsReviews(t *testing.T) {
	t.Parallel()
	ctx, o := t.Context(), openOlder(t)
	for id, want := range map[review.ID]review.State{
		oldConfirmed: review.Confirmed, oldDismissed: review.Dismissed,
		oldReverted: review.Open, oldOpen: review.Open,
	} {
		s, err := o.Suspects.Get(ctx, id)
		require.NoError(t, err)
		require.Equal(t, want, s.State(oldEnd), id)
		require.NotEmpty(t, s.Hits)
	}
	history, err := o.Suspects.Decisions(ctx, oldReverted)
	require.NoError(t, err)
	require.Len(t, history, 1)
	require.Equal(t, "wrong customer", history[0].Reversal.Reason)

	service := review.Service{Store: o.Suspects, Keys: o.keys, Now: o.clock, Periods: forGood}
	s, err := service.Decide(ctx, oldOpen, "li", review.Order{Verdict: review.Confirm}, request.Request{})
	require.NoError(t, err)
	_, err = service.Revert(ctx, oldConfirmed, "", "li", "misheard", request.Request{})
	require.NoError(t, err)
	require.EqualValues(t, 17, o.verified(t), "the chain goes on")
	require.Len(t, o.told, 4, "and so does the feed, from its beginning")
	require.Equal(t, string(s.Decision.Freeze), o.told[0].ID)
	require.EqualValues(t, 1, o.told[0].Seq)
}

func TestMigrationKeepsFreezes(t *testing.T) {
	t.Parallel()
	ctx, o := t.Context(), openOlder(t)
	require.EqualValues(t, 15, o.verified(t))
	all, err := o.Freezes.List(ctx, freeze.Filter{ShowEnded: true})
	require.NoError(t, err)
	require.Len(t, all, 8)
	for last2, want := range map[string]freeze.Freeze{
		"12": {Reason: freeze.Refused, Class: "dont_want_to_listen"},
		"13": {Reason: freeze.Refused, Class: "stop_calling",
			Release: &freeze.Release{Cause: freeze.Reverted}},
		"21": {Reason: freeze.Manual, Note: "asked us in a letter"},
		"22": {Reason: freeze.Manual, Release: &freeze.Release{Cause: freeze.ByHand}},
		"24": {Reason: freeze.Complained, Note: "keeps calling"},
		"31": {Reason: freeze.Ruled, Rule: "rejected-or-short"},
		"36": {Reason: freeze.Ruled, Rule: "rejected-or-short"},
		"37": {Reason: freeze.Ruled, Rule: "rejected-or-short",
			Release: &freeze.Release{Cause: freeze.Corrected}},
	} {
		found, err := o.Freezes.Freezes(ctx,
			freeze.Query{Numbers: []number.Number{oldNumber(t, last2)}})
		require.NoError(t, err)
		require.Len(t, found, 1, last2)
		f := found[0]
		require.Equal(t, []any{want.Reason, want.Class, want.Rule},
			[]any{f.Reason, f.Class, f.Rule}, last2)
		require.Contains(t, f.Note, want.Note)
		require.Equal(t, last2 == "21", f.Extended())
		require.Equal(t, want.Release == nil, f.Release == nil, last2)
		if f.Release != nil {
			require.Equal(t, want.Release.Cause, f.Release.Cause, last2)
		}
	}
}

// What was ordered is known again, and not done twice.
func TestMigrationKeepsOrders(t *testing.T) {
	t.Parallel()
	ctx, o := t.Context(), openOlder(t)
	service := freeze.Service{Store: o.Freezes, Keys: o.keys, Now: o.clock}
	a, err := service.Allow(ctx, request.Request{
		Method: "AllowNumber", ID: "4b84dc42-8dba-41af-8b9d-6f7c473c65ad",
		Digest: "d37832f9c6fe9c5fd77a988025561fe158ee21592a37d192b8a2fe62e8949c54"},
		freeze.Allow{Number: oldNumber(t, "23"), Until: oldEnd.Add(time.Hour)})
	require.NoError(t, err)
	require.Equal(t, freeze.AllowID("01M8HR9G7R3D5Y5R79RXR6R85Q"), a.ID)
	require.Equal(t, oldNumber(t, "23"), a.Number)
	again, err := service.Order(ctx, request.Request{
		Method: "CreateFreeze", ID: "004e6736-1c8f-4eff-b548-0bbc36297650",
		Digest: "a39d28f4ab50bd2de79163d86defe4f36c9e8a1237ca63774458c18a8bbf15b2"},
		[]freeze.Freeze{{Number: oldNumber(t, "21"), Reason: freeze.Manual}})
	require.NoError(t, err)
	require.Len(t, again, 1)
	require.Equal(t, freeze.ID("01M8HR9FP016SKG7ED6C1M9JG2"), again[0].ID)
	visited := []number.Number{oldNumber(t, "25")}
	ended, err := o.Freezes.Allows(ctx, freeze.AllowQuery{Numbers: visited})
	require.NoError(t, err)
	require.Equal(t, "visited", ended[0].Ended.Reason)
	require.Empty(t, o.told)

	released, err := service.Release(ctx, request.Request{}, oldNumber(t, "24"), "ops", "asked")
	require.NoError(t, err)
	require.Len(t, released, 1)
	require.EqualValues(t, 16, o.verified(t))
}

func TestMigrationKeepsCallsAndRules(t *testing.T) {
	t.Parallel()
	ctx, o := t.Context(), openOlder(t)
	rules, err := calls.OpenRules(ctx, o.Rules, nil)
	require.NoError(t, err)
	require.Len(t, rules.Timeline(), 2)
	require.Equal(t, "stricter@3b307023", rules.Timeline().At(oldEnd).Version)
	lexicon, err := o.Lexicons.LatestLexicon(ctx, "")
	require.NoError(t, err)
	require.Equal(t, "ours+3bd6eee2", lexicon.Version)

	denied := map[number.Number]int{}
	require.NoError(t, rules.Timeline().Denied(ctx, o.Calls, oldEnd,
		func(n number.Number, d []calls.Denial) error {
			denied[n] = d[0].Count
			return nil
		}))
	require.Equal(t, map[number.Number]int{oldNumber(t, "34"): 6}, denied)

	service := calls.NewService(o.Calls, o.keys, rules.Timeline, o.clock)
	defer service.Close()
	known, err := o.Calls.Get(ctx, "s36-1", rules.Timeline())
	require.NoError(t, err)
	third := known.Call
	third.ID, third.Number = "s37-3", oldNumber(t, "37")
	out, err := service.Report(ctx, []calls.Call{known.Call, third})
	require.NoError(t, err)
	require.Equal(t, calls.Unchanged, out[0].Status)
	require.Len(t, out[1].Opened, 1, "the second that counts, by the rules that were in force")
	require.EqualValues(t, 16, o.verified(t))

	f, err := o.Figures.Count(ctx, oldEnd.AddDate(0, 0, -2), oldEnd, "2026-11-27", "2026-11-29")
	require.NoError(t, err)
	require.EqualValues(t, 20, f.Calls())
	require.EqualValues(t, 1, f.Complaints)
	require.EqualValues(t, 7, f.Gate[figures.Checks])
	require.EqualValues(t, 3, f.Gate[figures.Avoided])
}
