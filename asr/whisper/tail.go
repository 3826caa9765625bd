package whisper

import (
	"bytes"
	"strings"
	"sync"
)

const (
	tailLines = 20
	tailWidth = 400
)

// tail keeps the last lines that a child wrote to stderr, and passes each on as it comes.
// What follows the first line of a crash of Go's runtime is a trace of hundreds of
// lines: it is passed on, but not kept, so that the reason stays in sight.
type tail struct {
	each func(line string)

	mu      sync.Mutex
	partial []byte
	lines   []string
	crashed bool
}

// Write implements io.Writer; it never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.partial = append(t.partial, b...)
	for {
		i := bytes.IndexByte(t.partial, '\n')
		if i < 0 {
			break
		}
		t.line(string(t.partial[:i]))
		t.partial = t.partial[i+1:]
	}
	if len(t.partial) > 4*tailWidth {
		t.line(string(t.partial))
		t.partial = nil
	}
	return len(b), nil
}

func (t *tail) line(s string) {
	s = strings.ToValidUTF8(strings.TrimSpace(s), "?")
	if s == "" {
		return
	}
	if len(s) > tailWidth {
		s = strings.ToValidUTF8(s[:tailWidth], "")
	}
	t.each(s)
	if t.crashed {
		return
	}
	t.crashed = startsCrash(s)
	t.lines = append(t.lines, s)
	if len(t.lines) > tailLines {
		t.lines = t.lines[1:]
	}
}

func startsCrash(line string) bool {
	for _, start := range []string{"SIG", "fatal error:", "panic:"} {
		if strings.HasPrefix(line, start) {
			return true
		}
	}
	return false
}

// last returns the lines kept, with one that is not finished yet.
func (t *tail) last() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.partial) > 0 {
		t.line(string(t.partial))
		t.partial = nil
	}
	return append([]string(nil), t.lines...)
}
