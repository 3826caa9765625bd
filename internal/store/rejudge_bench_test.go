package store_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/rejudge"
	"github.com/refrain-asr/refrain/request"
)

// archived is how many calls are judged again.
const archived = 12_000

// BenchmarkRejudge judges an archive again: the whole way from the database and back into it, and
// the parts of the way.
func BenchmarkRejudge(b *testing.B) {
	j := byDefault()
	db := archive(b, filepath.Join(b.TempDir(), "refrain.db"), archived, j)
	// The processor's time is told, too: it is the same while other programs run.
	per := func(b *testing.B, calls int, work func()) {
		b.Helper()
		before := processorTime(b)
		work()
		b.ReportMetric(float64(calls)/b.Elapsed().Seconds(), "calls/s")
		b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(calls), "cpu-us/call")
	}
	b.Run("whole", func(b *testing.B) {
		per(b, archived*b.N, func() {
			for range b.N {
				rejudgeAll(b, db, j, false)
			}
		})
	})
	b.Run("reading", func(b *testing.B) {
		per(b, archived*b.N, func() {
			for range b.N {
				eachPast(b, db, func(rejudge.Past) {})
			}
		})
	})
	b.Run("reading and decoding", func(b *testing.B) {
		per(b, archived*b.N, func() {
			for range b.N {
				eachPast(b, db, func(p rejudge.Past) {
					_, err := p.Read()
					require.NoError(b, err)
				})
			}
		})
	})
	b.Run("judging", func(b *testing.B) {
		var list []asr.Transcript
		for _, text := range callTexts(b) {
			list = append(list, transcriptOf(text))
		}
		b.ResetTimer()
		per(b, len(list)*b.N, func() {
			for range b.N {
				for _, t := range list {
					j.Call(t, asr.Transcript{}, 0)
				}
			}
		})
	})
	b.Run("whole, applied", func(b *testing.B) {
		for b.Loop() { // one archive is applied to once
			b.StopTimer()
			fresh := archive(b, filepath.Join(b.TempDir(), "refrain.db"), archived, j)
			b.StartTimer()
			rejudgeAll(b, fresh, j, true)
		}
		b.ReportMetric(float64(archived*b.N)/b.Elapsed().Seconds(), "calls/s")
	})
}

// processorTime is what this process has taken of all cores so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func eachPast(b *testing.B, db *store.DB, visit func(rejudge.Past)) {
	b.Helper()
	for after := recording.ID(""); ; {
		past, err := db.Runs.Portion(b.Context(), rejudge.Selection{}, after, "zzz", 500)
		require.NoError(b, err)
		if len(past) == 0 {
			return
		}
		for _, p := range past {
			visit(p)
		}
		after = past[len(past)-1].ID()
	}
}

// rejudgeAll carries out a run over everything.
func rejudgeAll(b *testing.B, db *store.DB, j *keywords.Judge, apply bool) {
	b.Helper()
	s := rejudge.NewService(rejudge.Config{
		Runs: db.Runs, Archive: db.Runs, Outcomes: db.Runs, PerDay: 100_000,
		Judge:   func(context.Context, string) (*keywords.Judge, error) { return j, nil },
		Workers: func() int { return runtime.GOMAXPROCS(0) }, Zone: func() *time.Location { return time.UTC },
		Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	r, err := s.Create(b.Context(), request.Request{}, rejudge.Order{Apply: apply}, "li")
	require.NoError(b, err)
	require.NoError(b, s.Work(b.Context()))
	r, err = db.Runs.Get(b.Context(), r.ID)
	require.NoError(b, err)
	require.Equal(b, rejudge.Done, r.State)
	require.Equal(b, archived, r.Done)
	require.Positive(b, r.Tally.Gained)
	if apply {
		require.Equal(b, r.Tally.Gained, r.Tally.Opened)
	}
}
