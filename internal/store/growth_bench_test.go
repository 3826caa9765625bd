package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
)

// growthEnv lists how many calls BenchmarkGrowth has stored before, such as
// 1000000,10000000; each million takes some 300 MB.
const growthEnv = "REFRAIN_BENCH_HISTORY"

// population is how many numbers are called in the past of BenchmarkGrowth: at a hundred
// million calls each was called five times.
const population = 20_000_000

// BenchmarkGrowth is what reports cost when so many calls are known, spread over 90
// days: a hundred reports a request, of calls of now to the same numbers.
func BenchmarkGrowth(b *testing.B) {
	sizes := os.Getenv(growthEnv)
	if sizes == "" {
		sizes = "100000"
	}
	db := open(b, filepath.Join(b.TempDir(), "refrain.db"))
	service, known := reporting(b, db), 0
	for text := range strings.SplitSeq(sizes, ",") {
		size, err := strconv.Atoi(text)
		require.NoError(b, err)
		known = fill(b, db, known, size)
		next := 0
		b.Run(fmt.Sprint("known=", size), func(b *testing.B) {
			began := next
			for b.Loop() {
				reports := make([]calls.Call, 100)
				for i := range reports {
					next++
					reports[i] = benchCall(next)
					reports[i].ID = fmt.Sprint(size, "-", reports[i].ID)
					reports[i].Number = populated(b, next)
				}
				_, err := service.Report(b.Context(), reports)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(next-began)/b.Elapsed().Seconds(), "reports/s")
		})
	}
}

// populated is one of the population, each other than the one before.
func populated(t testing.TB, i int) number.Number {
	n, err := number.FromDigits(8613_000_000_000 + uint64(i)*2654435761%population)
	require.NoError(t, err)
	return n
}

// fill adds calls until there are size, past the store but with the same indexes.
func fill(b *testing.B, db *store.DB, known, size int) int {
	b.Helper()
	first := time.Now().AddDate(0, 0, -90)
	const step = 500_000
	for ; known < size; known += step {
		_, err := db.Writer().ExecContext(b.Context(),
			`INSERT INTO calls (call_id, number, agent, line, caller_id, start_at, outcome, talk, ended_by,
				code, revision, created_at, updated_at)
			WITH RECURSIVE n (i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
			SELECT printf('%08x-5b1f-4d3c-9a54-%012x', i * 2654435761 % 4294967296, i), 8613000000000 + i * 2654435761 % $3, 'agent ' || i % 200,
				'line ' || i % 10, '02112345678', $4 + i * $5, CASE i % 8 WHEN 0 THEN 'rejected' ELSE 'no_answer' END, 0, 'system', 'sip 480', 1, $4, $4
			FROM n`, known, min(known+step, size)-1, population, first.UnixMicro(), 90*24*time.Hour.Microseconds()/int64(max(size, 1)))
		require.NoError(b, err)
	}
	return size
}
