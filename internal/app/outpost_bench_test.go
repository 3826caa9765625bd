package app_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/certs"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/secret"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const (
	// gateEnv makes the test binary a gate of the server at the address it names, and gateKeyEnv names the file with its key.
	gateEnv    = "REFRAIN_TEST_GATE"
	gateKeyEnv = "REFRAIN_TEST_GATE_KEY"
)

// serveGateForTest runs a gate, whose files lie beside its key.
func serveGateForTest(addr string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg := config.Default()
	d := testCerts()
	if d.Path != "" {
		cfg = mutual(cfg, d)
		cfg.Follow.CA, cfg.Follow.Cert, cfg.Follow.CertKey = d.CertFile("ca"), d.CertFile("gate"), d.KeyFile("gate")
	}
	cfg.GRPC.Address, cfg.HTTP.Address = "127.0.0.1:0", "127.0.0.1:0"
	key := os.Getenv(gateKeyEnv)
	cfg.Follow.Server, cfg.Follow.Key, cfg.Follow.Snapshot = addr, secret.Source{File: key}, key+".db"
	g, err := app.OpenOutpost(ctx, cfg, app.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr,
		&slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err == nil {
		fmt.Println(g.GRPCAddr())
		fmt.Println(g.HTTPAddr())
		err = g.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// besideBench is a server with freezes, a gate of it, and a server that knows nothing, each in a process of its own.
type besideBench struct {
	freezes              int
	server, gate, bare   *peer
	admin                *apitest.Clients
	shows                []grpc.DialOption
	ours, theirs, nobody pb.GateServiceClient
}

// gateFreezes is with how many freezes a gate is measured: they go through the ledger and the feed.
const gateFreezes = 100_000

func newBesideBench(b *testing.B) *besideBench {
	b.Helper()
	d := certs.Directory{Path: filepath.Join(b.TempDir(), "tls"), Now: time.Now}
	require.NoError(b, d.NewAuthority())
	require.NoError(b, d.SignServer([]string{"refrain.internal", "127.0.0.1"}, false))
	for _, name := range []string{"dialler", "gate"} {
		require.NoError(b, d.SignClient(name, false))
	}
	by, env, dir := trusted(shown(b, d, "dialler")), certsEnv+"="+d.Path, b.TempDir()
	s := &besideBench{freezes: gateFreezes, server: startPeer(b, env, serveEnv+"="+dir)}
	s.shows = []grpc.DialOption{by, keyFor(b, dir)}
	s.admin = apitest.Dial(b, "unix:"+filepath.Join(dir, "admin.sock"))
	s.fill(b)
	key, err := s.admin.Keys.AddKey(as(b.Context(), "ops"), &pb.AddKeyRequest{KeyId: "gate", Role: pb.Role_ROLE_GATE})
	require.NoError(b, err)
	file := filepath.Join(b.TempDir(), "gate.key")
	require.NoError(b, os.WriteFile(file, []byte(key.GetToken()), 0o600))
	s.gate = startPeer(b, env, gateEnv+"="+s.server.addr, gateKeyEnv+"="+file)
	s.ours, s.theirs = dialGateBy(b, s.gate.addr, s.shows...), dialGateBy(b, s.server.addr, s.shows...)
	messages := b.TempDir()
	for i := range 2 { // those of a frozen number and of another
		var resp *pb.CheckNumberResponse
		require.Eventually(b, func() bool {
			var err error
			resp, err = s.ours.CheckNumber(b.Context(), &pb.CheckNumberRequest{Number: app.BenchNumber(i)})
			return err == nil && resp.GetAnswer().GetAllowed() == (i == 1)
		}, 2*time.Minute, 10*time.Millisecond)
		raw, err := proto.Marshal(resp)
		require.NoError(b, err)
		require.NoError(b, os.WriteFile(filepath.Join(messages, strconv.Itoa(i)), raw, 0o600))
	}
	s.bare = startPeer(b, env, echoEnv+"="+messages)
	s.nobody = dialGateBy(b, s.bare.addr, by)
	return s
}

// fill freezes every second number.
func (s *besideBench) fill(b *testing.B) {
	b.Helper()
	for from := 0; from < s.freezes; from += 1000 {
		req := &pb.ImportFreezesRequest{}
		for i := from; i < from+1000; i++ {
			req.Freezes = append(req.Freezes, &pb.ImportedFreeze{Number: app.BenchNumber(2 * i), Reason: "imported"})
		}
		_, err := s.admin.Freezes.ImportFreezes(as(b.Context(), "ops"), req)
		require.NoError(b, err)
	}
}

func asking(c pb.GateServiceClient) func(string) error {
	return func(number string) error {
		_, err := c.CheckNumber(context.Background(), &pb.CheckNumberRequest{Number: number})
		return err
	}
}

// BenchmarkCheckNumberAtGate asks a gate beside a dialler, the server that it follows, and a bare gRPC server that knows
// nothing, in turns, with the same certificates and keys: 64 diallers at once over one connection each. It reports how many
// answers a second the gate gives, and how many of the bare server's (x-echo), of which the server's own share is
// server-x-echo; x-server is the one by the other.
func BenchmarkCheckNumberAtGate(b *testing.B) {
	s := newBesideBench(b)
	const round = 20_000
	var took, tails [3]time.Duration
	for _, c := range []pb.GateServiceClient{s.ours, s.theirs, s.nobody} { // warm up
		load(b, round, asking(c), s.freezes)
	}
	b.ResetTimer()
	for range b.N {
		for i, c := range []pb.GateServiceClient{s.ours, s.theirs, s.nobody} {
			whole, tail := load(b, round, asking(c), s.freezes)
			took[i], tails[i] = took[i]+whole, tails[i]+tail
		}
	}
	n := float64(b.N * round)
	b.ReportMetric(n/took[0].Seconds(), "answers/s")
	b.ReportMetric(took[2].Seconds()/took[0].Seconds(), "x-echo")
	b.ReportMetric(took[2].Seconds()/took[1].Seconds(), "server-x-echo")
	b.ReportMetric(took[1].Seconds()/took[0].Seconds(), "x-server")
	b.ReportMetric(tails[0].Seconds()*1e3/float64(b.N), "p99-ms")
	b.ReportMetric(tails[1].Seconds()*1e3/float64(b.N), "server-p99-ms")
}

// BenchmarkGateLag freezes numbers at a server, one after the other, while 64 diallers ask its gate and 16 report calls to
// the server as fast as they can, and asks the gate until it refuses. It reports how long after the
// server's answer that was.
func BenchmarkGateLag(b *testing.B) {
	s := newBesideBench(b)
	ctx, cancel := context.WithCancel(b.Context())
	var busy sync.WaitGroup
	defer busy.Wait()
	defer cancel()
	for k := range 64 {
		busy.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				_ = asking(s.ours)(app.BenchNumber((k*7919 + i) % (2 * s.freezes)))
			}
		})
	}
	for k := range 16 {
		busy.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				_, _ = s.admin.Calls.ReportCall(as(ctx, "ops"), &pb.ReportCallRequest{Call: apitest.Unanswered(
					fmt.Sprintf("%d-%d", k, i), app.BenchNumber((k*7919+i)%(2*s.freezes)), time.Now())})
			}
		})
	}
	probe := dialGateBy(b, s.gate.addr, s.shows...)
	var lags []time.Duration
	b.ResetTimer()
	for i := range 50 * b.N {
		number := app.BenchNumber(2*(s.freezes+i) + 1)
		_, err := s.admin.Freezes.CreateFreeze(as(b.Context(), "ops"), &pb.CreateFreezeRequest{Number: number, Reason: "measured"})
		require.NoError(b, err)
		at := time.Now()
		for {
			resp, err := probe.CheckNumber(b.Context(), &pb.CheckNumberRequest{Number: number})
			require.NoError(b, err)
			if !resp.GetAnswer().GetAllowed() {
				break
			}
		}
		lags = append(lags, time.Since(at))
	}
	slices.Sort(lags)
	b.ReportMetric(lags[len(lags)/2].Seconds()*1e3, "lag-p50-ms")
	b.ReportMetric(lags[len(lags)*99/100].Seconds()*1e3, "lag-p99-ms")
	b.ReportMetric(lags[len(lags)-1].Seconds()*1e3, "lag-max-ms")
}
