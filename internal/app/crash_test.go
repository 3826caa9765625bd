package app_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app/apptest"
	"github.com/refrain-asr/refrain/internal/testcall"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// process is a server in a process of its own, which can be killed.
type process struct {
	cmd *exec.Cmd
	*clients
	// grpc and http are its addresses.
	grpc, http string
}

func spawn(t testing.TB, dir string, env ...string) *process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	if !slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, databaseEnv+"=") }) {
		apptest.Tables(t, testConfig(dir))
	}
	cmd := exec.Command(self)
	cmd.Env = append(append(os.Environ(), serveEnv+"="+dir), env...)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_, _ = cmd.Process.Wait()
	})
	said := bufio.NewReader(out)
	var addresses [2]string
	for i := range addresses {
		line, err := said.ReadString('\n')
		require.NoError(t, err, "the server did not start")
		addresses[i] = strings.TrimSpace(line)
	}
	return &process{cmd, dial(t, addresses[0]), addresses[0], addresses[1]}
}

// kill ends the server without any warning.
func (p *process) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGKILL))
	_, _ = p.cmd.Process.Wait()
	_ = p.Conn.Close()
}

// running waits until one of the server's recordings is being transcribed.
func (c *clients) running(ctx context.Context, t testing.TB, name string) {
	t.Helper()
	stream, err := c.Recordings.WatchRecording(ctx, &pb.WatchRecordingRequest{Name: name})
	require.NoError(t, err)
	for {
		m, err := stream.Recv()
		require.NoError(t, err)
		if m.GetRecording().GetState() == pb.Recording_STATE_RUNNING {
			return
		}
		require.Equal(t, pb.Recording_STATE_QUEUED, m.GetRecording().GetState(),
			"it was not seen running")
	}
}

func call(tb testing.TB, seed uint64, length time.Duration) []byte {
	tb.Helper()
	wav, err := testcall.Make(seed, length)
	require.NoError(tb, err)
	return wav
}

func meta(id int) *pb.RecordingMetadata {
	return &pb.RecordingMetadata{CallId: fmt.Sprintf("call-%d", id),
		Number: fmt.Sprintf("1380013%04d", 8000+id), CustomerChannel: pb.Channel_CHANNEL_RIGHT}
}

// A server that is killed in the middle of an upload and of jobs loses nothing that
// it acknowledged, and keeps nothing that it did not.
func TestKillDuringUploadAndJobs(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	p := spawn(t, dir)
	const calls = 4
	var names []string
	for i := range calls {
		resp, err := p.Upload(ctx, meta(i), bytes.NewReader(call(t, uint64(i), 40*time.Second)))
		require.NoError(t, err)
		names = append(names, resp.GetRecording().GetName())
	}
	half, err := p.Recordings.UploadRecording(ctx)
	require.NoError(t, err)
	begin := &pb.UploadRecordingRequest_Metadata{Metadata: meta(99)}
	require.NoError(t, half.Send(&pb.UploadRecordingRequest{Payload: begin}))
	wav := call(t, 99, 40*time.Second)
	part := &pb.UploadRecordingRequest_Chunk{Chunk: wav[:len(wav)/2]}
	require.NoError(t, half.Send(&pb.UploadRecordingRequest{Payload: part}))
	p.running(ctx, t, names[calls-1])
	p.kill(t)

	p = spawn(t, dir)
	for _, name := range names {
		rec := p.final(ctx, t, name)
		require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
	}
	list, err := p.Recordings.ListRecordings(ctx, &pb.ListRecordingsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetRecordings(), calls, "the unacknowledged upload left a trace")
	suspects, err := p.Review.ListSuspects(ctx, &pb.ListSuspectsRequest{})
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, x := range suspects.GetSuspects() {
		require.False(t, seen[x.GetRecording()], "processed twice")
		seen[x.GetRecording()] = true
	}
	require.Equal(t, calls, countFiles(t, filepath.Join(dir, "audio")))
}

func countFiles(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	require.NoError(t, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			n++
		}
		return err
	}))
	return n
}

// children lists the processes that a process started.
func children(pid int) []int {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var out []int
	for _, task := range tasks {
		b, _ := os.ReadFile(task)
		for f := range strings.FieldsSeq(string(b)) {
			if n, err := strconv.Atoi(f); err == nil {
				out = append(out, n)
			}
		}
	}
	return out
}

// busyTicks is the processor time, in hundredths of a second, after which a speech
// process is surely past loading the demo model, and hearing.
const busyTicks = 60

// worked is how much processor time a process has used, in hundredths of a second.
func worked(pid int) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return user + system
}

// killBusy kills every speech process of the server that is hearing, until ctx ends.
func killBusy(ctx context.Context, server int) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, pid := range children(server) {
			if worked(pid) > busyTicks {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
}

// The speech process is killed whenever it hears a call: the server lives on, and
// parks the recording with its reason. Left alone, the next one is heard.
func TestKillSpeechProcess(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/task"); err != nil {
		t.Skip("SKIPPED: children are found through /proc, which is not there")
	}
	ctx := t.Context()
	p := spawn(t, t.TempDir())
	killing, spare := context.WithCancel(ctx)
	defer spare()
	var wg sync.WaitGroup
	wg.Go(func() { killBusy(killing, p.cmd.Process.Pid) })
	rec := p.send(ctx, t, meta(1), call(t, 1, 5*time.Minute))
	require.Equal(t, pb.Recording_STATE_PARKED, rec.GetState())
	require.Equal(t, "SPEECH_PROCESS_DIED", rec.GetError().GetReason())
	require.Contains(t, rec.GetError().GetMessage(), "signal: killed")
	require.EqualValues(t, 3, rec.GetAttempts())
	spare()
	wg.Wait()

	rec = p.send(ctx, t, meta(2), sample(t, refusalSample))
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
	require.True(t, rec.GetJudgement().GetSuspect())
}

// A model that whisper.cpp can't load does not stop the server: recordings are taken
// in and parked with the reason, and freezes and the gate work.
func TestBrokenModel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	model, err := os.ReadFile(testcall.ModelPath())
	require.NoError(t, err)
	cfg := testConfig(dir)
	cfg.Speech.Model = filepath.Join(dir, "ggml-broken.bin")
	require.NoError(t, os.WriteFile(cfg.Speech.Model, model[:len(model)*2/3], 0o600))
	s := start(t, cfg)
	rec := s.send(t.Context(), t, meta(1), sample(t, refusalSample))
	require.Equal(t, pb.Recording_STATE_PARKED, rec.GetState())
	require.Equal(t, "SPEECH_FAILED", rec.GetError().GetReason())
	require.Contains(t, rec.GetError().GetMessage(), "ggml-broken.bin")
	require.Equal(t, []bool{true}, s.AskAll(t, "13800138000"))
	require.NoError(t, s.stop())

	cfg.Speech.Model = "demo"
	s = start(t, cfg)
	rec = s.final(t.Context(), t, rec.GetName())
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(),
		"a start with a good model takes up what a bad one could not hear")
}

// A second server on the same data directory is refused with the owner's pid.
func TestDataDirectoryHasOneServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := spawn(t, dir)
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), serveEnv+"="+dir)
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), fmt.Sprintf("in use by process %d", p.cmd.Process.Pid))
}
