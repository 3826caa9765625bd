package app_test

import (
	"bytes"
	"database/sql"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/disk"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// beats has a server look at what it stands on whenever the test says so, and at nothing else.
type beats chan time.Time

func (b beats) every(o *app.Options) {
	o.Every = func(d time.Duration) (<-chan time.Time, func()) {
		if d == 2*time.Second {
			return b, func() {}
		}
		return nil, func() {}
	}
}

// beat returns once the server has looked.
func (b beats) beat() {
	b <- time.Now()
	b <- time.Now() // the first one is worked off
}

// text reads a page of a server.
func (s *server) text(t *testing.T, path string) (code int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.app.HTTPAddr()+path, http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

// requireReady checks what a server is ready for, by all ways of asking.
func (s *server) requireReady(t *testing.T, purposes ...string) {
	t.Helper()
	conn, err := grpc.NewClient(s.app.GRPCAddr(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	for _, p := range []string{"intake", "gate", "review", ""} {
		is := p == "" && len(purposes) == 3
		for _, ready := range purposes {
			is = is || p == ready
		}
		code, text := s.text(t, strings.TrimSuffix("/readyz/"+p, "/"))
		health, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{Service: p})
		require.NoError(t, err)
		if is {
			require.Equal(t, http.StatusOK, code, "%s: %s", p, text)
			require.Equal(t, healthpb.HealthCheckResponse_SERVING, health.GetStatus(), p)
			continue
		}
		require.Equal(t, http.StatusServiceUnavailable, code, "%s: %s", p, text)
		require.NotEmpty(t, text, "it says why")
		require.Equal(t, healthpb.HealthCheckResponse_NOT_SERVING, health.GetStatus(), p)
	}
}

func requireStatus(t *testing.T, err error, code codes.Code, reason string) {
	t.Helper()
	require.Equal(t, code, status.Code(err), "%v", err)
	require.Equal(t, reason, apitest.Reason(err), "%v", err)
}

// report reports a call that nobody answered.
func (s *server) report(t *testing.T, id string) error {
	t.Helper()
	_, err := s.Calls.ReportCall(t.Context(), &pb.ReportCallRequest{
		Call: apitest.Unanswered(id, "13800138000", time.Now())})
	return err
}

func (s *server) reserve(t *testing.T, id string) error {
	t.Helper()
	_, err := s.Reserve(t.Context(), id, "13800138000")
	return err
}

func (s *server) allowed(t *testing.T, number string) bool {
	t.Helper()
	return s.Ask(t, number).GetAllowed()
}

// full is a disk that a test fills.
type full struct{ atomic.Int64 }

func (f *full) of(o *app.Options) {
	f.Store(500 << 20)
	o.SpaceOf = func(string) (disk.Space, error) {
		return disk.Space{Size: 1 << 30, Free: f.Load()}, nil
	}
}

// Audio must not take what decisions, reports and reservations need.
func TestUploadsStopBeforeTheDiskIsFull(t *testing.T) {
	t.Parallel()
	space, look := &full{}, make(beats)
	cfg := testConfig(t.TempDir())
	cfg.Disk.ReserveMiB = config.BySize
	cfg.Gate.GRPC = "127.0.0.1:0"
	s := start(t, cfg, space.of, look.every)
	look.beat()
	s.requireReady(t, "intake", "gate", "review")
	atGate, _ := s.app.GateAddrs()
	gate := healthpb.NewHealthClient(dial(t, atGate).Conn)
	requireGate := func() {
		t.Helper()
		for _, name := range []string{"", "gate"} {
			h, err := gate.Check(t.Context(), &healthpb.HealthCheckRequest{Service: name})
			require.NoError(t, err)
			require.Equal(t, healthpb.HealthCheckResponse_SERVING, h.GetStatus(), "%q", name)
		}
	}
	requireGate()
	wav := sample(t, refusalSample)
	upload := func(id string) error {
		_, err := s.Upload(t.Context(), &pb.RecordingMetadata{CallId: id, Number: "13800138000",
			CustomerChannel: pb.Channel_CHANNEL_RIGHT, Sha256: apitest.Sum(wav)}, bytes.NewReader(wav))
		return err
	}
	require.NoError(t, upload("a"))

	space.Store(50 << 20)
	look.beat()
	requireGate()
	err := upload("b")
	requireStatus(t, err, codes.ResourceExhausted, "DISK_FULL")
	require.ErrorContains(t, err, "disk is full")
	require.ErrorContains(t, err, "free space")
	require.NoError(t, upload("a"), "what is there already is known all the same")
	code, _ := rest(t, "POST", "http://"+s.app.HTTPAddr()+"/v1/recordings?call_id=c&number=13800138000&customer_channel=right",
		"", string(wav))
	require.Equal(t, http.StatusInsufficientStorage, code)
	require.NoError(t, s.report(t, "r1"))
	require.NoError(t, s.reserve(t, "r2"))
	s.requireReady(t, "gate", "review")
	code, text := s.text(t, "/readyz/intake")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Contains(t, text, "disk is full")
	code, text = s.text(t, "/readyz/nothing")
	require.Equal(t, http.StatusNotFound, code)
	require.Contains(t, text, "/readyz/intake, /readyz/gate, /readyz/review")

	space.Store(500 << 20)
	look.beat()
	require.NoError(t, upload("b"))
	s.requireReady(t, "intake", "gate", "review")
}

// Uploads that grow while the disk fills are refused in their midst.
func TestUploadStopsInItsMidst(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	cfg.Disk.ReserveMiB = 10
	space := &full{}
	s := start(t, cfg, make(beats).every, space.of, func(o *app.Options) {
		o.SpaceOf = func(string) (disk.Space, error) { // whoever asks is about to write
			return disk.Space{Size: 1 << 30, Free: space.Add(-256 << 10)}, nil
		}
	})
	space.Store(11 << 20)
	wav := call(t, 1, time.Minute) // of some 1.9 MB
	_, err := s.Upload(t.Context(), &pb.RecordingMetadata{CallId: "a", Number: "13800138000",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT}, bytes.NewReader(wav))
	requireStatus(t, err, codes.ResourceExhausted, "DISK_FULL")
	files, err := os.ReadDir(in(cfg.Data, "audio/tmp"))
	require.NoError(t, err)
	require.Empty(t, files, "nothing of it is left")
}

// A removed database takes nothing any more, and the gate answers from memory.
func TestGateGoesOnWithoutADatabase(t *testing.T) {
	t.Parallel()
	look := make(beats)
	cfg := testConfig(t.TempDir())
	s := start(t, cfg, look.every)
	s.freezeAll(t, "13900000001")
	db := in(cfg.Data, "refrain.db")
	require.NoError(t, os.Rename(db, db+".away"))
	look.beat()
	require.False(t, s.allowed(t, "13900000001"))
	requireStatus(t, s.report(t, "a"), codes.Unavailable, "DATABASE_GONE")
	requireStatus(t, s.reserve(t, "b"), codes.Unavailable, "DATABASE_GONE")
	s.requireReady(t, "gate")
	_, text := s.text(t, "/readyz/gate")
	require.Contains(t, text, "warning: checks are answered from memory")
	require.NoError(t, os.Rename(db+".away", db))
	require.NoError(t, s.report(t, "a"))
	look.beat()
	s.requireReady(t, "intake", "gate", "review")
}

// Another program that holds the database keeps nobody waiting for long, nor from asking.
func TestGateGoesOnWhileAnotherProgramHoldsTheDatabase(t *testing.T) {
	t.Parallel()
	look := make(beats)
	cfg := testConfig(t.TempDir())
	s := start(t, cfg, look.every)
	s.freezeAll(t, "13900000001")
	pool, err := sql.Open("sqlite", "file:"+in(cfg.Data, "refrain.db")+"?_txlock=immediate&_busy_timeout=60000")
	require.NoError(t, err)
	defer func() { require.NoError(t, pool.Close()) }()
	holds, err := pool.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	err = s.reserve(t, "a")
	requireStatus(t, err, codes.Unavailable, "DATABASE_LOCKED")
	require.ErrorContains(t, err, "another program")
	require.False(t, s.allowed(t, "13900000001"))
	look.beat()
	s.requireReady(t, "gate")
	require.NoError(t, holds.Rollback())
	require.Eventually(t, func() bool { return s.reserve(t, "a") == nil }, time.Minute, 50*time.Millisecond)
	look.beat()
	s.requireReady(t, "intake", "gate", "review")
}

// The directory of audio may go, too.
func TestAudioDirectoryIsGone(t *testing.T) {
	t.Parallel()
	look := make(beats)
	cfg := testConfig(t.TempDir())
	s := start(t, cfg, look.every)
	require.NoError(t, os.RemoveAll(in(cfg.Data, "audio")))
	wav := sample(t, refusalSample)
	_, err := s.Upload(t.Context(), &pb.RecordingMetadata{CallId: "a", Number: "13800138000",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT}, bytes.NewReader(wav))
	requireStatus(t, err, codes.Unavailable, "AUDIO_DIRECTORY_GONE")
	look.beat()
	s.requireReady(t, "gate", "review")
}

// mount makes a file system of the test's own, and returns what mounts it anew with options.
func mount(t *testing.T, size string) (dir string, remount func(options string)) {
	t.Helper()
	dir = t.TempDir()
	run := func(args ...string) error {
		out, err := exec.CommandContext(t.Context(), "mount", args...).CombinedOutput()
		t.Log(string(out))
		return err
	}
	if os.Getuid() != 0 || run("-t", "tmpfs", "-o", "size="+size, "tmpfs", dir) != nil {
		t.Skip("SKIPPED: only root can mount a small file system, and not everywhere")
	}
	t.Cleanup(func() {
		require.NoError(t, exec.Command("umount", "-l", dir).Run())
	})
	return dir, func(options string) { require.NoError(t, run("-o", "remount,"+options, dir)) }
}

// fillDisk takes what is left of a disk.
func fillDisk(t *testing.T, dir string) (name string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	require.NoError(t, err)
	for _, size := range []int{1 << 16, 4096, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	require.NoError(t, f.Close())
	return f.Name()
}

// killedOn makes a data directory with a freeze whose log holds what its database doesn't.
func killedOn(t *testing.T, dir string) {
	t.Helper()
	// with its permissions, which a start looks at
	require.NoError(t, exec.CommandContext(t.Context(), "cp", "-a", killed(t), dir).Run())
}

// Nothing but reading is needed to say whom not to call.
func TestGateStartsWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, dir string, remount func(string)){
		"read-only": func(_ *testing.T, _ string, remount func(string)) { remount("ro") },
		"full and without its files": func(t *testing.T, dir string, _ func(string)) {
			t.Helper()
			fillDisk(t, dir)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			top, remount := mount(t, "64m")
			dir := filepath.Join(top, "data")
			killedOn(t, dir)
			require.NoError(t, os.Remove(in(dir, "directory.json"))) // which a start would write
			spoil(t, top, remount)
			log, look := newLogbook(), make(beats)
			s := start(t, testConfig(dir), logTo(log), look.every)
			log.Wait(t, 1, "level=ERROR", "the server answers checks alone")
			require.False(t, s.allowed(t, frozenLast[0]), "what its log has counts")
			require.True(t, s.allowed(t, "13900009999"))
			for _, err := range []error{s.report(t, "a"), s.reserve(t, "b")} {
				require.Error(t, err)
				require.ErrorContains(t, err, "answers checks alone")
			}
			look.beat()
			s.requireReady(t, "gate")
		})
	}
}

// Something else fills the disk: the ballast is given up, and all that matters goes on.
func TestBallastKeepsTheServerGoing(t *testing.T) {
	t.Parallel()
	top, _ := mount(t, "64m")
	cfg := testConfig(filepath.Join(top, "data"))
	cfg.Disk.ReserveMiB, cfg.Disk.BallastMiB = config.BySize, config.BySize
	look := make(beats)
	s := start(t, cfg, look.every)
	look.beat()
	require.FileExists(t, in(cfg.Data, "ballast"))
	filler := fillDisk(t, top)
	for _, id := range []string{"a", "b", "c"} {
		require.NoError(t, s.report(t, id))
		require.NoError(t, s.reserve(t, "r"+id))
	}
	s.freezeAll(t, "13900000001")
	require.NoFileExists(t, in(cfg.Data, "ballast"))
	look.beat()
	s.requireReady(t, "gate", "review")
	require.NoError(t, os.Remove(filler))
	look.beat()
	require.FileExists(t, in(cfg.Data, "ballast"))
	s.requireReady(t, "intake", "gate", "review")
}

// Without ballast there is a moment at which nothing more can be kept; what is said then is
// true, and it passes.
func TestDiskIsFullToTheLastByte(t *testing.T) {
	t.Parallel()
	top, _ := mount(t, "64m")
	cfg := testConfig(filepath.Join(top, "data"))
	look := make(beats)
	s := start(t, cfg, look.every)
	filler := fillDisk(t, top)
	var err error
	for i := 0; err == nil && i < 5000; i++ { // what the log has of room is used up
		err = s.report(t, "call-"+strconv.Itoa(i))
	}
	requireStatus(t, err, codes.Unavailable, "DISK_FULL")
	look.beat()
	require.Eventually(t, func() bool { // smaller things of the server's own may find room for once
		_ = s.report(t, "more")
		all, _ := s.text(t, "/readyz")
		gate, _ := s.text(t, "/readyz/gate")
		return all == http.StatusServiceUnavailable && gate == http.StatusOK
	}, time.Minute, 10*time.Millisecond)
	require.True(t, s.allowed(t, "13900009999"))
	require.NoError(t, os.Remove(filler))
	look.beat()
	require.NoError(t, s.report(t, "again"))
	s.requireReady(t, "intake", "gate", "review")
}

// A server that answered checks alone and was killed left all numbers in its copy of the database.
func TestCopiesOfBeforeAreRemoved(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	start(t, testConfig(dir)).stop()
	var copies []string
	for _, of := range []string{dir, other} {
		prefix, err := app.CopyPrefix(of)
		require.NoError(t, err)
		left, err := os.MkdirTemp("", prefix+"*") //nolint:usetesting // where a server looks for it
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, os.RemoveAll(left)) })
		require.NoError(t, os.WriteFile(filepath.Join(left, "refrain.db"), []byte("13800138000"), 0o600))
		copies = append(copies, left)
	}
	start(t, testConfig(dir))
	require.NoDirExists(t, copies[0])
	require.DirExists(t, copies[1], "another directory's server may run")
}
