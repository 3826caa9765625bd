package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// reader is what reads a log: it can stop, and end.
type reader struct {
	gate sync.Mutex // held while it has stopped
	mu   sync.Mutex
	got  bytes.Buffer
	dead error
}

func (r *reader) Write(b []byte) (int, error) {
	r.gate.Lock()
	defer r.gate.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dead != nil {
		return 0, r.dead
	}
	return r.got.Write(b)
}

func (r *reader) die(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dead = err
}

func (r *reader) lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Split(strings.TrimSuffix(r.got.String(), "\n"), "\n")
}

const long = time.Minute // never waited for in full where all is well

func TestStoppedReaderIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	var r reader
	logger, w, err := newLogger(&r, "json", "info")
	require.NoError(t, err)
	r.gate.Lock()
	const n = 40_000
	text := strings.Repeat("x", 100)
	for i := range n {
		// Where one is lost, a shorter one may still find room behind it.
		logger.Info("x", "i", i, "text", text[i%7:])
	}
	w.flush(0) // whoever ends now doesn't wait for it either
	r.gate.Unlock()
	w.flush(long)
	lines := r.lines()
	next, lost := 0, 0
	for _, text := range lines { // each line is there, in order, or counted where it is missing
		var line struct {
			Level, Msg string
			I, Lines   int
		}
		require.NoError(t, json.Unmarshal([]byte(text), &line))
		if line.Level == "ERROR" {
			require.Contains(t, line.Msg, "lost")
			next += line.Lines
			lost += line.Lines
			continue
		}
		require.Equal(t, next, line.I)
		next++
	}
	require.Equal(t, n, next)
	require.Greater(t, lost, n/4)
	require.Greater(t, len(lines), n/4)

	logger.Info("afterwards")
	w.flush(long)
	require.Len(t, r.lines(), len(lines)+1, "it is told once")
	require.Zero(t, w.bytes)
}

func TestLossIsToldWhereItHappened(t *testing.T) {
	t.Parallel()
	var r reader
	logger, w, err := newLogger(&r, "text", "info")
	require.NoError(t, err)
	logger.Info("first")
	w.flush(long)
	r.die(syscall.EPIPE)
	for range 3 {
		logger.Info("unheard")
		w.flush(long)
	}
	r.die(nil)
	logger.Info("second")
	w.flush(long)
	lines := r.lines()
	require.Len(t, lines, 3)
	require.Contains(t, lines[0], "first")
	require.Contains(t, lines[1], "level=ERROR")
	require.Contains(t, lines[1], "lines=3")
	require.Contains(t, lines[2], "second")
}

func TestLastWordsAreWrittenBeforeTheEnd(t *testing.T) {
	t.Parallel()
	var r reader
	_, w, err := newLogger(&r, "text", "info")
	require.NoError(t, err)
	n, err := fmt.Fprintln(lastWriter{w}, "refrain: it failed")
	require.NoError(t, err)
	require.Equal(t, 19, n)
	require.Equal(t, []string{"refrain: it failed"}, r.lines())
	r.die(errors.New("no space left on device"))
	_, err = fmt.Fprintln(lastWriter{w}, "again")
	require.NoError(t, err)
}

func TestNoisyLoggersAtOnce(t *testing.T) {
	t.Parallel()
	var r reader
	logger, w, err := newLogger(&r, "text", "info")
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				logger.Info("x")
			}
		})
	}
	wg.Wait()
	w.flush(long)
	require.Len(t, r.lines(), 8*500)
}

// A FIFO is opened by the shell that redirects to it; then its reader is away, comes, and fills.
func TestFIFO(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	both, err := os.OpenFile(path, os.O_RDWR, 0) // neither end waits for the other then
	require.NoError(t, err)
	defer func() { _ = both.Close() }()
	logger, w, err := newLogger(both, "text", "info")
	require.NoError(t, err)
	const n = 2000 // of more than a pipe holds
	for range n {
		logger.Info("x", "text", strings.Repeat("x", 100))
	}
	read := 0
	in := io.Reader(both)
	buf := make([]byte, 1<<16)
	for read < n {
		got, err := in.Read(buf)
		require.NoError(t, err)
		read += bytes.Count(buf[:got], []byte{'\n'})
	}
	w.flush(long)
	require.Equal(t, n, read)
}
