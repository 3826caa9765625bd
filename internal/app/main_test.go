package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/whisper"
	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/app/apptest"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// serveEnv makes the test binary a server on the data directory it names, so that
// tests can kill it.
const serveEnv = "REFRAIN_TEST_SERVE"

func TestMain(m *testing.M) {
	whisper.ExitIfChild()
	if dir := os.Getenv(echoEnv); dir != "" {
		fmt.Fprintln(os.Stderr, serveEcho(dir))
		os.Exit(1)
	}
	if addr := os.Getenv(gateEnv); addr != "" {
		os.Exit(serveGateForTest(addr))
	}
	if os.Getenv(workerEnv) != "" {
		os.Exit(workForTest())
	}
	if dir := os.Getenv(serveEnv); dir != "" {
		os.Exit(serveForTest(dir))
	}
	if text := os.Getenv(moveEnv); text != "" {
		os.Exit(moveForTest(text))
	}
	os.Exit(pgtest.Main(m))
}

func serveForTest(dir string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg := testConfig(dir)
	if d := testCerts(); d.Path != "" {
		cfg = mutual(cfg, d)
	}
	cfg.GRPC.Address = "127.0.0.1:0"
	if text := os.Getenv(bucketEnv); text != "" {
		if err := json.Unmarshal([]byte(text), &cfg.Audio.S3); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	cfg.Database.URL = os.Getenv(databaseEnv)
	cfg.Ledger.Key.File = os.Getenv(keyEnv)
	if url := os.Getenv(speechEnv); url != "" {
		cfg = slowly(cfg, url)
	}
	a, err := app.New(ctx, cfg,
		app.Options{Logger: slog.New(slog.NewTextHandler(os.Stderr,
			&slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if text := os.Getenv(fillEnv); text != "" {
		n, err := strconv.Atoi(text)
		if err = errors.Join(err, a.FillGate(n)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	fmt.Println(a.GRPCAddr())
	fmt.Println(a.HTTPAddr())
	if err := a.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func testConfig(dir string) config.Config {
	c := config.Default()
	c.Speech.Model = "demo"
	c.Review.BlindShare, c.Review.SecondShare = 0, 0 // which tests of them set
	c.Data = dir
	c.Disk = config.Disk{} // or each would put its ballast on the test's disk
	c.GRPC.Address, c.HTTP.Address = "127.0.0.1:0", "127.0.0.1:0"
	return c
}

// server is a running server and its clients.
type server struct {
	app *app.App
	*clients
	stop func() error
	// admin asks with an admin's key, where a test made one.
	admin context.Context //nolint:containedctx // it is the key's
}

// clients are those of a server that has jobs.
type clients struct{ *apitest.Clients }

func dial(tb testing.TB, addr string) *clients {
	tb.Helper()
	return &clients{apitest.Dial(tb, addr)}
}

// goBy makes a server go by a clock.
func goBy(c *apitest.Clock) func(*app.Options) {
	return func(o *app.Options) { o.Now = c.Now }
}

// logTo makes a server write into a log.
func logTo(l *apitest.Logbook) func(*app.Options) {
	return func(o *app.Options) { o.Logger = l.Logger() }
}

// behind has a server hear only while the gate is open.
func behind(g *apitest.Gate) func(*app.Options) {
	return func(o *app.Options) { o.Through = g.Through }
}

// start runs a server in this process until the test ends.
func start(tb testing.TB, cfg config.Config, edit ...func(*app.Options)) *server {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	o := app.Options{Logger: slog.New(slog.NewTextHandler(tb.Output(),
		&slog.HandlerOptions{Level: slog.LevelWarn}))}
	if _, test := tb.(*testing.T); test {
		o.Through = apitest.HearOnce
	}
	for _, f := range edit {
		f(&o)
	}
	apptest.Tables(tb, cfg)
	a, err := app.New(ctx, cfg, o)
	if err != nil {
		cancel()
		require.NoError(tb, err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stopped := false
	s := &server{app: a, clients: dial(tb, a.GRPCAddr())}
	s.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-done
	}
	tb.Cleanup(func() { require.NoError(tb, s.stop()) })
	return s
}

// final waits until the recording is done or parked.
func (c *clients) final(ctx context.Context, tb testing.TB, name string) *pb.Recording {
	tb.Helper()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	stream, err := c.Recordings.WatchRecording(ctx, &pb.WatchRecordingRequest{Name: name})
	require.NoError(tb, err)
	var last *pb.Recording
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return last
		}
		require.NoError(tb, err, "last seen: %v", last)
		last = m.GetRecording()
	}
}

// send uploads a file and waits for its end.
func (c *clients) send(
	ctx context.Context, tb testing.TB, m *pb.RecordingMetadata, wav []byte,
) *pb.Recording {
	tb.Helper()
	m.Sha256 = apitest.Sum(wav)
	resp, err := c.Upload(ctx, m, bytes.NewReader(wav))
	require.NoError(tb, err)
	return c.final(ctx, tb, resp.GetRecording().GetName())
}
