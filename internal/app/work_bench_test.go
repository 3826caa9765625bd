package app_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/testcall"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// BenchmarkWorkAlternating lets several builds do the same work in turn, b.N times: test binaries of this package
// that REFRAIN_TEST_BINARIES names, separated by commas. All run at once, so that what else the machine does meets
// all of them. It reports the medians of reports, checks and uploads a second, and what they are of the first
// build's (x-report, x-check, x-upload).
func BenchmarkWorkAlternating(b *testing.B) {
	list := os.Getenv("REFRAIN_TEST_BINARIES")
	if list == "" {
		b.Skip("REFRAIN_TEST_BINARIES names no builds to compare")
	}
	wav, err := testcall.Make(1, 20*time.Second)
	require.NoError(b, err)
	w := &work{wav: wav, figures: map[string][]float64{}}
	for exe := range strings.SplitSeq(list, ",") {
		p := startBinary(b, exe, serveEnv+"="+b.TempDir())
		w.names, w.clients = append(w.names, filepath.Base(exe)), append(w.clients, apitest.Dial(b, p.addr))
	}
	w.round(b, 0) // warms up
	clear(w.figures)
	b.ResetTimer()
	for i := range b.N {
		w.round(b, i+1)
	}
	b.ReportMetric(0, "ns/op")
	for what, values := range w.figures {
		b.ReportMetric(median(values), what)
		kind, _, _ := strings.Cut(what, "/")
		b.ReportMetric(median(values)/median(w.figures[kind+"/"+w.names[0]]), "x-"+what)
	}
}

// work is what the builds are given to do.
type work struct {
	names   []string
	clients []*apitest.Clients
	wav     []byte
	figures map[string][]float64
}

func (w *work) round(b *testing.B, round int) {
	b.Helper()
	for k := range w.clients {
		i := (k + round) % len(w.clients)
		c := w.clients[i]
		w.time(b, i, "report", 4000, func(n int) error {
			id := fmt.Sprintf("%d-%d", round, n)
			call := apitest.Unanswered(id, apitest.Phone(n%99_999), time.Now().Add(-time.Minute))
			_, err := c.Calls.ReportCall(b.Context(), &pb.ReportCallRequest{Call: call})
			return err
		})
		w.time(b, i, "check", 30_000, func(n int) error {
			_, err := c.Gate.CheckNumber(b.Context(), &pb.CheckNumberRequest{Number: apitest.Phone(n)})
			return err
		})
		w.time(b, i, "upload", 128, func(n int) error {
			m := &pb.RecordingMetadata{CallId: fmt.Sprintf("up-%d-%d", round, n), Number: apitest.Phone(n)}
			_, err := c.Upload(b.Context(), m, bytes.NewReader(w.wav))
			return err
		})
	}
}

// time has 64 callers do n pieces of work, and notes how many a second that makes.
func (w *work) time(b *testing.B, i int, what string, n int, do func(int) error) {
	b.Helper()
	var g errgroup.Group
	g.SetLimit(askers)
	begin := time.Now()
	for k := range n {
		g.Go(func() error { return do(k) })
	}
	require.NoError(b, g.Wait())
	key := what + "/" + w.names[i]
	w.figures[key] = append(w.figures[key], float64(n)/time.Since(begin).Seconds())
}

func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	return (values[len(values)/2] + values[(len(values)-1)/2]) / 2
}
