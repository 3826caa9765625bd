package store_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/review"
)

// Each part of a report goes through a stretch of an index, and reads rows only of what it is about.
func TestDetailsUseIndexes(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	for name, want := range map[string][]string{
		"hits":    {"SEARCH d USING INDEX decisions_by_time (made_at>? AND made_at<?)", "SEARCH s USING INDEX"},
		"decided": {"SEARCH d USING COVERING INDEX decisions_by_time (made_at>? AND made_at<?)"},
		"took":    {"SEARCH d USING COVERING INDEX decisions_by_time (made_at>? AND made_at<?)"},
		"passed":  {"SEARCH suspects USING COVERING INDEX suspects_by_pass (passed_at>? AND passed_at<?)"},
		"pairs":   {"SEARCH x USING INDEX suspects_by_time (created_at>? AND created_at<?)"},
		"day": {"SEARCH calls USING COVERING INDEX calls_by_time (start_at>? AND start_at<?)",
			"SEARCH suspects USING COVERING INDEX suspects_by_time (created_at>? AND created_at<?)",
			"SEARCH freezes USING COVERING INDEX freezes_by_time (from_at>? AND from_at<?)",
			"SEARCH complaints USING COVERING INDEX complaints_by_time (at>? AND at<?)", "SEARCH gate_counts USING PRIMARY KEY"},
		"classes":  {"SEARCH d USING INDEX decisions_by_time (made_at>? AND made_at<?)", "SEARCH s USING INDEX"},
		"agents":   {"SEARCH calls USING COVERING INDEX calls_by_time (start_at>? AND start_at<?)"},
		"lines":    {"SEARCH calls USING COVERING INDEX calls_by_time (start_at>? AND start_at<?)"},
		"suspects": {"SEARCH suspects USING COVERING INDEX suspects_by_time (created_at>? AND created_at<?)"},
		"complaints": {"SEARCH p USING INDEX complaints_by_time (at>? AND at<?)",
			"SEARCH c USING INDEX calls_by_number (number=? AND start_at<?)"},
		"audio": {"COVERING INDEX recordings_kept"},
	} {
		steps := strings.Join(plan(t, db, store.DetailQueries()[name]), "\n")
		for _, step := range want {
			require.Contains(t, steps, step, name)
		}
	}
}

// What is kept of suspects is what there is, whatever is done to them, and is counted without going through them.
func TestKeptCounts(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	fillSuspects(t, db, 300)
	random := rand.New(rand.NewPCG(3, 9))
	one := func() string { return fmt.Sprintf("01%024d", 1+random.IntN(300)) }
	for range 30 {
		for range 20 {
			id := one()
			change := []string{
				`UPDATE suspects SET verdict = 'confirmed', claim_until = NULL WHERE id = $1`,
				`UPDATE suspects SET verdict = 'dismissed', decided_by = 'li' WHERE id = $1`,
				`UPDATE suspects SET verdict = '' WHERE id = $1`,
				`UPDATE suspects SET class = 'complaint' WHERE id = $1`, `UPDATE suspects SET blind = 1 - blind WHERE id = $1`,
				`UPDATE suspects SET line = 'line-3' WHERE id = $1`, `UPDATE suspects SET claim_by = 'li', claim_until = 5 WHERE id = $1`,
				`UPDATE suspects SET passed_by = 'li', passed_at = 4 WHERE id = $1`,
				`UPDATE suspects SET passed_at = NULL WHERE id = $1`,
				`UPDATE suspects SET appealed_by = 'wang', appealed_at = 4 WHERE id = $1 AND second_of IS NOT NULL`,
				`UPDATE suspects SET kind = 'second', second_of = (SELECT id FROM suspects o WHERE o.id <> $1 AND NOT EXISTS
					(SELECT 1 FROM suspects y WHERE y.second_of = o.id) LIMIT 1) WHERE id = $1`,
				`INSERT INTO decisions (id, suspect_id, round, verdict, class, made_by, made_at, note, hits, freeze_id)
					SELECT 'd' || n, id, n + 1, 'confirmed', '', 'li', 1, '', '[]', '' FROM suspects,
						(SELECT COUNT(*) AS n FROM decisions) WHERE id = $1`,
				`DELETE FROM suspects WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM suspects x WHERE x.second_of = $1)
					AND NOT EXISTS (SELECT 1 FROM decisions WHERE suspect_id = $1)`,
			}
			_, err := db.Writer().ExecContext(t.Context(), change[random.IntN(len(change))], id)
			require.NoError(t, err)
		}
		for _, f := range []review.Filter{{}, {For: "li"}, {For: "wang"}, {For: "li", Line: "line-3"},
			{For: "li", Lines: []string{"line-3", "line-4", ""}}, {Line: "none"}} {
			f.Now = time.UnixMicro(int64(4 + random.IntN(3)))
			got, err := db.Suspects.Count(t.Context(), f)
			require.NoError(t, err)
			want, err := db.Suspects.CountAnew(t.Context(), f)
			require.NoError(t, err)
			require.Equal(t, want, got, "%+v", f)
		}
	}
	for _, f := range []review.Filter{{}, {For: "li"}, {For: "li", Line: "line-3"}} {
		f.Now = time.UnixMicro(1)
		steps := strings.Join(plan(t, db, store.KeptQuery(f)), "\n")
		require.Equal(t, 1, strings.Count(steps, "SCAN s"), "only what is kept is gone through:\n%s", steps)
		for _, index := range []string{"suspects_claimed", "suspects_passed"} {
			require.Contains(t, steps, index)
		}
		if f.For != "" {
			require.Contains(t, steps, "COVERING INDEX suspects_looks")
			require.NotContains(t, steps, "decisions_by_reviewer")
		}
	}
}

