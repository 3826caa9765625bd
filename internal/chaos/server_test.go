package chaos_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/refrain-asr/refrain/internal/apitest"
)

// startPatience is how long a server may take to start, on a busy machine.
const startPatience = 2 * time.Minute

// server is one in a process of its own.
type server struct {
	*apitest.Clients
	grpc, http string // its addresses
	// dial is how clients reach it.
	dial []grpc.DialOption
	// key is shown with requests over HTTP; "" for none.
	key bearer
	cmd *exec.Cmd
	in  io.WriteCloser
	log *logTail
	// gone is closed when the process has ended, with failure; asked tells that it should.
	gone    chan struct{}
	failure error
	asked   atomic.Bool
}

// logTail keeps the end of what a program writes, and what must never be in it.
type logTail struct {
	mu    sync.Mutex
	lines []string
	bad   []string
}

// kept is how many lines of a log are shown where something went wrong.
const kept = 60

func (l *logTail) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	if len(l.lines) > 2*kept {
		l.lines = slices.Clone(l.lines[kept:])
	}
	if strings.Contains(line, "DATA RACE") || strings.HasPrefix(line, "panic:") ||
		strings.HasPrefix(line, "fatal error:") || strings.HasPrefix(line, "SIG") {
		l.bad = append(l.bad, line)
	}
}

func (l *logTail) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines[max(0, len(l.lines)-kept):], "\n")
}

// refrain is the program with arguments, its clock off by so much.
func refrain(ctx context.Context, off time.Duration, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(os.Environ(), clockEnv+"="+strconv.FormatInt(int64(off), 10),
		"REFRAIN_SPEECH_MODEL=demo", "REFRAIN_REVIEW_BLIND_SHARE=0", "REFRAIN_REVIEW_SECOND_SHARE=0",
		"REFRAIN_GRPC_ADDRESS=127.0.0.1:0", "REFRAIN_HTTP_ADDRESS=127.0.0.1:0",
		"REFRAIN_SHUTDOWN_GRACE=2s")
	return cmd, nil
}

// run carries a command out, and gives what it said.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startPatience)
	defer cancel()
	cmd, err := refrain(ctx, 0, args...)
	if err != nil {
		return "", err
	}
	in, err := cmd.StdinPipe() // its end would end the program
	if err != nil {
		return "", err
	}
	defer func() { _ = in.Close() }()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

var serving = regexp.MustCompile(`msg="(?:refrain|the gate|the worker) is (?:serving|hearing)" (?:grpc=(\S+) )?http=(\S+)`)

// launch starts a server; it is up when ready gets its addresses, and never where that is
// closed.
func launch(t *testing.T, dir string, off time.Duration) (*server, <-chan []string, error) {
	t.Helper()
	cmd, err := refrain(context.Background(), off, "serve", "--data", dir)
	if err != nil {
		return nil, nil, err
	}
	return launchCmd(t, cmd)
}

func launchCmd(t *testing.T, cmd *exec.Cmd) (*server, <-chan []string, error) {
	t.Helper()
	var err error
	s := &server{cmd: cmd, log: &logTail{}, gone: make(chan struct{})}
	if s.in, err = cmd.StdinPipe(); err != nil {
		return nil, nil, err
	}
	out, err := cmd.StderrPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	t.Cleanup(s.kill)
	ready := make(chan []string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			s.log.add(lines.Text())
			if m := serving.FindStringSubmatch(lines.Text()); m != nil {
				ready <- m[1:]
			}
		}
		s.failure = cmd.Wait()
		close(ready)
		close(s.gone)
	}()
	return s, ready, nil
}

// start starts a server that must come up.
func start(t *testing.T, dir string, off time.Duration) (*server, error) {
	t.Helper()
	s, ready, err := launch(t, dir, off)
	if err != nil {
		return nil, err
	}
	return s.up(t, ready)
}

// up waits until the server is.
func (s *server) up(t *testing.T, ready <-chan []string) (*server, error) {
	t.Helper()
	select {
	case addresses, ok := <-ready:
		if !ok {
			return nil, fmt.Errorf("the server did not start: %w\n%s", s.failure, s.log.text())
		}
		s.grpc, s.http = addresses[0], addresses[1]
		if s.grpc != "" { // a worker answers nobody
			s.Clients = apitest.Dial(t, s.grpc, s.dial...)
		}
		return s, nil
	case <-time.After(startPatience):
		s.kill()
		return nil, errors.New("the server did not start in time\n" + s.log.text())
	}
}

// kill ends the server without any warning.
func (s *server) kill() { s.end(syscall.SIGKILL) }

// stop ends it in good order; it must say that all is well.
func (s *server) stop() error {
	s.end(syscall.SIGTERM)
	if s.failure != nil {
		return fmt.Errorf("the server did not stop well: %w\n%s", s.failure, s.log.text())
	}
	return nil
}

func (s *server) end(sig syscall.Signal) {
	if !s.asked.Swap(true) {
		children := s.children()
		s.signal(sig)
		s.signal(syscall.SIGCONT)
		for _, pid := range children { // a stopped one could not even end
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	}
	select {
	case <-s.gone:
	case <-time.After(startPatience):
		_ = s.cmd.Process.Kill()
		<-s.gone
	}
	_ = s.in.Close()
	if s.Clients != nil {
		_ = s.Conn.Close()
	}
}

// signal is for a moment's stop.
func (s *server) signal(sig syscall.Signal) { _ = s.cmd.Process.Signal(sig) }

// setClock sets the clock by which the server goes.
func (s *server) setClock(off time.Duration) error {
	_, err := fmt.Fprintln(s.in, int64(off))
	return err
}

// children are the processes that the server started.
func (s *server) children() []int {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.cmd.Process.Pid))
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
