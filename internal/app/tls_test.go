package app_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	grpcpeer "google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/certs"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/datadir"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// outside is an address of this machine by which others reach it, that of the loopback where it has
// no other.
func outside(tb testing.TB) string {
	tb.Helper()
	addrs, err := net.InterfaceAddrs()
	require.NoError(tb, err)
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() && ip.IP.To4() != nil {
			return ip.IP.String()
		}
	}
	return "127.0.0.1"
}

// network makes a private network's certificates.
func network(tb testing.TB, clients ...string) certs.Directory {
	tb.Helper()
	d := certs.Directory{Path: filepath.Join(tb.TempDir(), "tls"), Now: time.Now}
	require.NoError(tb, d.NewAuthority())
	require.NoError(tb, d.SignServer([]string{"refrain.internal", outside(tb)}, false))
	for _, name := range clients {
		require.NoError(tb, d.SignClient(name, false))
	}
	return d
}

// mutual listens on all addresses, and knows those alone who have a certificate of the network.
func mutual(cfg config.Config, d certs.Directory) config.Config {
	cfg.GRPC.Address, cfg.HTTP.Address = "0.0.0.0:0", "0.0.0.0:0"
	cfg.TLS.Cert, cfg.TLS.Key, cfg.TLS.ClientCA = d.CertFile("server"), d.KeyFile("server"), d.CertFile("ca")
	cfg.TLS.RequireClientCertificate = true
	return cfg
}

// shown trusts the network's server, and shows it the certificate of that name; "" shows none.
func shown(tb testing.TB, d certs.Directory, name string) *tls.Config {
	tb.Helper()
	pool, err := certs.ReadPool(d.CertFile("ca"))
	require.NoError(tb, err)
	c := &tls.Config{RootCAs: pool}
	if name != "" {
		pair, err := tls.LoadX509KeyPair(d.CertFile(name), d.KeyFile(name))
		require.NoError(tb, err)
		c.Certificates = []tls.Certificate{pair}
	}
	return c
}

func from(tb testing.TB, addr string) string {
	tb.Helper()
	_, port, err := net.SplitHostPort(addr)
	require.NoError(tb, err)
	return net.JoinHostPort(outside(tb), port)
}

func trusted(c *tls.Config) grpc.DialOption {
	return grpc.WithTransportCredentials(credentials.NewTLS(c))
}

// keyed asks with a key of that role, which whoever owns the data directory makes.
func keyed(tb testing.TB, cfg config.Config, role access.Role) context.Context {
	tb.Helper()
	path, done, err := datadir.SocketPath(cfg.Data)
	require.NoError(tb, err)
	defer done()
	admin := apitest.Dial(tb, "unix:"+path)
	resp, err := admin.Keys.AddKey(tb.Context(), &pb.AddKeyRequest{KeyId: string(role) + "-1",
		Role: pb.Role(pb.Role_value["ROLE_"+strings.ToUpper(string(role))])})
	require.NoError(tb, err)
	return apitest.WithKey(tb.Context(), resp.GetToken())
}

