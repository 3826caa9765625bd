package app_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/config"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// network between a gate and its server, which can be cut, be slow, and lead elsewhere.
func cable(t *testing.T, upstream string) *toxiproxy.Proxy {
	t.Helper()
	s := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.New(io.Discard))
	p := toxiproxy.NewProxy(s, t.Name(), freeAddr(t), upstream)
	require.NoError(t, p.Start())
	t.Cleanup(p.Stop)
	return p
}

func toxic(tb testing.TB, p *toxiproxy.Proxy, text string) {
	tb.Helper()
	_, err := p.Toxics.AddToxicJson(strings.NewReader(text))
	require.NoError(tb, err)
}

// lead has the cable lead to another address.
func lead(tb testing.TB, p *toxiproxy.Proxy, upstream string) {
	tb.Helper()
	require.NoError(tb, p.Update(&toxiproxy.Proxy{Listen: p.Listen, Upstream: upstream, Enabled: true}))
}

// Without its server a gate goes on, also after a restart, and says how far it knows; what it answers for numbers of
// which it knows nothing is configured.
func TestGateWithoutItsServer(t *testing.T) {
	t.Parallel()
	clock := apitest.NewClock()
	c := startCentre(t, testConfig(t.TempDir()), goBy(clock))
	c.freeze(t, "13800138001")
	cfg := gateConfig(t, c.app.GRPCAddr(), c.gateKey)
	cfg.Follow.StaleLines = map[string]config.StaleAnswer{"doctor": config.Open}
	g := startGate(t, cfg, c.dialler, goBy(clock))
	c.follows(t, g)
	require.NoError(t, c.stop())
	require.NoError(t, g.stop())

	g = startGate(t, cfg, c.dialler, goBy(clock))
	resp := g.asks(t, "13800138001")
	require.Equal(t, pb.Answer_REASON_FROZEN, resp.GetAnswer().GetReason(), "it starts from its snapshot")
	require.Equal(t, clock.Now(), resp.GetAsOf().AsTime())
	require.Equal(t, pb.Answer_REASON_NONE, g.reason(t, "13800138002"))
	code, _ := g.http(t, "http://"+g.gate.HTTPAddr()+"/readyz", "")
	require.Equal(t, http.StatusOK, code)

	known := clock.Now()
	clock.Later(6 * time.Second)
	code, text := g.http(t, "http://"+g.gate.HTTPAddr()+"/readyz/gate", "")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Contains(t, text, "6s ago")
	require.Equal(t, pb.Answer_REASON_NONE, g.reason(t, "13800138002"), "not ready is not silent")
	require.Eventually(t, func() bool {
		h, err := healthpb.NewHealthClient(g.Conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
		return err == nil && h.GetStatus() == healthpb.HealthCheckResponse_NOT_SERVING
	}, patience, time.Millisecond)

	clock.Later(5 * time.Minute)
	resp = g.asks(t, "13800138002")
	require.Equal(t, pb.Answer_REASON_STALE, resp.GetAnswer().GetReason())
	require.False(t, resp.GetAnswer().GetAllowed())
	require.Contains(t, resp.GetAnswer().GetSentenceEn(), "has lost its server")
	require.Equal(t, known, resp.GetAsOf().AsTime(), "it says up to when it knows")
	resp = g.asks(t, "13800138002", apitest.OnLine("doctor"))
	require.Equal(t, pb.Answer_REASON_STALE, resp.GetAnswer().GetReason())
	require.True(t, resp.GetAnswer().GetAllowed())
	require.Equal(t, pb.Answer_REASON_FROZEN, g.reason(t, "13800138001"), "what it knows it says")
	answers := g.all(t, &pb.CheckNumbersRequest{Numbers: []string{"13800138001", "13800138002"}})
	require.Equal(t, pb.Answer_REASON_STALE, answers[1].GetReason())
	_, text = g.http(t, "http://"+g.gate.HTTPAddr()+"/check?number=13800138002", c.dialler)
	require.Regexp(t, `^refused stale -`, text)
}

// A gate that knows nothing says so, and takes nobody for a stranger.
func TestGateThatKnowsNothing(t *testing.T) {
	t.Parallel()
	token := "refrain_abcdefgh_" + strings.Repeat("a", 52)
	g := startGate(t, gateConfig(t, freeAddr(t), token), token)
	_, err := g.Gate.CheckNumber(g.dialler, &pb.CheckNumberRequest{Number: "13800138001"})
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.Equal(t, "NOTHING_KNOWN", apitest.Reason(err))
	code, _ := g.http(t, "http://"+g.gate.HTTPAddr()+"/check?number=13800138001", token)
	require.Equal(t, http.StatusServiceUnavailable, code)
	code, _ = g.http(t, "http://"+g.gate.HTTPAddr()+"/readyz", "")
	require.Equal(t, http.StatusServiceUnavailable, code)
	code, _ = g.http(t, "http://"+g.gate.HTTPAddr()+"/healthz", "")
	require.Equal(t, http.StatusOK, code)
}

// A server that is killed and comes back is followed on; where it keeps the changes of meanwhile no more, all is told
// anew.
func TestGateAfterAGap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := startCentre(t, testConfig(dir))
	line := cable(t, c.app.GRPCAddr())
	c.freeze(t, "13800138001")
	cfg := gateConfig(t, line.Listen, c.gateKey)
	g := startGate(t, cfg, c.dialler)
	c.follows(t, g)
	require.Equal(t, 1, g.gate.State().Snapshots)
	require.NoError(t, c.stop())

	c.server = start(t, testConfig(dir))
	lead(t, line, c.app.GRPCAddr())
	c.freeze(t, "13800138002")
	c.release(t, "13800138001")
	c.follows(t, g)
	require.Equal(t, pb.Answer_REASON_FROZEN, g.reason(t, "13800138002"))
	require.Equal(t, pb.Answer_REASON_NONE, g.reason(t, "13800138001"))
	require.Equal(t, 1, g.gate.State().Snapshots, "it went on from where it was")

	require.NoError(t, g.stop())
	c.release(t, "13800138002")
	c.freeze(t, "13800138003")
	require.NoError(t, c.app.PruneChanges(t.Context()))
	g = startGate(t, cfg, c.dialler)
	c.follows(t, g)
	require.Equal(t, 1, g.gate.State().Snapshots, "there was a gap")
	require.Equal(t, pb.Answer_REASON_NONE, g.reason(t, "13800138002"))
	require.Equal(t, pb.Answer_REASON_FROZEN, g.reason(t, "13800138003"))
}

