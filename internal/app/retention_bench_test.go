package app_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/app"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// retainedEnv names how many calls BenchmarkRetention has erased, and a tenth as many recordings.
const retainedEnv = "REFRAIN_TEST_RETAINED"

// alone is how long the gate is asked before erasing, and again after it, while nothing else is to do: the 99th
// percentile of ten seconds alone differs fivefold from one time to the next.
const alone = time.Minute

// BenchmarkRetention asks the gate 500 times a second while a million calls and 100,000 recordings that
// are over are being erased, or as many as REFRAIN_TEST_RETAINED says, and before and after it. It reports the 99th
// percentile of the answers' times.
func BenchmarkRetention(b *testing.B) {
	n := 1_000_000
	if text := os.Getenv(retainedEnv); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	cfg := testConfig(b.TempDir())
	require.NoError(b, start(b, cfg).stop())
	fillOver(b, filepath.Join(cfg.Data, "refrain.db"), n)
	s := start(b, cfg)
	before := s.load(b, time.After(alone))
	b.ResetTimer()
	done, began := make(chan time.Time), time.Now()
	var erased int64
	var rate float64
	go func() {
		defer close(done)
		// by hand: nothing came for a year, so the server by itself would doubt the clock
		resp, err := s.Retention.RunRetention(apitest.As(b.Context(), "ops"), &pb.RunRetentionRequest{})
		for _, d := range resp.GetErased() {
			erased += d.GetCount()
		}
		if err != nil {
			b.Error(err)
		}
		rate = float64(erased) / time.Since(began).Seconds()
	}()
	busy := s.load(b, done)
	b.StopTimer()
	after := s.load(b, time.After(alone))
	require.GreaterOrEqual(b, erased, int64(n)+int64(n)/10)
	b.ReportMetric(rate, "erased/s")
	b.ReportMetric(p99(before), "p99-before-µs")
	b.ReportMetric(p99(after), "p99-after-µs")
	b.ReportMetric(p99(busy), "p99-µs")
	b.ReportMetric(p99(busy)/p99(slices.Concat(before, after)), "x-idle")
}

// p99 is the 99th percentile in microseconds.
func p99(took []time.Duration) float64 {
	took = slices.Sorted(slices.Values(took))
	return float64(took[len(took)*99/100].Microseconds())
}

// load asks the gate 500 times a second until it is told that it is enough, and gives the answers'
// times. No question waits for the answer to the one before, or a server that stands still would be asked
// less and look better than it is.
func (s *server) load(b *testing.B, enough <-chan time.Time) []time.Duration {
	b.Helper()
	var (
		asking sync.WaitGroup
		mu     sync.Mutex
		took   []time.Duration
		failed error
	)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-enough:
			asking.Wait()
			require.NoError(b, failed)
			return took
		case <-tick.C:
		}
		asking.Go(func() {
			began := time.Now()
			_, err := s.Gate.CheckNumber(b.Context(), &pb.CheckNumberRequest{Number: app.BenchNumber(i)})
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(began))
			failed = cmp.Or(failed, err)
		})
	}
}

// fillOver puts calls and recordings without audio into a database that arrived 500 days ago.
func fillOver(b *testing.B, path string, n int) {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(b, err)
	defer func() { require.NoError(b, db.Close()) }()
	tx, err := db.BeginTx(b.Context(), nil)
	require.NoError(b, err)
	at := time.Now().Add(-500 * 24 * time.Hour)
	for i := range n {
		at = at.Add(time.Millisecond)
		_, err := tx.ExecContext(b.Context(), `INSERT INTO calls (call_id, number, agent, line, caller_id, start_at, outcome,
			talk, ended_by, code, revision, created_at, updated_at)
			VALUES ($1, $2, 'a17', 'loans', '', $3, 'answered', 20000000000, '', '', 1, $3, $3)`,
			fmt.Sprint("call-", i), 8613800000000+i, at.UnixMicro())
		require.NoError(b, err)
		if i%10 > 0 {
			continue
		}
		id := ulid.MustNewDefault(at).String()
		_, err = tx.ExecContext(b.Context(), `INSERT INTO recordings (id, call_id, part, number, agent, source, customer_channel,
			answer_offset, audio, sha256, size, state, attempts, deaths, created_at, updated_at, revision)
			VALUES ($1, $2, '', $3, 'a17', 's', 'right', 0, '{}', 'x', 1, 'done', 1, 0, $4, $4, 1)`,
			id, fmt.Sprint("call-", i), 8613800000000+i, at.UnixMicro())
		require.NoError(b, err)
		_, err = tx.ExecContext(b.Context(), `INSERT INTO transcripts (recording_id, side, settings_key, transcript, made_at)
			VALUES ($1, 'customer', 'k', '{}', $2)`, id, at.UnixMicro())
		require.NoError(b, err)
	}
	require.NoError(b, tx.Commit())
}