// Recorder, dialler and reviewer do their work from other machines, each with a certificate of its
// own; strangers get nowhere.
func TestMutualTLS(t *testing.T) {
	t.Parallel()
	d, strangers := network(t, "recorder", "dialler", "reviewer"), network(t, "recorder")
	cfg := mutual(testConfig(t.TempDir()), d)
	s := start(t, cfg)
	addr := from(t, s.app.GRPCAddr())
	recorder := &clients{apitest.Dial(t, addr, trusted(shown(t, d, "recorder")))}
	sending := keyed(t, cfg, access.Recorder)
	_, err := recorder.Gate.CheckNumber(sending, &pb.CheckNumberRequest{Number: "13800138001"})
	require.Equal(t, codes.PermissionDenied, status.Code(err), "a recorder sends, and nothing else")
	_, err = recorder.Gate.CheckNumber(t.Context(), &pb.CheckNumberRequest{Number: "13800138001"})
	require.Equal(t, codes.Unauthenticated, status.Code(err), "a certificate is no key")
	rec := recorder.send(sending, t, &pb.RecordingMetadata{CallId: "call-1", Number: "13800138001",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT}, sample(t, refusalSample))
	reviewer := apitest.Dial(t, addr, trusted(shown(t, d, "reviewer")))
	ctx := keyed(t, cfg, access.Reviewer)
	suspect := rec.GetJudgement().GetSuspectName()
	_, err = reviewer.Review.ClaimSuspect(ctx, &pb.ClaimSuspectRequest{Name: suspect})
	require.NoError(t, err)
	_, err = reviewer.Review.DecideSuspect(ctx, &pb.DecideSuspectRequest{Name: suspect, Verdict: pb.Decision_VERDICT_CONFIRMED})
	require.NoError(t, err)
	dialler := apitest.Dial(t, addr, trusted(shown(t, d, "dialler")))
	answer, err := dialler.Gate.CheckNumber(keyed(t, cfg, access.Dialler), &pb.CheckNumberRequest{Number: "13800138001"})
	require.NoError(t, err)
	require.False(t, answer.GetAnswer().GetAllowed())

	withStrangersKey := shown(t, d, "")
	withStrangersKey.Certificates = shown(t, strangers, "recorder").Certificates
	for name, o := range map[string][]grpc.DialOption{
		"no TLS":                         nil,
		"no certificate":                 {trusted(shown(t, d, ""))},
		"a certificate of somebody else": {trusted(withStrangersKey)},
		"trusts somebody else":           {trusted(shown(t, strangers, "recorder"))},
	} {
		stranger := apitest.Dial(t, addr, o...)
		_, err := stranger.Gate.CheckNumber(t.Context(), &pb.CheckNumberRequest{Number: "13800138001"})
		require.Equal(t, codes.Unavailable, status.Code(err), "%s: %v", name, err)
		_, err = healthpb.NewHealthClient(stranger.Conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
		require.Equal(t, codes.Unavailable, status.Code(err), "%s: %v", name, err)
	}
}

// HTTP is protected in the same way, and answers to the names of its certificate.
func TestHTTPS(t *testing.T) {
	t.Parallel()
	d := network(t, "dialler")
	cfg := mutual(testConfig(t.TempDir()), d)
	cfg.TLS.Hosts = []string{"Refrain.Example"}
	s := start(t, cfg)
	key, _ := metadata.FromOutgoingContext(keyed(t, cfg, access.Supervisor))
	base := "https://" + from(t, s.app.HTTPAddr())
	get := func(c *tls.Config, path, host string) (int, int, error) {
		web := &http.Client{Transport: &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true}}
		defer web.CloseIdleConnections()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, http.NoBody)
		require.NoError(t, err)
		req.Host = host
		req.Header.Set("Authorization", key.Get("authorization")[0])
		resp, err := web.Do(req)
		if err != nil {
			return 0, 0, err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode, resp.ProtoMajor, errors.Join(err, resp.Body.Close())
	}
	known := shown(t, d, "dialler")
	for host, want := range map[string]int{"": http.StatusOK, "refrain.internal": http.StatusOK,
		"refrain.internal:7431": http.StatusOK, "refrain.example": http.StatusOK, "localhost": http.StatusOK,
		"127.0.0.1:1": http.StatusOK, "[::1]:1": http.StatusOK,
		"evil.example": http.StatusMisdirectedRequest, "10.255.255.254": http.StatusMisdirectedRequest} {
		code, version, err := get(known, "/check?number=13800138001", host)
		require.NoError(t, err, host)
		require.Equal(t, want, code, host)
		require.Equal(t, 2, version)
	}
	_, _, err := get(shown(t, d, ""), "/healthz", "")
	require.Error(t, err)
	plain, err := http.Get("http" + base[len("https"):] + "/healthz")
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, plain.StatusCode)
	require.NoError(t, plain.Body.Close())
	code, _, err := get(known, "/metrics", "")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, code)
}

