package app_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/secret"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// beside is a gate beside a dialler, and who asks it with the key of one.
type beside struct {
	*clients

	gate *app.Outpost
	// dialler asks with a dialler's key.
	dialler context.Context //nolint:containedctx // it is the key's
	stop    func() error
}

// centre is a server with an admin, and the keys of a gate and a dialler.
type centre struct {
	*server

	cfg          config.Config
	admin        context.Context //nolint:containedctx // it is the key's
	dialler      string
	gateKey      string
	diallerKeyID string
}

// startCentre starts a server with keys.
func startCentre(tb testing.TB, cfg config.Config, edit ...func(*app.Options)) *centre {
	tb.Helper()
	c := &centre{server: start(tb, cfg, edit...), cfg: cfg, diallerKeyID: "pbx-1"}
	key := func(ctx context.Context, id string, role pb.Role, lines ...string) string {
		resp, err := c.Keys.AddKey(ctx, &pb.AddKeyRequest{KeyId: id, Role: role, Lines: lines})
		require.NoError(tb, err)
		return resp.GetToken()
	}
	c.admin = apitest.WithKey(tb.Context(), key(tb.Context(), "ops", pb.Role_ROLE_ADMIN))
	c.dialler = key(c.admin, c.diallerKeyID, pb.Role_ROLE_DIALLER)
	c.gateKey = key(c.admin, "gate-1", pb.Role_ROLE_GATE)
	return c
}

// gateConfig is that of a gate of the server at an address.
func gateConfig(tb testing.TB, addr, token string) config.Config {
	tb.Helper()
	dir := tb.TempDir()
	c := config.Default()
	c.GRPC.Address, c.HTTP.Address = "127.0.0.1:0", "127.0.0.1:0"
	c.Follow.Server, c.Follow.Snapshot = addr, filepath.Join(dir, "gate.db")
	c.Follow.Key = secret.Source{File: filepath.Join(dir, "gate.key")}
	require.NoError(tb, os.WriteFile(c.Follow.Key.File, []byte(token+"\n"), 0o600))
	return c
}

// startGate runs a gate in this process until the test ends.
func startGate(tb testing.TB, cfg config.Config, dialler string, edit ...func(*app.Options)) *beside {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	o := app.Options{Logger: slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))}
	for _, f := range edit {
		f(&o)
	}
	g, err := app.OpenOutpost(ctx, cfg, o)
	if err != nil {
		cancel()
		require.NoError(tb, err)
	}
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	b := &beside{gate: g, clients: dial(tb, g.GRPCAddr()), dialler: apitest.WithKey(tb.Context(), dialler)}
	stopped := false
	b.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-done
	}
	tb.Cleanup(func() { require.NoError(tb, b.stop()) })
	return b
}

// patience is for how long what happens within a second is waited for, on a busy machine.
const patience = 30 * time.Second

// follows waits until the gate knows all that has happened at the server.
func (c *centre) follows(tb testing.TB, g *beside) {
	tb.Helper()
	last, err := c.app.LastChange(tb.Context())
	require.NoError(tb, err)
	require.Eventually(tb, func() bool {
		s := g.gate.State()
		return s.Connected && s.Sequence >= last
	}, patience, time.Millisecond, "the gate must come to change %d: %+v", last, g.gate.State())
}

func (c *centre) freeze(tb testing.TB, n string, edit ...func(*pb.CreateFreezeRequest)) {
	tb.Helper()
	req := &pb.CreateFreezeRequest{Number: n, Reason: "asked for it"}
	for _, f := range edit {
		f(req)
	}
	_, err := c.Freezes.CreateFreeze(c.admin, req)
	require.NoError(tb, err)
}

func (c *centre) release(tb testing.TB, n string) {
	tb.Helper()
	_, err := c.Freezes.ReleaseFreeze(c.admin, &pb.ReleaseFreezeRequest{
		Target: &pb.ReleaseFreezeRequest_Number{Number: n}, Reason: "the customer asked for a call"})
	require.NoError(tb, err)
}

// asks is what the gate answers about a number.
func (g *beside) asks(tb testing.TB, n string, edit ...func(*pb.CheckNumberRequest)) *pb.CheckNumberResponse {
	tb.Helper()
	req := &pb.CheckNumberRequest{Number: n}
	for _, f := range edit {
		f(req)
	}
	resp, err := g.Gate.CheckNumber(g.dialler, req)
	require.NoError(tb, err)
	return resp
}

func (g *beside) reason(tb testing.TB, n string) pb.Answer_Reason {
	tb.Helper()
	return g.asks(tb, n).GetAnswer().GetReason()
}

