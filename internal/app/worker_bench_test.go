//go:build unix

package app_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/testcall"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// fixedCost is how long the simulated speech of BenchmarkWorkers takes for a window.
const fixedCost = 2 * time.Second

// BenchmarkWorkers has 1 to 64 workers hear recordings of one window each, in PostgreSQL and S3, by simulated speech
// that costs them 2 s and no processor. It reports recordings a second, and what that is of what as many workers
// could do that did nothing but hear (x-efficiency, 1 at best). All of them, the server, PostgreSQL and S3 share the
// machine.
func BenchmarkWorkers(b *testing.B) {
	for _, n := range []int{1, 2, 4, 8, 16, 32, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				benchWorkers(b, n)
			}
		})
	}
}

func benchWorkers(b *testing.B, n int) {
	b.Helper()
	s := newSeveral(b)
	speech := speechAfter(b, func(ctx context.Context) {
		select {
		case <-time.After(fixedCost):
		case <-ctx.Done():
		}
	})
	srv := start(b, s.leaving(speech.URL), ofVersion("1.0"))
	const each = 15 // half a minute, beside which their start counts for little
	wav, err := testcall.Make(1, 8*time.Second)
	require.NoError(b, err)
	names := make([]string, n*each)
	var sending sync.WaitGroup
	var next atomic.Int64
	for range 8 {
		sending.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(names)); i = next.Add(1) - 1 {
				resp, err := srv.Upload(b.Context(), &pb.RecordingMetadata{CallId: fmt.Sprint("call-", i), Number: apitest.Phone(int(i)),
					CustomerChannel: pb.Channel_CHANNEL_RIGHT}, bytes.NewReader(wav))
				if err != nil {
					b.Error(err)
					return
				}
				names[i] = resp.GetRecording().GetName()
			}
		})
	}
	sending.Wait()
	began := time.Now()
	var running sync.WaitGroup
	ctx, stop := context.WithCancel(b.Context())
	for range n {
		running.Go(func() {
			c := slowly(testConfig(b.TempDir()), speech.URL)
			c.Speech.HTTP.Parallel = 1
			c.Database.URL, c.Audio.S3, c.ShutdownGrace = s.url, s.b.is, 0
			w, err := app.OpenWorker(ctx, c, app.Options{Version: "1.0", Logger: slog.New(slog.DiscardHandler)})
			if err == nil {
				err = w.Run(ctx)
			}
			if err != nil && ctx.Err() == nil {
				b.Error(err)
			}
		})
	}
	for _, name := range names {
		require.Equal(b, pb.Recording_STATE_DONE, srv.final(b.Context(), b, name).GetState())
	}
	took := time.Since(began)
	stop()
	running.Wait()
	b.ReportMetric(float64(len(names))/took.Seconds(), "recordings/s")
	b.ReportMetric(each*fixedCost.Seconds()/took.Seconds(), "x-efficiency")
	b.ReportMetric(0, "ns/op")
}