// fillFigures stores a year of calls of 200 agents on 20 lines and of complaints, and has as many suspects as there are
// decided by 30 reviewers.
func fillFigures(tb testing.TB, db *store.DB, calls, suspects int) {
	tb.Helper()
	fillSuspects(tb, db, suspects)
	const hits = `[{"class":"not_interested","phrase":"没兴趣","text":"没兴趣","start":1,"end":4,"segment":2,"time":{"start":1000000000,' ||
		'"end":2000000000},"match":"exact","score":0.9,"veto":null},{"class":"no_need","phrase":"不需要","text":"不需要","start":1,' ||
		'"end":4,"segment":2,"time":{"start":1000000000,"end":2000000000},"match":"pinyin","score":0.9,"veto":null}]`
	for _, fill := range []string{
		`PRAGMA foreign_keys = OFF`,
		`UPDATE suspects SET hits = '` + hits + `', created_at = rowid * 300000000, verdict = CASE rowid % 3 WHEN 0 THEN 'dismissed' ELSE 'confirmed' END,
			decided_by = 'reviewer-' || (rowid % 30)`,
		`INSERT INTO decisions (id, suspect_id, round, verdict, class, made_by, made_at, note, hits, freeze_id, claimed_at)
			SELECT 'd' || id, id, 1, verdict, class, decided_by, created_at + 1000000, '', 'null', '', created_at + rowid % 60 FROM suspects`,
		fmt.Sprintf(`WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < %d)
			INSERT INTO calls (call_id, number, agent, line, caller_id, start_at, outcome, talk, ended_by, code, revision, created_at, updated_at)
			SELECT 'c' || n, 13800000000 + n %% 300000, 'agent-' || (n * 7919 %% 200), 'line-' || (n %% 20), '', n * 30000000,
				CASE n %% 4 WHEN 0 THEN 'rejected' ELSE 'answered' END, 1, '', '', 1, 1, 1 FROM i`, calls),
		fmt.Sprintf(`WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < %d)
			INSERT INTO complaints (id, number, at, source, text, actor, freeze_id, created_at)
			SELECT 'k' || n, 13800000000 + n * 7919 %% 300000, n * 30000000000, '12321', '', '', '', 1 FROM i`, calls/1000),
	} {
		_, err := db.Writer().ExecContext(tb.Context(), fill)
		require.NoError(tb, err)
	}
}

// BenchmarkReport measures a report of a year, and each part that may be added to it.
func BenchmarkReport(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "refrain.db"))
	fillFigures(b, db, 1_000_000, manySuspects)
	s := figures.Service{Store: db.Figures, Detailed: db.Figures, Zone: func() *time.Location { return time.UTC }}
	from := time.Unix(0, 0).UTC()
	year := figures.Report{Now: figures.Figures{From: from, Until: from.AddDate(1, 0, 0)}}
	b.Run("figures", func(b *testing.B) {
		for b.Loop() {
			_, err := db.Figures.Count(b.Context(), year.Now.From, year.Now.Until, "1970-01-01", "1970-12-31")
			require.NoError(b, err)
		}
	})
	for _, part := range []figures.Part{figures.PhrasesPart, figures.ReviewersPart, figures.DaysPart, figures.AgentsPart,
		figures.LinesPart} {
		b.Run(string(part), func(b *testing.B) {
			for b.Loop() {
				_, err := s.Details(b.Context(), year, part)
				require.NoError(b, err)
			}
		})
	}
}