// What is ordered at the server, the gate refuses; what is taken back, it allows; and it is asked with the server's
// keys.
func TestGateFollowsItsServer(t *testing.T) {
	t.Parallel()
	c := startCentre(t, testConfig(t.TempDir()))
	c.freeze(t, "13800138001") // before the gate is there
	g := startGate(t, gateConfig(t, c.app.GRPCAddr(), c.gateKey), c.dialler)
	c.follows(t, g)
	require.Equal(t, pb.Answer_REASON_FROZEN, g.reason(t, "13800138001"))
	require.Equal(t, pb.Answer_REASON_NONE, g.reason(t, "13800138002"))

	c.freeze(t, "13800138002")
	c.follows(t, g)
	resp := g.asks(t, "138 0013 8002")
	require.Equal(t, pb.Answer_REASON_FROZEN, resp.GetAnswer().GetReason())
	require.Contains(t, resp.GetAnswer().GetSentenceZh(), "人工操作")
	require.WithinDuration(t, time.Now(), resp.GetAsOf().AsTime(), patience)
	require.Equal(t, "138 0013 8002", resp.GetAnswer().GetNumber())

	_, err := c.Freezes.AllowNumber(c.admin, &pb.AllowNumberRequest{Number: "13800138002", Reason: "he agreed",
		End: &pb.AllowNumberRequest_Period{Period: durationpb.New(time.Hour)}})
	require.NoError(t, err)
	c.follows(t, g)
	require.Equal(t, pb.Answer_REASON_ALLOW_LISTED, g.reason(t, "13800138002"))

	c.release(t, "13800138001")
	c.follows(t, g)
	require.Equal(t, pb.Answer_REASON_NONE, g.reason(t, "13800138001"))

	answers := g.all(t, &pb.CheckNumbersRequest{Numbers: []string{"13800138001", "x", "13800138002"}})
	require.Equal(t, "INVALID_NUMBER", answers[1].GetError().GetReason())
	require.True(t, answers[0].GetAllowed())
	require.Equal(t, pb.Answer_REASON_ALLOW_LISTED, answers[2].GetReason())

	base := "http://" + g.gate.HTTPAddr()
	code, text := g.http(t, base+"/check?number=13800138002", c.dialler)
	require.Equal(t, http.StatusOK, code)
	require.Regexp(t, `^allowed allow_listed `, text)
	code, text = g.http(t, base+"/readyz", "")
	require.Equal(t, http.StatusOK, code, text)
	code, _ = g.http(t, base+"/metrics", c.dialler)
	require.Equal(t, http.StatusForbidden, code)
	require.Eventually(t, func() bool {
		h, err := healthpb.NewHealthClient(g.Conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
		return err == nil && h.GetStatus() == healthpb.HealthCheckResponse_SERVING
	}, patience, time.Millisecond)
}

func (g *beside) all(tb testing.TB, req *pb.CheckNumbersRequest) []*pb.Answer {
	tb.Helper()
	stream, err := g.Gate.CheckNumbers(g.dialler)
	require.NoError(tb, err)
	require.NoError(tb, stream.Send(req))
	resp, err := stream.Recv()
	require.NoError(tb, err)
	require.NoError(tb, stream.CloseSend())
	return resp.GetAnswers()
}

func (*beside) http(tb testing.TB, address, key string) (code int, text string) {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(tb, err)
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(tb, err)
	defer func() { require.NoError(tb, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(tb, err)
	return resp.StatusCode, string(body)
}

// What rules deny, the gate denies, and as soon as other rules are in force, what those do.
func TestGateFollowsTheRules(t *testing.T) {
	t.Parallel()
	clock := apitest.NewClock()
	c := startCentre(t, testConfig(t.TempDir()), goBy(clock))
	g := startGate(t, gateConfig(t, c.app.GRPCAddr(), c.gateKey), c.dialler, goBy(clock))
	c.follows(t, g)
	const n = "+8613800138005"
	for i := range 6 {
		_, err := g.Gate.ReserveCall(g.dialler, &pb.ReserveCallRequest{CallId: string(rune('a' + i)), Number: n})
		require.NoError(t, err)
	}
	c.follows(t, g)
	denied := g.asks(t, n).GetAnswer()
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, denied.GetReason(), "reservations go to the server: %v", denied)
	require.EqualValues(t, 6, denied.GetCount())
	last, err := g.Gate.ReserveCall(g.dialler, &pb.ReserveCallRequest{CallId: "z", Number: n})
	require.NoError(t, err)
	require.Nil(t, last.GetExpireTime(), "the seventh is refused")

	activate := func(source string) {
		t.Helper()
		_, err := c.Rules.ActivateRules(c.admin, &pb.ActivateRulesRequest{
			Rules: &pb.ActivateRulesRequest_Source{Source: source}})
		require.NoError(t, err)
	}
	activate("name: lax\nrules: []\n")
	require.Eventually(t, func() bool { return g.reason(t, n) == pb.Answer_REASON_NONE }, patience, time.Millisecond)
	activate("name: strict\nhours: {enabled: true, from: \"12:00\", to: \"13:00\"}\nrules: []\n")
	require.Eventually(t, func() bool { return g.reason(t, n) == pb.Answer_REASON_HOURS }, patience, time.Millisecond)
}

// A moment that is over is the server's to answer; that it is gone is said plainly.
func TestGateAsksItsServerWhatWas(t *testing.T) {
	t.Parallel()
	c := startCentre(t, testConfig(t.TempDir()))
	g := startGate(t, gateConfig(t, c.app.GRPCAddr(), c.gateKey), c.dialler)
	c.freeze(t, "13800138001")
	c.release(t, "13800138001")
	c.freeze(t, "13800138002")
	c.follows(t, g)
	was := func(r *pb.CheckNumberRequest) { r.At = timestamppb.New(time.Now().Add(-24 * time.Hour)) }
	require.Equal(t, pb.Answer_REASON_NONE, g.asks(t, "13800138002", was).GetAnswer().GetReason())
	answers := g.all(t, &pb.CheckNumbersRequest{Numbers: []string{"13800138002"},
		At: timestamppb.New(time.Now().Add(-24 * time.Hour))})
	require.True(t, answers[0].GetAllowed())
	require.NoError(t, c.stop())
	require.Eventually(t, func() bool { return !g.gate.State().Connected }, patience, time.Millisecond)
	require.Equal(t, pb.Answer_REASON_FROZEN, g.reason(t, "13800138002"), "it goes on from memory")
	_, err := g.Gate.ReserveCall(g.dialler, &pb.ReserveCallRequest{CallId: "a", Number: "13800138003"})
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.Equal(t, "SERVER_UNREACHABLE", apitest.Reason(err))
	_, err = g.Gate.CheckNumber(g.dialler, &pb.CheckNumberRequest{Number: "13800138001",
		At: timestamppb.New(time.Now().Add(-time.Hour))})
	require.Equal(t, "SERVER_UNREACHABLE", apitest.Reason(err))
}

// A key that was revoked or added at the server is so at the gate; nobody else is let in.
func TestGateKnowsTheKeys(t *testing.T) {
	t.Parallel()
	c := startCentre(t, testConfig(t.TempDir()))
	g := startGate(t, gateConfig(t, c.app.GRPCAddr(), c.gateKey), c.dialler)
	c.follows(t, g)
	ask := func(token string) codes.Code {
		_, err := g.Gate.CheckNumber(apitest.WithKey(t.Context(), token), &pb.CheckNumberRequest{Number: "13800138001"})
		return status.Code(err)
	}
	_, err := g.Gate.CheckNumber(t.Context(), &pb.CheckNumberRequest{Number: "13800138001"})
	require.Equal(t, codes.Unauthenticated, status.Code(err), "on its own machine, too")
	require.Equal(t, codes.OK, ask(c.dialler))
	require.Equal(t, codes.Unauthenticated, ask(c.gateKey), "it is for the server")
	resp, err := c.Keys.AddKey(c.admin, &pb.AddKeyRequest{KeyId: "pbx-2", Role: pb.Role_ROLE_DIALLER, Lines: []string{"loans"}})
	require.NoError(t, err)
	c.follows(t, g)
	loans := apitest.WithKey(t.Context(), resp.GetToken())
	_, err = g.Gate.CheckNumber(loans, &pb.CheckNumberRequest{Number: "13800138001", Line: "cards"})
	require.Equal(t, "LINE_NOT_PERMITTED", apitest.Reason(err))
	_, err = g.Gate.CheckNumber(loans, &pb.CheckNumberRequest{Number: "13800138001", Line: "loans"})
	require.NoError(t, err)
	_, err = c.Keys.RevokeKey(c.admin, &pb.RevokeKeyRequest{Name: "keys/" + c.diallerKeyID, Reason: "gone"})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return ask(c.dialler) == codes.Unauthenticated }, patience, time.Millisecond)
	g.gate.Report(t.Context())
	keys, err := c.Keys.ListKeys(c.admin, &pb.ListKeysRequest{})
	require.NoError(t, err)
	for _, k := range keys.GetKeys() {
		if k.GetName() == "keys/pbx-2" {
			require.NotNil(t, k.GetTokens()[0].GetLastUseTime(), "the server hears when it was used")
		}
	}
}

