package main

import (
	"bufio"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// freeAddress is where nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// served is a server as the program starts it, and whether it is ready.
type served struct {
	*exec.Cmd
	ready func() bool
	ended chan error
}

// serveTo starts the program as a server, which says what it says to one file.
func serveTo(t *testing.T, says *os.File) served {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	address := freeAddress(t)
	s := served{Cmd: exec.Command(self, "serve", "--data", filepath.Join(t.TempDir(), "data"), "--model", "demo",
		"--grpc", "127.0.0.1:0", "--http", address), ended: make(chan error, 1)}
	s.Env = append(os.Environ(), asProgram+"=1")
	s.Stdout, s.Stderr = says, says
	require.NoError(t, s.Start())
	go func() { s.ended <- s.Wait() }()
	t.Cleanup(func() { _ = s.Process.Kill() })
	s.ready = func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/readyz", http.NoBody)
		if err != nil {
			return false
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
	}
	require.Eventually(t, s.ready, time.Minute, 20*time.Millisecond)
	return s
}

// full is the writing end of a pipe whose reader has stopped: it takes nothing any more.
func full(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close(); _ = w.Close() })
	require.NoError(t, w.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
	for err == nil {
		_, err = w.Write(make([]byte, 4096))
	}
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, w.SetWriteDeadline(time.Time{}))
	return w
}

// closed is the writing end of a pipe whose reader has ended.
func closed(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.Close() })
	require.NoError(t, r.Close())
	return w
}

// A server serves, whatever becomes of whoever reads its log, and stops in good order.
func TestServerOutlivesItsLogsReader(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]func(*testing.T) *os.File{"stopped": full, "ended": closed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serveTo(t, says(t))
			for range 20 { // each is logged
				require.NoError(t, s.Process.Signal(syscall.SIGHUP))
				require.True(t, s.ready())
			}
			require.NoError(t, s.Process.Signal(syscall.SIGTERM))
			require.NoError(t, <-s.ended)
		})
	}
}

func TestHangupIsIgnored(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = r.Close() }()
	s := serveTo(t, w)
	require.NoError(t, w.Close())
	require.NoError(t, s.Process.Signal(syscall.SIGHUP))
	log := bufio.NewScanner(r)
	told := false
	for !told && log.Scan() {
		told = strings.Contains(log.Text(), "SIGHUP is ignored")
	}
	require.True(t, told)
	require.True(t, s.ready())
	require.NoError(t, s.Process.Signal(syscall.SIGTERM))
	for log.Scan() {
		told = strings.Contains(log.Text(), "refrain has stopped")
	}
	require.True(t, told, "the last line is written before the end")
	require.NoError(t, <-s.ended)
}

// A start that fails tells nobody who has stopped reading, and ends.
func TestFailedStartWaitsForNoReader(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, "serve", "--data", t.TempDir(), "--model", "no-such-file.bin", "--grpc",
		"127.0.0.1:0", "--http", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stderr = full(t)
	var ended *exec.ExitError
	require.ErrorAs(t, cmd.Run(), &ended)
	require.Equal(t, 1, ended.ExitCode(), "%v", ended)
}
