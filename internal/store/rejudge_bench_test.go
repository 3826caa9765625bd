package store_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"runtime"
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
	perSecond := func(b *testing.B, calls int) {
		b.ReportMetric(float64(calls)/b.Elapsed().Seconds(), "calls/s")
	}
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			rejudgeAll(b, db, j, false)
		}
		perSecond(b, archived*b.N)
	})
	b.Run("reading", func(b *testing.B) {
		for b.Loop() {
			eachPast(b, db, func(rejudge.Past) {})
		}
		perSecond(b, archived*b.N)
	})
	b.Run("reading and decoding, one core", func(b *testing.B) {
		for b.Loop() {
			eachPast(b, db, func(p rejudge.Past) {
				_, err := p.Read()
				require.NoError(b, err)
			})
		}
		perSecond(b, archived*b.N)
	})
	b.Run("judging, one core", func(b *testing.B) {
		var list []asr.Transcript
		for _, text := range callTexts(b) {
			list = append(list, transcriptOf(text))
		}
		for b.Loop() {
			for _, t := range list {
				j.Call(t, asr.Transcript{}, 0)
			}
		}
		perSecond(b, len(list)*b.N)
	})
	b.Run("whole, applied", func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			fresh := archive(b, filepath.Join(b.TempDir(), "refrain.db"), archived, j)
			b.StartTimer()
			rejudgeAll(b, fresh, j, true)
		}
		perSecond(b, archived*b.N)
	})
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
