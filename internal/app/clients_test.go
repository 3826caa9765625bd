package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// clientsEnv says for how long 64 clients are to be borne: scripts/clients.sh sets it.
const clientsEnv = "REFRAIN_TEST_CLIENTS"

// Of 64 clients a quarter each sends uploads that stall, holds connections without a word, sends
// lists of 7.7 MiB, and asks the gate. The server's memory and the gate's answers must stay what
// docs/operations.md says.
func TestClients(t *testing.T) {
	text := os.Getenv(clientsEnv)
	if text == "" {
		t.Skip("scripts/clients.sh runs it")
	}
	last, err := time.ParseDuration(text)
	require.NoError(t, err)
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), serveEnv+"="+t.TempDir(), clientsEnv+"=")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = t.Output()
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
	})
	var overGRPC, overHTTP string
	_, err = fmt.Fscan(out, &overGRPC, &overHTTP)
	require.NoError(t, err)
	l := &crowd{grpc: overGRPC, http: overHTTP}

	const quarter = 16
	idle := l.checks(t.Context(), t, quarter, min(last/4, 20*time.Second))
	ctx, cancel := context.WithTimeout(t.Context(), last)
	defer cancel()
	var wg sync.WaitGroup
	for range quarter {
		wg.Go(func() { l.stall(ctx, t) })
		wg.Go(func() { l.hold(ctx) })
		wg.Go(func() { l.list(ctx) })
	}
	most := 0
	wg.Go(func() {
		for ctx.Err() == nil {
			most = max(most, residentKiB(t, cmd.Process.Pid))
			pause(ctx, 100*time.Millisecond)
		}
	})
	busy := l.checks(ctx, t, quarter, last)
	wg.Wait()
	t.Logf("checks alone: %v", idle)
	t.Logf("checks beside the others: %v", busy)
	t.Logf("lists: %d refused, %d broken off; uploads begun: %d; idle connections opened: %d", l.refused.Load(),
		l.broken.Load(), l.uploads.Load(), l.held.Load())
	t.Logf("most memory of the server: %d MiB", most>>10)
	require.Zero(t, idle.failed+busy.failed, "every check is answered")
	require.NotZero(t, l.refused.Load())
	require.Less(t, most>>10, 512)
	require.LessOrEqual(t, busy.p99, 10*idle.p99)
}

// crowd is what clients do to a server.
type crowd struct {
	grpc, http                     string
	refused, broken, uploads, held atomic.Int64
}

// latencies are those of checks.
type latencies struct {
	n, failed     int
	p50, p99, max time.Duration
}

func (l latencies) String() string {
	return fmt.Sprintf("%d, of which %d failed; p50 %s, p99 %s, max %s", l.n, l.failed, l.p50, l.p99, l.max)
}

// checks asks without a pause, each client one question at a time.
func (l *crowd) checks(ctx context.Context, t *testing.T, clients int, d time.Duration) latencies {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var mu sync.Mutex
	var took []time.Duration
	var out latencies
	var wg sync.WaitGroup
	for i := range clients {
		c := dial(t, l.grpc)
		wg.Go(func() {
			var own []time.Duration
			failed := 0
			for ctx.Err() == nil {
				began := time.Now()
				_, err := c.Gate.CheckNumber(context.WithoutCancel(ctx),
					&pb.CheckNumberRequest{Number: fmt.Sprintf("138001%05d", i)})
				own = append(own, time.Since(began))
				if err != nil {
					failed++
				}
				pause(ctx, 5*time.Millisecond)
			}
			mu.Lock()
			defer mu.Unlock()
			took, out.failed = append(took, own...), out.failed+failed
		})
	}
	wg.Wait()
	slices.Sort(took)
	out.n, out.p50, out.p99, out.max = len(took), took[len(took)/2], took[len(took)*99/100], took[len(took)-1]
	return out
}

// stall begins uploads, over gRPC and over HTTP, and says no more; up to 100 at a time.
func (l *crowd) stall(ctx context.Context, t *testing.T) {
	c := dial(t, l.grpc)
	const atOnce = 50
	for ctx.Err() == nil {
		turn, cancel := context.WithTimeout(ctx, 20*time.Second)
		for i := range atOnce {
			l.uploads.Add(2)
			if stream, err := c.Recordings.UploadRecording(turn); err == nil {
				_ = stream.Send(&pb.UploadRecordingRequest{Payload: &pb.UploadRecordingRequest_Metadata{
					Metadata: &pb.RecordingMetadata{CallId: strconv.Itoa(i), Number: "13800138000"}}})
				_ = stream.Send(&pb.UploadRecordingRequest{Payload: &pb.UploadRecordingRequest_Chunk{Chunk: []byte("RIFF")}})
			}
			l.say(turn, "POST /v1/recordings?call_id=x&number=13800138000 HTTP/1.1\r\nHost: localhost\r\n"+
				"Content-Length: 1000000\r\n\r\nRIFF")
		}
		<-turn.Done()
		cancel()
	}
}

// hold opens connections that say nothing, or half of a request; up to 50 at a time.
func (l *crowd) hold(ctx context.Context) {
	for ctx.Err() == nil {
		turn, cancel := context.WithTimeout(ctx, 20*time.Second)
		for range 25 {
			l.held.Add(2)
			l.say(turn, "")
			l.say(turn, "POST /v1/calls HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
		}
		<-turn.Done()
		cancel()
	}
}

// say writes to a connection of HTTP that is closed when ctx ends.
func (l *crowd) say(ctx context.Context, text string) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", l.http)
	if err != nil {
		return
	}
	context.AfterFunc(ctx, func() { _ = c.Close() })
	_, _ = io.WriteString(c, text)
}

// list sends lists of 2.7 million empty calls.
func (l *crowd) list(ctx context.Context) {
	body := append(append([]byte(`{"calls":[`), bytes.Repeat([]byte(`{},`), 2_700_000)...), "{}]}"...)
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+l.http+"/v1/calls:batchReport",
			bytes.NewReader(body))
		if err != nil {
			return
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		switch {
		case err != nil:
			l.broken.Add(1)
		case resp.StatusCode == http.StatusRequestEntityTooLarge:
			l.refused.Add(1)
		}
		pause(ctx, 100*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// residentKiB is how much memory a process has.
func residentKiB(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(t, err)
	return n
}
