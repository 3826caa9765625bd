package serve

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/internal/cli/usage"
)

// newLogger logs to w, and never waits for it; see logWriter.
func newLogger(w io.Writer, format, level string) (*slog.Logger, *logWriter, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, nil, usage.Errorf("--log-level is %q; it must be debug, info, warn or error", level)
	}
	var handler func(io.Writer) slog.Handler
	options := &slog.HandlerOptions{Level: l}
	switch format {
	case "text":
		handler = func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, options) }
	case "json":
		handler = func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, options) }
	default:
		return nil, nil, usage.Errorf("--log-format is %q; it must be text or json", format)
	}
	waiting := &logWriter{to: w, tell: func(lost int) []byte {
		var b bytes.Buffer
		slog.New(handler(&b)).Error("lines of the log were lost, since it was not read or could not "+
			"be written", "lines", lost)
		return b.Bytes()
	}}
	return slog.New(handler(waiting)), waiting, nil
}

const (
	// mostWaiting bounds the bytes that wait for the log's reader: some ten thousand lines.
	mostWaiting = 4 << 20
	// lastWords is how long the end of the program waits for that reader.
	lastWords = 2 * time.Second
)

// logWriter passes lines on and never has whoever logs wait: what reads the log may be slow,
// stopped or dead, and the server answers diallers all the same. Lines beyond mostWaiting are
// dropped, and so are those that can't be written; how many is told as soon as one can.
type logWriter struct {
	to io.Writer
	// tell makes the line that says how many were lost.
	tell func(lost int) []byte

	mu      sync.Mutex
	waiting []logLine
	bytes   int           // of the waiting lines and the one that is being written
	lost    int           // after the last of the waiting lines
	failing bool          // the last write failed
	idle    chan struct{} // closed once nothing waits; nil while nothing does
}

// logLine is one write, and how many were lost before it. One without text only tells that.
type logLine struct {
	text []byte
	lost int
}

// size counts what a waiting line occupies.
func (l logLine) size() int { return len(l.text) + 64 }

// Write implements io.Writer; it never fails.
func (w *logWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	line := logLine{bytes.Clone(b), w.lost}
	if w.bytes+line.size() > mostWaiting {
		w.lost++
		return len(b), nil
	}
	w.waiting = append(w.waiting, line)
	w.bytes += line.size()
	w.lost = 0
	if w.idle == nil {
		w.idle = make(chan struct{})
		go w.drain()
	}
	return len(b), nil
}

// drain writes what waits, until nothing does.
func (w *logWriter) drain() {
	for {
		line, ok := w.next()
		if !ok {
			return
		}
		w.wrote(line, w.pass(line))
	}
}

// next takes the line whose turn it is. Behind the last, what was lost since is told; but not
// while writing fails.
func (w *logWriter) next() (line logLine, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case len(w.waiting) > 0:
		line, w.waiting = w.waiting[0], w.waiting[1:]
	case w.lost > 0 && !w.failing:
		line.lost, w.lost = w.lost, 0
		w.bytes += line.size()
	default:
		w.waiting = nil // with the array behind it
		close(w.idle)
		w.idle = nil
		return line, false
	}
	return line, true
}

// pass writes a line, behind how many were lost before it, and tells how many are lost now.
func (w *logWriter) pass(line logLine) (lost int) {
	if line.lost > 0 {
		if _, err := w.to.Write(w.tell(line.lost)); err != nil {
			lost = line.lost
		}
	}
	if len(line.text) > 0 {
		if _, err := w.to.Write(line.text); err != nil {
			lost++
		}
	}
	return lost
}

// wrote notes what became of a line. What was lost is told with the next one.
func (w *logWriter) wrote(line logLine, lost int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes -= line.size()
	w.failing = lost > 0
	if len(w.waiting) > 0 {
		w.waiting[0].lost += lost
	} else {
		w.lost += lost
	}
}

// flush waits until everything is written, or until the time is over.
func (w *logWriter) flush(within time.Duration) {
	w.mu.Lock()
	idle := w.idle
	w.mu.Unlock()
	if idle == nil {
		return
	}
	select {
	case <-idle:
	case <-time.After(within):
	}
}

// lastWriter is for what a program says when it ends: it waits for the log's reader, for
// lastWords at most.
type lastWriter struct{ *logWriter }

// Write implements io.Writer; it never fails.
func (w lastWriter) Write(b []byte) (int, error) {
	n, err := w.logWriter.Write(b)
	w.flush(lastWords)
	return n, err
}
