package apitest

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Logbook is a log that a test reads. It is safe for concurrent use; NewLogbook makes one.
type Logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

// NewLogbook is empty.
func NewLogbook() *Logbook { return &Logbook{more: make(chan struct{})} }

// Logger writes into the log.
func (l *Logbook) Logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// Write implements io.Writer.
func (l *Logbook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.more)
	l.more = make(chan struct{})
	return l.text.Write(line)
}

// read is what was written, and what is closed when there is more.
func (l *Logbook) read() (string, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String(), l.more
}

// Lines are those that hold all the parts.
func (l *Logbook) Lines(parts ...string) []string {
	text, _ := l.read()
	var found []string
	for line := range strings.Lines(text) {
		whole := true
		for _, p := range parts {
			whole = whole && strings.Contains(line, p)
		}
		if whole {
			found = append(found, line)
		}
	}
	return found
}

// Wait waits until there are n lines that hold all the parts, and gives the last one.
func (l *Logbook) Wait(t *testing.T, n int, parts ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		_, more := l.read()
		if found := l.Lines(parts...); len(found) >= n {
			return found[n-1]
		}
		select {
		case <-more:
		case <-ctx.Done():
			text, _ := l.read()
			require.FailNow(t, "the log does not say so", "%q\n%s", parts, text)
		}
	}
}
