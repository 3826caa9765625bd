package whisper

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

// BenchmarkWindow hears an utterance in a context of 5.12 s, with all states busy.
func BenchmarkWindow(b *testing.B) {
	for _, c := range []struct{ states, threads int }{{1, 1}, {1, 2}, {2, 1}, {2, 2}} {
		b.Run(fmt.Sprintf("states=%d/threads=%d", c.states, c.threads), func(b *testing.B) {
			s := startDemo(b, func(cfg *Config) { cfg.States, cfg.Threads = c.states, c.threads })
			w := window(speech(b, "meixingqu"))
			require.NoError(b, hear(b, s, w, c.states)) // the first one of a state is slower
			b.ResetTimer()
			require.NoError(b, hear(b, s, w, b.N))
			b.StopTimer()
			b.ReportMetric(float64(s.Stats().ResidentBytes)/(1<<20), "MB-rss")
		})
	}
}

// BenchmarkFullWindow is the same in the whole 30 s.
func BenchmarkFullWindow(b *testing.B) {
	s := startDemo(b, func(cfg *Config) { cfg.States, cfg.Threads = 1, 2 })
	w := window(speech(b, "meixingqu"))
	w.Context = 0
	b.ResetTimer()
	require.NoError(b, hear(b, s, w, b.N))
	b.ReportMetric(float64(s.Stats().ResidentBytes)/(1<<20), "MB-rss")
}

// hear transcribes the window n times, as many at once as there are states.
func hear(b *testing.B, s *Supervisor, w asr.Window, n int) error {
	b.Helper()
	windows := make(chan struct{}, n)
	for range n {
		windows <- struct{}{}
	}
	close(windows)
	errs := make(chan error, s.Traits().Parallel)
	var wg sync.WaitGroup
	for range s.Traits().Parallel {
		wg.Go(func() {
			for range windows {
				if _, err := s.Transcribe(b.Context(), w); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs
}

// BenchmarkStart is from nothing to a loaded model.
func BenchmarkStart(b *testing.B) {
	path := demoModel(b)
	for range b.N {
		s, err := Start(b.Context(), Config{ModelPath: path, Model: demo, States: 1, Threads: 1})
		require.NoError(b, err)
		b.StopTimer()
		b.ReportMetric(float64(s.Stats().ResidentBytes)/(1<<20), "MB-rss")
		require.NoError(b, s.Close())
		b.StartTimer()
	}
}

func BenchmarkSelfTest(b *testing.B) {
	for range b.N {
		require.NoError(b, SelfTest())
	}
}

// BenchmarkPipe is what handing 5 s to the child costs beside the hearing.
func BenchmarkPipe(b *testing.B) {
	r := request{id: 1, samples: silence(5 * time.Second).Samples}
	for range b.N {
		_, err := decodeRequest(encodeRequest(r)[5:])
		require.NoError(b, err)
	}
}
