package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/certs"
	"github.com/refrain-asr/refrain/internal/config"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const (
	// fillEnv says how many freezes a server that the test binary makes has in its gate.
	fillEnv = "REFRAIN_TEST_FREEZES"
	// echoEnv makes the test binary a bare gRPC server that answers CheckNumber with
	// the messages that it was given.
	echoEnv = "REFRAIN_TEST_ECHO"
	// certsEnv names a directory of certificates, by which both speak TLS with those alone who have one.
	certsEnv = "REFRAIN_TEST_CERTS"
)

// benchFreezes is how many freezes the gate is measured with.
func benchFreezes(b *testing.B) int {
	b.Helper()
	n := 10_000_000
	if text := os.Getenv("REFRAIN_TEST_BENCH_FREEZES"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	return n
}

// peer is a server in a process of its own.
type peer struct {
	cmd  *exec.Cmd
	addr string
}

// startPeer makes the test binary a server, and waits for its address.
func startPeer(b *testing.B, env ...string) *peer {
	b.Helper()
	exe, err := os.Executable()
	require.NoError(b, err)
	return startBinary(b, exe, env...)
}

// startBinary is startPeer with another build of the test binary.
func startBinary(b *testing.B, exe string, env ...string) *peer {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), exe)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
	})
	var addr string
	_, err = fmt.Fscanln(out, &addr)
	require.NoError(b, err)
	return &peer{cmd, addr}
}