// A gate whose key is for some lines is told of these alone.
func TestGateOfALine(t *testing.T) {
	t.Parallel()
	c := startCentre(t, testConfig(t.TempDir()))
	resp, err := c.Keys.AddKey(c.admin, &pb.AddKeyRequest{KeyId: "gate-2", Role: pb.Role_ROLE_GATE, Lines: []string{"loans"}})
	require.NoError(t, err)
	cfg := gateConfig(t, c.app.GRPCAddr(), resp.GetToken())
	g := startGate(t, cfg, c.dialler)
	on := func(line string) func(*pb.CreateFreezeRequest) {
		return func(r *pb.CreateFreezeRequest) { r.Line = line }
	}
	c.freeze(t, "13800138001", on("loans"))
	c.freeze(t, "13800138002", on("cards"))
	c.follows(t, g)
	require.Equal(t, pb.Answer_REASON_FROZEN, g.reason(t, "13800138001"), "the dialler is for all lines, and here for the gate's")
	require.Equal(t, pb.Answer_REASON_NONE, g.reason(t, "13800138002"))
	_, err = g.Gate.CheckNumber(g.dialler, &pb.CheckNumberRequest{Number: "13800138002", Line: "cards"})
	require.Equal(t, "LINE_NOT_PERMITTED", apitest.Reason(err), "of which the gate knows nothing")

	// With a key for all lines it is told all anew, and not only what changes from then on.
	require.NoError(t, g.stop())
	all := gateConfig(t, c.app.GRPCAddr(), c.gateKey)
	all.Data, all.Follow.Snapshot, all.Follow.NameKeys = cfg.Data, cfg.Follow.Snapshot, cfg.Follow.NameKeys
	g = startGate(t, all, c.dialler)
	c.freeze(t, "13800138003", on("cards"))
	c.follows(t, g)
	require.Equal(t, pb.Answer_REASON_FROZEN, g.reason(t, "13800138002"))
}