// A server that forgot what the gate knows is not followed, unless that is meant.
func TestGateRefusesAnOlderServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := startCentre(t, testConfig(dir))
	require.NoError(t, c.stop())
	older := t.TempDir()
	require.NoError(t, os.CopyFS(older, os.DirFS(dir)))
	require.NoError(t, filepath.WalkDir(older, func(path string, d fs.DirEntry, err error) error {
		mode := fs.FileMode(0o600) // CopyFS leaves out who may read what
		if d.IsDir() {
			mode = 0o700
		}
		return errors.Join(err, os.Chmod(path, mode))
	}))
	c.server = start(t, testConfig(dir))
	line := cable(t, c.app.GRPCAddr())
	c.freeze(t, "13800138001")
	cfg := gateConfig(t, line.Listen, c.gateKey)
	g := startGate(t, cfg, c.dialler)
	c.follows(t, g)
	require.NoError(t, c.stop())

	c.server = start(t, testConfig(older))
	c.freeze(t, "13800138009") // as many entries as the gate heard of, and others
	lead(t, line, c.app.GRPCAddr())
	require.Eventually(t, func() bool {
		p := g.gate.State().Problem
		return p != nil && strings.Contains(p.Error(), "a backup was put")
	}, patience, time.Millisecond)
	require.Equal(t, pb.Answer_REASON_FROZEN, g.reason(t, "13800138001"), "it goes on with what it knows")
	require.NoError(t, g.stop())

	cfg.Accept = []string{config.OlderServer}
	g = startGate(t, cfg, c.dialler)
	c.follows(t, g)
	require.Equal(t, pb.Answer_REASON_NONE, g.reason(t, "13800138001"), "meant so, it is forgotten")
	require.Equal(t, pb.Answer_REASON_FROZEN, g.reason(t, "13800138009"))
}

