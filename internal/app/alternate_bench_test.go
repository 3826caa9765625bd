package app_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/refrain-asr/refrain/internal/app"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// BenchmarkGateAlternating measures the gates of several builds in turn, b.N times: test
// binaries of this package that REFRAIN_TEST_BINARIES names, separated by commas. All run
// at once, beside one bare server and one Redis, so that what else the machine does meets
// all of them. It reports the medians of what BenchmarkCheckNumber and
// BenchmarkCheckNumbers report, and of the processor time that a number on a list takes.
func BenchmarkGateAlternating(b *testing.B) {
	list := os.Getenv("REFRAIN_TEST_BINARIES")
	if list == "" {
		b.Skip("REFRAIN_TEST_BINARIES names no builds to compare")
	}
	a := &alternating{scrubBench: scrubBench{freezes: benchFreezes(b)},
		figures: map[string][]float64{}}
	for exe := range strings.SplitSeq(list, ",") {
		a.start(b, exe)
	}
	a.startBare(b)
	a.redis = startRedis(b, a.freezes)
	a.round(b, 0) // warms up
	clear(a.figures)
	b.ResetTimer()
	for i := range b.N {
		a.round(b, i+1)
	}
	for what, values := range a.figures {
		b.ReportMetric(median(values), what)
	}
}

// alternating are the servers that are asked in turn.
type alternating struct {
	scrubBench
	names   []string
	gates   []*peer
	clients []pb.GateServiceClient
	bare    pb.GateServiceClient
	figures map[string][]float64
}

func (a *alternating) start(b *testing.B, exe string) {
	b.Helper()
	p := startBinary(b, exe, serveEnv+"="+b.TempDir(), fillEnv+"="+strconv.Itoa(a.freezes))
	a.names, a.gates = append(a.names, filepath.Base(exe)), append(a.gates, p)
	a.clients = append(a.clients, dialGate(b, p.addr))
}

// startBare starts the server that gives the same answers without looking anything up.
func (a *alternating) startBare(b *testing.B) {
	b.Helper()
	messages := b.TempDir()
	for i := range 2 { // those of a frozen number and of another
		resp, err := a.clients[0].CheckNumber(b.Context(),
			&pb.CheckNumberRequest{Number: app.BenchNumber(i)})
		require.NoError(b, err)
		raw, err := proto.Marshal(resp)
		require.NoError(b, err)
		require.NoError(b, os.WriteFile(filepath.Join(messages, strconv.Itoa(i)), raw, 0o600))
	}
	a.bare = dialGate(b, startPeer(b, echoEnv+"="+messages).addr)
}

func (a *alternating) round(b *testing.B, round int) {
	b.Helper()
	for k := range a.gates {
		i := (k + round) % len(a.gates)
		a.single(b, i)
		for _, flights := range []int{1, 4} {
			a.flights = flights
			a.lists1000(b, i, uint64(round))
		}
	}
}

func (a *alternating) note(i int, what string, value float64) {
	key := what + "/" + a.names[i]
	a.figures[key] = append(a.figures[key], value)
}

// single asks for one number at a time.
func (a *alternating) single(b *testing.B, i int) {
	b.Helper()
	const n = 20_000
	ask := func(c pb.GateServiceClient) func(string) error {
		return func(number string) error {
			_, err := c.CheckNumber(context.Background(), &pb.CheckNumberRequest{Number: number})
			return err
		}
	}
	before := a.gates[i].processorTime(b)
	ours, tail := load(b, n, ask(a.clients[i]), a.freezes)
	a.note(i, "server-us", (a.gates[i].processorTime(b)-before).Seconds()*1e6/n)
	theirs, _ := load(b, n, ask(a.bare), a.freezes)
	a.note(i, "x-echo", theirs.Seconds()/ours.Seconds())
	a.note(i, "p99-ms", tail.Seconds()*1e3)
}

// lists1000 asks for lists.
func (a *alternating) lists1000(b *testing.B, i int, seed uint64) {
	b.Helper()
	a.client = a.clients[i]
	lists := a.lists(seed)
	before, begin := a.gates[i].processorTime(b), time.Now()
	refused := a.check(b, lists, false)
	all := time.Since(begin)
	begin = time.Now()
	require.Equal(b, refused, a.check(b, lists, true))
	only := time.Since(begin)
	a.note(i, "list-ns",
		(a.gates[i].processorTime(b)-before).Seconds()*1e9/(2*scrubMessages*scrubSize))
	begin = time.Now()
	require.Equal(b, refused, a.get(b, lists))
	theirs := time.Since(begin)
	a.note(i, fmt.Sprintf("x-redis-%d", a.flights), theirs.Seconds()/all.Seconds())
	a.note(i, fmt.Sprintf("x-redis-refused-only-%d", a.flights), theirs.Seconds()/only.Seconds())
}