// In the files of a gate there is no number, also of nobody who was erased; and then nothing but the name of his
// freeze.
func TestGateKeepsNoNumbers(t *testing.T) {
	t.Parallel()
	clock := apitest.NewClock()
	c := startCentre(t, testConfig(t.TempDir()), goBy(clock))
	cfg := gateConfig(t, c.app.GRPCAddr(), c.gateKey)
	g := startGate(t, cfg, c.dialler, goBy(clock))
	const frozen, denied = "+8613800138001", "+8613800138005"
	c.freeze(t, frozen)
	c.follows(t, g)
	for i := range 6 {
		_, err := g.Gate.ReserveCall(g.dialler, &pb.ReserveCallRequest{CallId: string(rune('a' + i)), Number: denied})
		require.NoError(t, err)
	}
	c.follows(t, g)
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, g.reason(t, denied))
	for _, n := range []string{frozen, denied} {
		_, err := c.People.ErasePerson(c.admin, &pb.ErasePersonRequest{Number: n, Reason: "he asked for it"})
		require.NoError(t, err)
	}
	c.follows(t, g)
	require.Equal(t, pb.Answer_REASON_FROZEN, g.reason(t, frozen), "it stands on without its number")
	require.Equal(t, pb.Answer_REASON_NONE, g.reason(t, denied), "nothing of him is left")
	require.NoError(t, g.stop())
	for _, name := range []string{cfg.Follow.Snapshot, cfg.Follow.NamesFile()} {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
		for _, n := range []string{frozen, denied} {
			requireNoNumber(t, raw, n)
		}
	}
	again := startGate(t, cfg, c.dialler, goBy(clock))
	require.Equal(t, pb.Answer_REASON_FROZEN, again.reason(t, frozen))
	require.Equal(t, pb.Answer_REASON_NONE, again.reason(t, denied))
}

// requireNoNumber finds a number in no form in which it might be kept.
func requireNoNumber(t *testing.T, raw []byte, e164 string) {
	t.Helper()
	text := string(raw)
	digits := strings.TrimPrefix(e164, "+")
	national := strings.TrimPrefix(digits, "86")
	var v uint64
	for _, d := range digits {
		v = v*10 + uint64(d-'0')
	}
	var big, little [8]byte
	for i := range 8 {
		big[7-i], little[i] = byte(v>>(8*i)), byte(v>>(8*i))
	}
	for name, form := range map[string]string{"E.164": e164, "digits": digits, "national": national,
		"end": national[3:], "big-endian": string(big[2:]), "little-endian": string(little[:6]),
		"UTF-16": strings.Join(strings.Split(national, ""), "\x00")} {
		require.NotContains(t, text, form, name)
	}
}
