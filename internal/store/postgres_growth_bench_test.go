//go:build unix

package store_test

import (
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
)

// BenchmarkPostgresGrowth is what a report, a reservation, a look at a number and a page of a list cost when so many
// calls are known to PostgreSQL (REFRAIN_BENCH_HISTORY, such as 1000000,10000000; a million takes some hundred MB), and a
// tenth as many freezes: medians in milliseconds.
func BenchmarkPostgresGrowth(b *testing.B) {
	sizes := os.Getenv(growthEnv)
	if sizes == "" {
		sizes = "100000"
	}
	// As a machine of its own has it. Checkpoints in the midst of millions of rows would write each page of an
	// index that has no order many times.
	url, _ := pgtest.Durable(b, "-c", "shared_buffers=2GB", "-c", "max_wal_size=16GB", "-c", "checkpoint_timeout=1h")
	db, err := store.OpenPostgres(b.Context(), url, options(b))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	pool, err := sql.Open("pgx", url+"&synchronous_commit=off")
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, pool.Close()) })
	service, known := reporting(b, db), 0
	for text := range strings.SplitSeq(sizes, ",") {
		size, err := strconv.Atoi(text)
		require.NoError(b, err)
		fillPostgres(b, pool, known, size)
		known = size
		b.Run(fmt.Sprint("known=", size), func(b *testing.B) { benchGrown(b, db, service, size) })
	}
}

// fillPostgres adds calls and freezes until there are size of those and a tenth of these.
func fillPostgres(b *testing.B, pool *sql.DB, known, size int) {
	b.Helper()
	first := time.Now().AddDate(0, 0, -90).UnixMicro()
	exec := func(query string, args ...any) {
		_, err := pool.ExecContext(b.Context(), query, args...)
		require.NoError(b, err)
	}
	exec(`ALTER TABLE ledger DISABLE TRIGGER ledger_no_gap`) // it looks at each row
	defer exec(`ALTER TABLE ledger ENABLE TRIGGER ledger_no_gap`)
	const step = 1_000_000
	for from := known; from < size; from += step {
		until := min(from+step, size) - 1
		exec(`INSERT INTO calls (call_id, number, agent, line, caller_id, start_at, outcome, talk, ended_by, code, revision,
				created_at, updated_at)
			SELECT lpad(to_hex(i * 2654435761 % 4294967296), 8, '0') || '-5b1f-4d3c-9a54-' || lpad(to_hex(i), 12, '0'),
				8613000000000 + i * 2654435761 % $3, 'agent ' || i % 200, 'line ' || i % 10, '02112345678',
				CAST($4 AS BIGINT) + i * (90 * 86400000000 / CAST($5 AS BIGINT)), CASE i % 8 WHEN 0 THEN 'rejected' ELSE 'no_answer' END, 0, 'system', 'sip 480', 1,
				CAST($4 AS BIGINT), CAST($4 AS BIGINT)
			FROM generate_series(CAST($1 AS BIGINT), CAST($2 AS BIGINT)) i`, from, until, population, first, size)
		var last int64 // reports open freezes, too
		require.NoError(b, pool.QueryRowContext(b.Context(), `SELECT COALESCE(MAX(seq), 0) FROM ledger`).Scan(&last))
		exec(`INSERT INTO ledger (seq, kind, freeze_id, at, reason, class, until, line, rule, rule_version, number_mac, commitment, prev, mac)
			SELECT CAST($4 AS BIGINT) + 1 + i - CAST($1 AS BIGINT), 'freeze', 'f' || lpad(to_hex(i), 25, '0'), CAST($3 AS BIGINT) + i, 'frequency', '', NULL, '', '', '',
				sha256(int8send(i)), sha256(int8send(i)), sha256(int8send(i)), sha256(int8send(i))
			FROM generate_series(CAST($1 AS BIGINT), CAST($2 AS BIGINT)) i`, from/10, (until+1)/10-1, first, last)
		exec(`INSERT INTO freezes (id, number_mac, reason, class, from_at, until_at, opened_seq)
			SELECT freeze_id, number_mac, reason, class, at, NULL, seq FROM ledger WHERE seq > CAST($1 AS BIGINT)`, last)
	}
	exec(`ANALYZE`) //nolint:misspell // SQL's
	exec(`CHECKPOINT`)
}

// benchGrown reports the medians of what is asked for.
func benchGrown(b *testing.B, db *store.DB, service *calls.Service, size int) {
	next := 0
	one := func(i int) calls.Call {
		c := benchCall(i)
		c.ID, c.Number = fmt.Sprint(size, "-", c.ID), populated(b, i)
		return c
	}
	took := map[string][]time.Duration{}
	time1 := func(what string, do func() error) {
		began := time.Now()
		require.NoError(b, do())
		took[what] = append(took[what], time.Since(began))
	}
	for b.Loop() {
		next++
		time1("report", func() error { _, err := service.Report(b.Context(), []calls.Call{one(next)}); return err })
		time1("earlier", func() error {
			_, err := db.Calls.List(b.Context(), calls.Filter{Number: populated(b, next)}, shipped())
			return err
		})
		time1("calls-page", func() error { _, err := db.Calls.List(b.Context(), calls.Filter{Limit: 100}, shipped()); return err })
		time1("freezes-page", func() error {
			_, err := db.Freezes.List(b.Context(), freeze.Filter{Limit: 100, Now: time.Now()})
			return err
		})
	}
	b.ReportMetric(0, "ns/op")
	for what, times := range took {
		slices.Sort(times)
		b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "ms/"+what)
	}
}
