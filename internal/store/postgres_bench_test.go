//go:build unix

package store_test

import (
	"database/sql"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
)

// BenchmarkPostgresReports is how many reports a second are durable with PostgreSQL, each of 64 callers waiting
// for its report before the next, and how many transactions of pgbench's simple-update, of which each writes two
// rows, the same server does for as many callers.
func BenchmarkPostgresReports(b *testing.B) {
	const callers = 64
	url, programs := pgtest.Durable(b)
	pgbench := func(args ...string) string {
		out, err := exec.CommandContext(b.Context(), filepath.Join(programs, "pgbench"), append(args, url)...).CombinedOutput()
		require.NoError(b, err, "%s", out)
		return string(out)
	}
	pgbench("-i", "-q", "-s", "10")
	out := pgbench("-b", "simple-update", "-c", strconv.Itoa(callers), "-j", "2", "-T", "10", "-n")
	found := regexp.MustCompile(`tps = ([0-9.]+)`).FindStringSubmatch(out)
	require.NotNil(b, found, out)
	updates, err := strconv.ParseFloat(found[1], 64)
	require.NoError(b, err)

	db, err := store.OpenPostgres(b.Context(), url, options(b))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	// As many rows as pgbench's table has, and as well known to the planner; their ids are not those that are reported.
	pool, err := sql.Open("pgx", url)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, pool.Close()) })
	fillPostgres(b, pool, 1_000_000, 2_000_000)
	require.NoError(b, db.Join(b.Context(), true)) // as a server does
	require.NoError(b, db.Started(b.Context()))
	reports := reporting(b, db)
	reportFrom(b, reports, callers)
	perSecond := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(perSecond, "reports/s")
	b.ReportMetric(updates, "updates/s")
	b.ReportMetric(perSecond/updates, "reports/update")
}