// A certificate is renewed under load, and no call is dropped by it.
func TestCertificateIsRenewed(t *testing.T) {
	t.Parallel()
	d := network(t, "dialler")
	var ahead atomic.Int64
	logs := newLogbook()
	cfg := mutual(testConfig(t.TempDir()), d)
	s := start(t, cfg, logTo(logs),
		func(o *app.Options) { o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) } })
	addr := from(t, s.app.GRPCAddr())
	asks := keyed(t, cfg, access.Dialler)
	serial := func(c *apitest.Clients) string {
		var at grpcpeer.Peer
		_, err := c.Gate.CheckNumber(asks, &pb.CheckNumberRequest{Number: "13800138001"}, grpc.Peer(&at))
		require.NoError(t, err)
		return at.AuthInfo.(credentials.TLSInfo).State.PeerCertificates[0].SerialNumber.String()
	}
	standing := apitest.Dial(t, addr, trusted(shown(t, d, "dialler")))
	first := serial(standing)
	ctx, stop := context.WithCancel(asks)
	var asking sync.WaitGroup
	asked := make(chan struct{}, 1)
	asking.Go(func() {
		for ctx.Err() == nil {
			_, err := standing.Gate.CheckNumber(ctx, &pb.CheckNumberRequest{Number: "13800138001"})
			if ctx.Err() == nil && err != nil {
				t.Error(err)
				return
			}
			select {
			case asked <- struct{}{}:
			default:
			}
		}
	})
	<-asked
	require.NoError(t, d.SignServer([]string{outside(t)}, true))
	ahead.Store(int64(2 * time.Second))
	renewed := apitest.Dial(t, addr, trusted(shown(t, d, "dialler")))
	require.NotEqual(t, first, serial(renewed))
	<-asked
	stop()
	asking.Wait()
	require.Equal(t, first, serial(standing), "the connection stood all the time")
	logs.Wait(t, 1, "the certificates were read anew")
}

// A server that other machines reach answers nobody before it has a key, also on its own machine; the
// owner of the data directory makes it, and the log says how.
func TestReachedWithoutAKey(t *testing.T) {
	t.Parallel()
	d := network(t)
	require.NoError(t, d.SignServer([]string{"localhost"}, true))
	cfg := testConfig(t.TempDir())
	cfg.GRPC.Address = "0.0.0.0:0"
	cfg.TLS.Cert, cfg.TLS.Key = d.CertFile("server"), d.KeyFile("server")
	logs := newLogbook()
	s := start(t, cfg, logTo(logs))
	said := logs.Wait(t, 1, "every request is refused until one is made here, while it runs: refrain key add NAME --role "+
		"admin --data DIRECTORY")
	require.Contains(t, said, cfg.Data)
	_, port, err := net.SplitHostPort(s.app.GRPCAddr())
	require.NoError(t, err)
	unnamed := shown(t, d, "")
	unnamed.ServerName = "localhost" // as the server's own machine names it
	for _, host := range []string{"127.0.0.1", outside(t)} {
		c := apitest.Dial(t, net.JoinHostPort(host, port), trusted(unnamed))
		_, err := c.Gate.CheckNumber(t.Context(), &pb.CheckNumberRequest{Number: "13800138001"})
		require.Equal(t, codes.Unauthenticated, status.Code(err), "%s: %v", host, err)
		require.ErrorContains(t, err, "refrain key add NAME --role admin --data DIRECTORY")
	}
	web := &http.Client{Transport: &http.Transport{TLSClientConfig: unnamed}}
	defer web.CloseIdleConnections()
	resp, err := web.Get("https://" + s.app.HTTPAddr() + "/check?number=13800138001")
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	require.NoError(t, resp.Body.Close())
	c := apitest.Dial(t, net.JoinHostPort("127.0.0.1", port), trusted(unnamed))
	_, err = c.Gate.CheckNumber(keyed(t, cfg, access.Dialler), &pb.CheckNumberRequest{Number: "13800138001"})
	require.NoError(t, err)
}

// Where the first key could never be made, the server says so and does not start.
func TestReachedWithoutAKeyOrSocket(t *testing.T) {
	t.Parallel()
	d := network(t)
	cfg := testConfig(t.TempDir())
	require.NoError(t, os.Mkdir(filepath.Join(cfg.Data, datadir.AdminSocket), 0o700))
	cfg.HTTP.Address = "0.0.0.0:0"
	cfg.TLS.Cert, cfg.TLS.Key = d.CertFile("server"), d.KeyFile("server")
	require.Contains(t, refused(t, cfg), "start it on 127.0.0.1, make one with 'refrain key add NAME --role admin'")
}

// What would go over a network in the open is refused.
func TestBeyondLoopbackNeedsTLS(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	cfg.GRPC.Address = "0.0.0.0:0"
	require.Contains(t, refused(t, cfg), "refused without TLS")
	cfg.TLS.Cert, cfg.TLS.Key = "none.crt", "none.key"
	require.Contains(t, refused(t, cfg), "none.crt")
}
