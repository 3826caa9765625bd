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
	w := &work{wav: wav, figures: map[string][][]float64{}}
	for exe := range strings.SplitSeq(list, ",") {
		p := startBinary(b, exe, serveEnv+"="+b.TempDir())
		w.names, w.clients = append(w.names, filepath.Base(exe)), append(w.clients, apitest.Dial(b, p.addr))
	}
	b.ResetTimer()
	for _, kind := range kinds { // uploads are the last: what they bring is heard beside what comes after them
		w.round(b, kind, 0) // warms up
		w.figures[kind.name] = nil
		for i := range b.N {
			w.round(b, kind, i+1)
		}
	}
	b.ReportMetric(0, "ns/op")
	for kind, builds := range w.figures {
		for i, values := range builds {
			b.ReportMetric(median(values), kind+"/"+w.names[i])
			b.ReportMetric(median(values)/median(builds[0]), "x-"+kind+"/"+w.names[i])
		}
	}
}

// work is what the builds are given to do.
type work struct {
	names   []string
	clients []*apitest.Clients
	wav     []byte
	// figures are how many a second each round made, by kind and build.
	figures map[string][][]float64
}

// kind is one kind of work: n pieces a round, and how one of them is done.
type kind struct {
	name string
	n    int
	do   func(b *testing.B, w *work, c *apitest.Clients, round, n int) error
}

var kinds = []kind{
	{"report", 20_000, func(b *testing.B, _ *work, c *apitest.Clients, round, n int) error {
		call := apitest.Unanswered(fmt.Sprintf("%d-%d", round, n), apitest.Phone(n%99_999), time.Now().Add(-time.Minute))
		_, err := c.Calls.ReportCall(b.Context(), &pb.ReportCallRequest{Call: call})
		return err
	}},
	{"check", 30_000, func(b *testing.B, _ *work, c *apitest.Clients, _, n int) error {
		_, err := c.Gate.CheckNumber(b.Context(), &pb.CheckNumberRequest{Number: apitest.Phone(n)})
		return err
	}},
	{"upload", 128, func(b *testing.B, w *work, c *apitest.Clients, round, n int) error {
		m := &pb.RecordingMetadata{CallId: fmt.Sprintf("up-%d-%d", round, n), Number: apitest.Phone(n)}
		_, err := c.Upload(b.Context(), m, bytes.NewReader(w.wav))
		return err
	}},
}

// round has each build do as many pieces of a kind, by 64 callers.
func (w *work) round(b *testing.B, k kind, round int) {
	b.Helper()
	if w.figures[k.name] == nil {
		w.figures[k.name] = make([][]float64, len(w.clients))
	}
	for turn := range w.clients {
		i := (turn + round) % len(w.clients)
		var g errgroup.Group
		g.SetLimit(askers)
		begin := time.Now()
		for n := range k.n {
			g.Go(func() error { return k.do(b, w, w.clients[i], round, n) })
		}
		require.NoError(b, g.Wait())
		w.figures[k.name][i] = append(w.figures[k.name][i], float64(k.n)/time.Since(begin).Seconds())
	}
}

func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	return (values[len(values)/2] + values[(len(values)-1)/2]) / 2
}
