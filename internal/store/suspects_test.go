package store_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// manySuspects are as many as a large floor has waiting.
const manySuspects = 100_000

// fillSuspects stores open suspects of 200 agents, 20 lines and 30,000 numbers, a second apart, one in fifty of them
// blind, and one in a thousand claimed.
func fillSuspects(tb testing.TB, db *store.DB, n int) {
	tb.Helper()
	for _, fill := range []string{
		`INSERT INTO recordings (id, call_id, part, number, agent, source, customer_channel, answer_offset, audio, sha256,
			size, state, attempts, deaths, created_at, updated_at, revision)
		VALUES ('r', 'r', '', 1, '', '', 'left', 0, '{}', '', 1, 'done', 0, 0, 1, 1, 1)`,
		fmt.Sprintf(`WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < %d)
		INSERT INTO suspects (id, recording_id, call_id, part, agent, hits, score, class, lexicon, round, claim_by, claim_until,
			created_at, updated_at, revision, number, blind, kind, second_of)
		SELECT printf('01%%024d', n), 'r', 'call-' || n, '', 'agent-' || (n %% 200), printf('[%%1000s]', ''), (n %% 100) / 100.0,
			CASE n %% 3 WHEN 0 THEN 'no_need' ELSE 'not_interested' END, 'x', 1, CASE n %% 1000 WHEN 0 THEN 'li' END,
			CASE n %% 1000 WHEN 0 THEN 9000000000000000 END, n * 1000000, n * 1000000, 1, 13800000000 + n %% 30000,
			n %% 50 = 0, '', NULL FROM i`, n),
		`UPDATE suspects SET line = 'line-' || (number % 20)`,
	} {
		_, err := db.Writer().ExecContext(tb.Context(), `DROP INDEX IF EXISTS suspects_by_recording`)
		require.NoError(tb, err) // of which there is one for all
		_, err = db.Writer().ExecContext(tb.Context(), fill)
		require.NoError(tb, err)
	}
}

// someNumber is one of those of fillSuspects.
var someNumber = func() number.Number {
	n, err := number.FromDigits(13800000000)
	if err != nil {
		panic(err)
	}
	return n
}()

// listsOfSuspects are those that people page through.
func listsOfSuspects() map[string]review.Filter {
	now := time.UnixMicro(1)
	open := func(f review.Filter) review.Filter {
		f.State, f.Now, f.For = review.Open, now, "wang"
		return f
	}
	after := &review.Place{Cursor: request.Cursor{At: time.UnixMicro(5_000_000), ID: "x"}, Rank: 0.9}
	return map[string]review.Filter{
		"all": {After: after}, "newest": {Order: review.NewestFirst, After: after},
		"open":          open(review.Filter{After: after}),
		"newest open":   open(review.Filter{Order: review.NewestFirst, After: after}),
		"open by score": open(review.Filter{Order: review.HighestFirst, After: after}),
		"class":         open(review.Filter{Class: "no_need"}),
		"agent":         open(review.Filter{Agent: "agent-7", After: after}),
		"line":          open(review.Filter{Line: "line-7", Order: review.NewestFirst}),
		"created": open(review.Filter{Created: review.Span{From: time.UnixMicro(80_000_000_000),
			Until: time.UnixMicro(90_000_000_000)}}),
		"passed":  open(review.Filter{Passed: true}),
		"claimed": {State: review.Claimed, Now: now},
		"short":   {ShortID: "000012345"},
		"mine":    {Mine: true, For: "wang", Now: now},
		"number":  {Number: someNumber, For: "wang", Now: now, Order: review.NewestFirst},
		"own":     {Agent: "agent-7", Decided: true, Order: review.NewestFirst, After: after},
		"decided": {State: review.Confirmed, Order: review.NewestFirst},
		"decided then": {DecidedAt: review.Span{From: time.UnixMicro(80_000_000_000), Until: time.UnixMicro(90_000_000_000)},
			Order: review.NewestFirst},
	}
}

// No list of suspects sorts or reads what it passes over. Few are claimed, so that these may be sorted.
func TestSuspectListsUseIndexes(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	for name, f := range listsOfSuspects() {
		query := store.SuspectQuery(f)
		for _, step := range plan(t, db, query) {
			require.NotRegexp(t, `^SCAN s$`, step, name)
			if !slices.Contains([]string{"claimed", "short", "passed", "mine", "number", "own", "decided then"}, name) {
				require.NotContains(t, step, "TEMP B-TREE", "%s: %s\n%s", name, query,
					strings.Join(plan(t, db, query), "\n"))
			}
		}
	}
	require.Contains(t, strings.Join(plan(t, db, store.SuspectQuery(review.Filter{State: review.Open, Now: time.UnixMicro(1)})), "\n"),
		"COVERING INDEX suspects_by_verdict")
	counting := strings.Join(plan(t, db, store.CountQuery(review.Filter{Now: time.UnixMicro(1), For: "wang"})), "\n")
	require.Contains(t, counting, "COVERING INDEX suspects_counted")
	require.NotContains(t, counting, "TEMP B-TREE")
	for name, index := range map[string]string{"claimed": "suspects_claimed", "passed": "suspects_passed",
		"short": "suspects_by_short_id", "agent": "suspects_by_agent", "line": "suspects_by_line",
		"mine": "suspects_by_holder", "number": "suspects_by_number", "own": "suspects_by_agent",
		"decided then": "decisions_by_time"} {
		steps := strings.Join(plan(t, db, store.SuspectQuery(listsOfSuspects()[name])), "\n")
		require.Contains(t, steps, index, name)
	}
}

// BenchmarkSuspects measures what the desk asks for with a hundred thousand waiting.
func BenchmarkSuspects(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "refrain.db"))
	fillSuspects(b, db, manySuspects)
	for name, f := range listsOfSuspects() {
		f.Limit = 50
		b.Run("list "+name, func(b *testing.B) {
			for b.Loop() {
				_, err := db.Suspects.List(b.Context(), f)
				require.NoError(b, err)
			}
		})
	}
	b.Run("count", func(b *testing.B) {
		for b.Loop() {
			counts, err := db.Suspects.Count(b.Context(), review.Filter{Now: time.UnixMicro(1), For: "wang"})
			require.NoError(b, err)
			require.EqualValues(b, manySuspects, counts.Waiting())
		}
	})
	b.Run("next", func(b *testing.B) {
		service := review.Service{Store: db.Suspects, Lease: time.Minute, Now: time.Now}
		var took []time.Duration
		defer func() {
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		}()
		for b.Loop() {
			began := time.Now()
			_, found, err := service.Next(b.Context(), review.Next{Filter: review.Filter{For: "wang"}}, 0, request.Request{})
			require.NoError(b, err)
			require.True(b, found)
			took = append(took, time.Since(began))
		}
	})
}
