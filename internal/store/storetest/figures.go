package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/request"
)

func testComplaints(t *testing.T, b *bench) {
	ctx := t.Context()
	complain := func(n int, after time.Duration, source string) freeze.Complaint {
		return freeze.Complaint{Number: numberOf(t, n), At: begin.Add(after), Source: source,
			Text: "keeps calling", Actor: "ops"}
	}
	done, err := b.freeze.Complain(ctx, []freeze.Complaint{complain(1, -time.Hour, "12321"),
		complain(1, -time.Hour, "carrier"), complain(2, 0, "own"),
		complain(1, -time.Hour, "12321")})
	require.NoError(t, err)
	require.Equal(t, 3, done.Created)
	require.Equal(t, 1, done.Known)
	require.Len(t, done.Frozen, 2, "a number is frozen once")
	f := done.Frozen[0]
	require.Equal(t, freeze.Freeze{ID: f.ID, Number: numberOf(t, 1), Reason: freeze.Complained,
		Note: "keeps calling", From: begin, Actor: "ops", Seq: 1,
		OpenedSeq: 1, NumberMAC: b.mac(t, 1)}, f)
	require.Equal(t, []freeze.Freeze{f}, b.frozen(t, 1))
	require.Equal(t, f, b.heardOf(t, f.ID))

	_, err = b.release(t, 1, "")
	require.NoError(t, err)
	done, err = b.freeze.Complain(ctx, []freeze.Complaint{complain(1, -time.Hour, "12321")})
	require.NoError(t, err)
	require.Equal(t, freeze.ComplaintsResult{Known: 1}, done, "what is known does not freeze anew")
	b.later(time.Hour)
	done, err = b.freeze.Complain(ctx, []freeze.Complaint{complain(1, time.Hour, "12321")})
	require.NoError(t, err)
	require.Len(t, done.Frozen, 1)
	require.Equal(t, 4, b.verify(t))
}

func testComplaintsRefused(t *testing.T, b *bench) {
	ok := freeze.Complaint{Number: numberOf(t, 1), At: begin, Source: "12321"}
	for want, change := range map[string]func(*freeze.Complaint){
		"number: is missing": func(c *freeze.Complaint) {
			*c = freeze.Complaint{At: begin, Source: "own"}
		},
		"time: is 0001-01-01T00:00:00": func(c *freeze.Complaint) { c.At = time.Time{} },
		"time: is 2026-03-02T10:00:00": func(c *freeze.Complaint) { c.At = begin.Add(time.Hour) },
		`source: is ""; it must be `:   func(c *freeze.Complaint) { c.Source = "" },
		`source: is "police"`:          func(c *freeze.Complaint) { c.Source = "police" },
		"text: has 2001 characters": func(c *freeze.Complaint) {
			c.Text = strings.Repeat("诉", 2001)
		},
	} {
		c := ok
		change(&c)
		_, err := b.freeze.Complain(t.Context(), []freeze.Complaint{c})
		require.Equal(t, fault.Invalid, fault.KindOf(err), want)
		require.ErrorContains(t, err, want)
		_, err = b.freeze.Complain(t.Context(), []freeze.Complaint{ok, c})
		require.ErrorContains(t, err, "complaints[1].")
	}
	require.Zero(t, b.verify(t), "all or none")
}

func testFigures(t *testing.T, b *bench) {
	ctx := t.Context()
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, shanghai)
	b.reported(t, call(t, "c1", 1, -3*time.Hour), call(t, "c2", 1, -2*time.Hour),
		call(t, "c3", 1, -time.Hour), call(t, "yesterday", 1, -24*time.Hour))
	_, err = b.reserve(t, "c4", 2)
	require.NoError(t, err)
	b.confirmed(t, 3, keywords.Class("not_interested"))
	_, err = b.freeze.Complain(ctx, []freeze.Complaint{{Number: numberOf(t, 4),
		At: begin.Add(-time.Minute), Source: "12321"}})
	require.NoError(t, err)
	_, err = b.freeze.Order(ctx, request.Request{},
		[]freeze.Freeze{{Number: numberOf(t, 5), Reason: freeze.Manual, Line: "sales"}})
	require.NoError(t, err)
	_, err = b.freeze.Allow(ctx, request.Request{},
		freeze.Allow{Number: numberOf(t, 4), Until: begin.Add(time.Hour)})
	require.NoError(t, err)
	b.later(time.Minute)
	_, err = b.release(t, 1, "")
	require.NoError(t, err)
	// Calls in spite of everything: to one that refused, twice; to one that is frozen for
	// another line; to one on the allow list; and to one that was released before.
	for _, c := range []calls.Call{call(t, "a1", 3, 10*time.Second),
		call(t, "a2", 3, 20*time.Second), call(t, "a3", 5, 10*time.Second),
		call(t, "a4", 4, 10*time.Second), call(t, "a5", 1, time.Minute)} {
		c.Outcome = calls.NoAnswer
		b.reported(t, c)
	}
	sales := call(t, "a6", 5, 20*time.Second)
	sales.Line, sales.Outcome = "sales", calls.NoAnswer
	b.reported(t, sales)
	require.NoError(t, b.Figures.AddGateCounts(ctx,
		map[figures.GateCount]int64{{Day: "2026-03-02", What: "frozen"}: 3,
			{Day: "2026-03-01", What: "frozen"}: 50}))
	require.NoError(t, b.Figures.AddGateCounts(ctx,
		map[figures.GateCount]int64{{Day: "2026-03-02", What: "frozen"}: 4,
			{Day: "2026-03-02", What: "hours"}: 1}))
	require.NoError(t, b.Figures.AddGateCounts(ctx, nil))

	flushed := 0
	reports := figures.Service{Store: b.Figures,
		Flush: func(context.Context) error { flushed++; return nil },
		Zone:  func() *time.Location { return shanghai }, CostPerCall: 2}
	report, err := reports.Report(ctx, day, day.AddDate(0, 0, 1), 0)
	require.NoError(t, err)
	require.Equal(t, 1, flushed)
	require.Equal(t, figures.Figures{
		From: day, Until: day.AddDate(0, 0, 1),
		Outcomes: map[calls.Outcome]int64{calls.Rejected: 3, calls.NoAnswer: 6, calls.Pending: 1},
		Gate:     map[string]int64{"frozen": 7, "hours": 1},
		Freezes: map[figures.Kind]int64{{Reason: freeze.Ruled, Rule: "short"}: 1,
			{Reason: freeze.Refused, Class: "not_interested"}: 1,
			{Reason: freeze.Complained}:                       1, {Reason: freeze.Manual}: 1},
		Undone:   map[figures.Kind]int64{},
		Releases: map[freeze.Cause]int64{freeze.ByHand: 1}, Complaints: 1, CallsToFrozen: 3,
		CalledAgain: 1,
	}, report.Now)
	require.EqualValues(t, 10, report.Now.Calls())
	before := report.Before
	require.Equal(t, map[calls.Outcome]int64{calls.Rejected: 1}, before.Outcomes)
	require.Equal(t, map[string]int64{"frozen": 50}, before.Gate)
	require.Zero(t, before.Complaints+before.CallsToFrozen)
	require.Empty(t, before.Freezes)
}