// processorTime is how long the process has computed so far.
func (p *peer) processorTime(b *testing.B) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	require.NoError(b, err)
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var ticks int64
	for _, f := range fields[11:13] { // user and system time, in hundredths of a second
		n, err := strconv.ParseInt(f, 10, 64)
		require.NoError(b, err)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

func ownProcessorTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	require.NoError(b, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// echo answers with the messages it was given, one for a number that is frozen and one
// for the others, and knows nothing.
type echo struct {
	pb.UnimplementedGateServiceServer
	answers [2]*pb.CheckNumberResponse
}

// CheckNumber implements the API.
func (e echo) CheckNumber(_ context.Context, req *pb.CheckNumberRequest) (*pb.CheckNumberResponse, error) {
	n := req.GetNumber()
	return e.answers[n[len(n)-1]%2], nil
}

// serveEcho serves the answers in the files that dir holds.
func serveEcho(dir string) error {
	var e echo
	for i := range e.answers {
		b, err := os.ReadFile(filepath.Join(dir, strconv.Itoa(i)))
		if err != nil {
			return err
		}
		e.answers[i] = &pb.CheckNumberResponse{}
		if err := proto.Unmarshal(b, e.answers[i]); err != nil {
			return err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var o []grpc.ServerOption
	if d := testCerts(); d.Path != "" {
		files, err := certs.Open(mutual(config.Default(), d).TLS.Options())
		if err != nil {
			return err
		}
		o = append(o, grpc.Creds(credentials.NewTLS(files.Server("h2"))))
	}
	s := grpc.NewServer(o...)
	pb.RegisterGateServiceServer(s, e)
	fmt.Println(l.Addr())
	return s.Serve(l)
}

// testCerts are the certificates of a server that the test binary makes, in no directory for none.
func testCerts() certs.Directory { return certs.Directory{Path: os.Getenv(certsEnv), Now: time.Now} }

func dialGate(b *testing.B, addr string) pb.GateServiceClient {
	b.Helper()
	return dialGateBy(b, addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
}

func dialGateBy(b *testing.B, addr string, by ...grpc.DialOption) pb.GateServiceClient {
	b.Helper()
	conn, err := grpc.NewClient(addr, by...)
	require.NoError(b, err)
	b.Cleanup(func() { _ = conn.Close() })
	return pb.NewGateServiceClient(conn)
}

// askers is how many diallers ask at once.
const askers = 64

// load asks n times, and returns how long it took, and how long the slowest hundredth
// waited.
func load(b *testing.B, n int, ask func(number string) error, freezes int) (whole, p99 time.Duration) {
	b.Helper()
	waits := make([][]time.Duration, askers)
	var wg sync.WaitGroup
	errs := make(chan error, askers)
	begin := time.Now()
	for k := range askers {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(k), 1))
			for range n / askers {
				number := app.BenchNumber(rnd.IntN(2 * freezes))
				at := time.Now()
				if err := ask(number); err != nil {
					errs <- err
					return
				}
				waits[k] = append(waits[k], time.Since(at))
			}
		})
	}
	wg.Wait()
	whole = time.Since(begin)
	select {
	case err := <-errs:
		require.NoError(b, err)
	default:
	}
	all := slices.Concat(waits...)
	slices.Sort(all)
	return whole, all[len(all)*99/100]
}

// BenchmarkCheckNumber asks a server with 10 million freezes and all shipped rules, 64
// diallers at once over one connection, and beside it a bare gRPC server that answers the
// same messages without looking anything up. It reports how many answers a second that
// is of the bare server's (x-echo), both servers' slowest hundredth, and how much of a
// processor the client took for an answer of each: it could ask faster than the gate
// answers if it does so with the bare server.
func BenchmarkCheckNumber(b *testing.B) {
	benchCheckNumber(b, false, grpc.WithTransportCredentials(insecure.NewCredentials()))
}

// BenchmarkCheckNumberTLS is BenchmarkCheckNumber where both servers speak TLS, with certificates on both sides, and
// the one that has something to tell wants a key.
func BenchmarkCheckNumberTLS(b *testing.B) {
	d := network(b, "dialler")
	c := shown(b, d, "dialler")
	c.ServerName = "refrain.internal"
	benchCheckNumber(b, true, trusted(c), certsEnv+"="+d.Path)
}

// keyFor makes the first key of the server in a directory, an admin's, and one for a dialler, which it shows.
func keyFor(b *testing.B, dir string) grpc.DialOption {
	b.Helper()
	admin := apitest.Dial(b, "unix:"+filepath.Join(dir, "admin.sock"))
	ctx := as(b.Context(), "ops")
	_, err := admin.Keys.AddKey(ctx, &pb.AddKeyRequest{KeyId: "ops", Role: pb.Role_ROLE_ADMIN})
	require.NoError(b, err)
	key, err := admin.Keys.AddKey(ctx, &pb.AddKeyRequest{KeyId: "dialler", Role: pb.Role_ROLE_DIALLER})
	require.NoError(b, err)
	return grpc.WithPerRPCCredentials(shownKey(key.GetToken()))
}

// shownKey is a key that is shown with each request.
type shownKey string

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (k shownKey) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(k)}, nil
}

// RequireTransportSecurity implements credentials.PerRPCCredentials.
func (shownKey) RequireTransportSecurity() bool { return true }