// A cut is noticed although nothing says so, and a slow line only makes it later.
func TestGateOnABadLine(t *testing.T) {
	t.Parallel()
	c := startCentre(t, testConfig(t.TempDir()))
	line := cable(t, c.app.GRPCAddr())
	cfg := gateConfig(t, line.Listen, c.gateKey)
	cfg.Follow.MaxLag = time.Second
	g := startGate(t, cfg, c.dialler)
	c.follows(t, g)
	toxic(t, line, `{"name":"cut","type":"timeout","stream":"downstream","attributes":{"timeout":0}}`)
	c.freeze(t, "13800138001")
	require.Eventually(t, func() bool {
		code, _ := g.http(t, "http://"+g.gate.HTTPAddr()+"/readyz", "")
		return code == http.StatusServiceUnavailable
	}, patience, 10*time.Millisecond)
	require.Equal(t, pb.Answer_REASON_NONE, g.reason(t, "13800138001"), "it can't know, and says up to when it knows")
	require.NoError(t, line.Toxics.RemoveToxic(t.Context(), "cut"))
	toxic(t, line, `{"name":"slow","type":"latency","stream":"downstream","attributes":{"latency":300,"jitter":100}}`)
	c.follows(t, g)
	require.Equal(t, pb.Answer_REASON_FROZEN, g.reason(t, "13800138001"))
	require.NoError(t, line.Toxics.RemoveToxic(t.Context(), "slow"))
	toxic(t, line, `{"name":"broken","type":"limit_data","stream":"downstream","attributes":{"bytes":4000}}`)
	for i := range 20 { // more than a connection may say
		c.freeze(t, fmt.Sprintf("138001381%02d", i))
	}
	c.follows(t, g)
	require.Equal(t, pb.Answer_REASON_FROZEN, g.reason(t, "13800138119"))
}

// Whatever is done at the server in whatever order, its gate answers as it does.
func TestGateAgreesWithItsServer(t *testing.T) {
	t.Parallel()
	clock := apitest.NewClock()
	c := startCentre(t, testConfig(t.TempDir()), goBy(clock))
	cfg := gateConfig(t, c.app.GRPCAddr(), c.gateKey)
	g := startGate(t, cfg, c.dialler, goBy(clock))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	var numbers []string
	for i := range 30 {
		numbers = append(numbers, fmt.Sprintf("+861380013%04d", i))
	}
	for round := range 12 {
		for range 12 {
			c.something(t, rnd, numbers[rnd.IntN(len(numbers))])
		}
		clock.Later(time.Duration(rnd.IntN(90)) * time.Minute)
		if round%5 == 4 {
			require.NoError(t, g.stop())
			c.something(t, rnd, numbers[0])
			g = startGate(t, cfg, c.dialler, goBy(clock))
		}
		c.follows(t, g)
		for _, l := range []string{"", "loans", "cards"} {
			req := &pb.CheckNumbersRequest{Numbers: numbers, Line: l}
			want := (&beside{clients: c.clients, dialler: apitest.WithKey(t.Context(), c.dialler)}).all(t, req)
			got := g.all(t, req)
			for i := range numbers {
				require.Equal(t, want[i].String(), got[i].String(), "round %d, line %q", round, l)
			}
		}
	}
}

// something is done about a number that has to do with whether it may be called.
func (c *centre) something(t *testing.T, rnd *rand.Rand, n string) {
	t.Helper()
	ctx := c.admin
	line := []string{"", "", "loans", "cards"}[rnd.IntN(4)]
	var err error
	switch rnd.IntN(8) {
	case 0, 1:
		req := &pb.CreateFreezeRequest{Number: n, Reason: "x", Line: line}
		if rnd.IntN(2) == 0 {
			req.End = &pb.CreateFreezeRequest_Period{Period: durationpb.New(time.Duration(1+rnd.IntN(300)) * time.Minute)}
		}
		_, err = c.Freezes.CreateFreeze(ctx, req)
	case 2:
		_, err = c.Freezes.ReleaseFreeze(ctx, &pb.ReleaseFreezeRequest{
			Target: &pb.ReleaseFreezeRequest_Number{Number: n}, Reason: "x"})
	case 3:
		_, err = c.Freezes.AllowNumber(ctx, &pb.AllowNumberRequest{Number: n, Reason: "x",
			End: &pb.AllowNumberRequest_Period{Period: durationpb.New(time.Duration(1+rnd.IntN(200)) * time.Minute)}})
	case 4, 5, 6:
		for i := range 1 + rnd.IntN(5) {
			_, err = c.Gate.ReserveCall(ctx, &pb.ReserveCallRequest{CallId: fmt.Sprintf("%s-%d-%d", n, rnd.Uint64(), i), Number: n,
				Line: line})
			require.NoError(t, err)
		}
	case 7:
		if rnd.IntN(3) == 0 {
			_, err = c.People.ErasePerson(ctx, &pb.ErasePersonRequest{Number: n, Reason: "he asked for it"})
		}
	}
	if code := status.Code(err); code != codes.FailedPrecondition && code != codes.NotFound { // such as: it is not frozen
		require.NoError(t, err)
	}
}