func benchCheckNumber(b *testing.B, keyed bool, by grpc.DialOption, env ...string) {
	b.Helper()
	freezes := benchFreezes(b)
	dir := b.TempDir()
	gate := startPeer(b, append(env, serveEnv+"="+dir, fillEnv+"="+strconv.Itoa(freezes))...)
	shows := []grpc.DialOption{by}
	if keyed {
		shows = append(shows, keyFor(b, dir))
		_, err := dialGateBy(b, gate.addr, by).CheckNumber(b.Context(), &pb.CheckNumberRequest{Number: app.BenchNumber(0)})
		require.Equal(b, codes.Unauthenticated, status.Code(err), "it must want a key")
	}
	client := dialGateBy(b, gate.addr, shows...)
	messages := b.TempDir()
	for i := range 2 { // those of a frozen number and of another
		resp, err := client.CheckNumber(b.Context(), &pb.CheckNumberRequest{Number: app.BenchNumber(i)})
		require.NoError(b, err)
		require.Equal(b, i == 1, resp.GetAnswer().GetAllowed())
		raw, err := proto.Marshal(resp)
		require.NoError(b, err)
		require.NoError(b, os.WriteFile(filepath.Join(messages, strconv.Itoa(i)), raw, 0o600))
	}
	bare := startPeer(b, append(env, echoEnv+"="+messages)...)
	bareClient := dialGateBy(b, bare.addr, by)
	ask := func(c pb.GateServiceClient) func(string) error {
		return func(number string) error {
			_, err := c.CheckNumber(context.Background(), &pb.CheckNumberRequest{Number: number})
			return err
		}
	}
	const round = 20_000
	load(b, round, ask(client), freezes) // warm up
	load(b, round, ask(bareClient), freezes)
	var ours, theirs, ourTail, theirTail, clientTime, serverTime, bareClientTime, bareTime time.Duration
	b.ResetTimer()
	for range b.N {
		c, s := ownProcessorTime(b), gate.processorTime(b)
		whole, tail := load(b, round, ask(client), freezes)
		ours, ourTail = ours+whole, ourTail+tail
		clientTime, serverTime = clientTime+ownProcessorTime(b)-c, serverTime+gate.processorTime(b)-s
		c, s = ownProcessorTime(b), bare.processorTime(b)
		whole, tail = load(b, round, ask(bareClient), freezes)
		theirs, theirTail = theirs+whole, theirTail+tail
		bareClientTime, bareTime = bareClientTime+ownProcessorTime(b)-c, bareTime+bare.processorTime(b)-s
	}
	n := float64(b.N * round)
	b.ReportMetric(n/ours.Seconds(), "answers/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "x-echo")
	b.ReportMetric(ourTail.Seconds()*1e3/float64(b.N), "p99-ms")
	b.ReportMetric(theirTail.Seconds()*1e3/float64(b.N), "echo-p99-ms")
	b.ReportMetric(clientTime.Seconds()*1e6/n, "client-us")
	b.ReportMetric(serverTime.Seconds()*1e6/n, "server-us")
	b.ReportMetric(bareClientTime.Seconds()*1e6/n, "echo-client-us")
	b.ReportMetric(bareTime.Seconds()*1e6/n, "echo-server-us")
}

// startRedis starts Redis without persistence, with the frozen numbers in it.
func startRedis(b *testing.B, freezes int) *redis.Client {
	b.Helper()
	out, err := exec.CommandContext(b.Context(), "../../scripts/redis.sh").Output()
	if err != nil {
		b.Skipf("no redis-server to measure against: %v", err)
	}
	socket := filepath.Join(b.TempDir(), "redis.sock")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	addr := l.Addr().(*net.TCPAddr)
	require.NoError(b, l.Close())
	cmd := exec.CommandContext(b.Context(), strings.TrimSpace(string(out)), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1",
		"--port", strconv.Itoa(addr.Port), "--unixsocket", socket, "--dir", b.TempDir())
	require.NoError(b, cmd.Start())
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	c := redis.NewClient(&redis.Options{Addr: addr.String(), MaxRetries: 50, MinRetryBackoff: 20 * time.Millisecond})
	b.Cleanup(func() { _ = c.Close() })
	for i := 0; i < freezes; i += 10_000 {
		pipe := c.Pipeline()
		for k := i; k < min(freezes, i+10_000); k++ {
			pipe.Set(b.Context(), app.BenchNumber(2*k), "1", 0)
		}
		_, err := pipe.Exec(b.Context())
		require.NoError(b, err)
	}
	return c
}

// BenchmarkCheckNumbers asks for 1,000 numbers a message, half of which are frozen, over
// a stream, with all answers and with those alone that are no, and beside it Redis for
// the same numbers with 1,000 GETs a pipeline; once with one message or pipeline on its
// way, and once with four. It reports how many numbers a second that is, and how many of
// Redis's (x-redis).
func BenchmarkCheckNumbers(b *testing.B) {
	freezes := benchFreezes(b)
	gate := startPeer(b, serveEnv+"="+b.TempDir(), fillEnv+"="+strconv.Itoa(freezes))
	client, peerOf := dialGate(b, gate.addr), startRedis(b, freezes)
	for _, flights := range []int{1, 4} {
		b.Run(fmt.Sprintf("flights=%d", flights), func(b *testing.B) {
			s := &scrubBench{client: client, redis: peerOf, freezes: freezes, flights: flights}
			var all, only, theirs time.Duration
			b.ResetTimer()
			for i := range b.N {
				lists := s.lists(uint64(i))
				begin := time.Now()
				refused := s.check(b, lists, false)
				all += time.Since(begin)
				begin = time.Now()
				require.Equal(b, refused, s.check(b, lists, true))
				only += time.Since(begin)
				begin = time.Now()
				require.Equal(b, refused, s.get(b, lists))
				theirs += time.Since(begin)
			}
			n := float64(b.N * scrubMessages * scrubSize)
			b.ReportMetric(n/all.Seconds(), "numbers/s")
			b.ReportMetric(n/only.Seconds(), "refused-only/s")
			b.ReportMetric(n/theirs.Seconds(), "redis/s")
			b.ReportMetric(theirs.Seconds()/all.Seconds(), "x-redis")
			b.ReportMetric(theirs.Seconds()/only.Seconds(), "x-redis-refused-only")
		})
	}
}

const (
	scrubSize     = 1000
	scrubMessages = 200
)

// scrubBench asks the gate and Redis for the same lists.
type scrubBench struct {
	client           pb.GateServiceClient
	redis            *redis.Client
	freezes, flights int
}

func (s *scrubBench) lists(seed uint64) [][]string {
	rnd := rand.New(rand.NewPCG(seed, 2))
	lists := make([][]string, scrubMessages)
	for i := range lists {
		for range scrubSize {
			lists[i] = append(lists[i], app.BenchNumber(rnd.IntN(2*s.freezes)))
		}
	}
	return lists
}

// check asks over one stream, with up to so many messages on their way.
func (s *scrubBench) check(b *testing.B, lists [][]string, refusedOnly bool) (refused int) {
	b.Helper()
	stream, err := s.client.CheckNumbers(b.Context())
	require.NoError(b, err)
	slots := make(chan struct{}, s.flights)
	sent := make(chan error, 1)
	go func() {
		for _, numbers := range lists {
			slots <- struct{}{}
			if err := stream.Send(&pb.CheckNumbersRequest{Numbers: numbers, RefusedOnly: refusedOnly}); err != nil {
				sent <- err
				return
			}
		}
		sent <- stream.CloseSend()
	}()
	for range lists {
		resp, err := stream.Recv()
		require.NoError(b, err)
		<-slots
		for _, a := range resp.GetAnswers() {
			if !a.GetAllowed() {
				refused++
			}
		}
	}
	require.NoError(b, <-sent)
	return refused
}

// get asks Redis with so many pipelines at once.
func (s *scrubBench) get(b *testing.B, lists [][]string) int {
	b.Helper()
	var refused atomic.Int64
	work := make(chan []string)
	var g errgroup.Group
	for range s.flights {
		g.Go(func() error {
			for numbers := range work {
				pipe := s.redis.Pipeline()
				for _, n := range numbers {
					pipe.Get(b.Context(), n)
				}
				answers, err := pipe.Exec(b.Context())
				if err != nil && !errors.Is(err, redis.Nil) {
					return err
				}
				for _, a := range answers {
					if a.Err() == nil {
						refused.Add(1)
					}
				}
			}
			return nil
		})
	}
	for _, numbers := range lists {
		work <- numbers
	}
	close(work)
	require.NoError(b, g.Wait())
	return int(refused.Load())
}
