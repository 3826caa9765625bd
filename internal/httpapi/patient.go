package httpapi

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// patient ends requests of which nothing comes for so long, and answers of which nothing is read for
// twice as long. What is no recording must have come within twice the time.
func patient(idle time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		if r.Body != nil && r.Body != http.NoBody {
			b := &pacedBody{ReadCloser: r.Body, control: c, idle: idle}
			if r.URL.Path != uploadPath {
				b.until = time.Now().Add(2 * idle)
			}
			_ = b.wait()                   // also for what is never read: net/http reads on to the end by itself
			r = r.WithContext(r.Context()) // a copy: net/http goes by what its own request's body is
			r.Body = b
		}
		next.ServeHTTP(&pacedWriter{w, c, idle}, r)
	})
}

// pacedBody is a body that must go on coming.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	idle    time.Duration
	// until is when all must have come, if that is limited.
	until time.Time

	mu sync.Mutex
	// aborted tells that nobody may wait for more, spared that there is no reason to any more, ended
	// that all has come, and stalled that it did not go on.
	aborted, spared, ended, stalled bool
}

// Read implements io.Reader.
func (b *pacedBody) Read(p []byte) (int, error) {
	if err := b.wait(); err != nil {
		return 0, err
	}
	n, err := b.ReadCloser.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case errors.Is(err, io.EOF): // or else the deadline would end the request while it is carried out
		b.ended = true
		_ = b.control.SetReadDeadline(time.Time{})
	case errors.Is(err, os.ErrDeadlineExceeded) && b.aborted:
		return n, errAborted
	case errors.Is(err, os.ErrDeadlineExceeded): // the deadline stays: net/http would wait once more
		b.stalled = true
	}
	return n, err
}

var errAborted = errors.New("nobody reads on")

// wait sets how long to wait for more.
func (b *pacedBody) wait() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.aborted {
		return errAborted
	}
	if b.stalled {
		return os.ErrDeadlineExceeded
	}
	if b.ended {
		return nil
	}
	at := time.Now().Add(b.idle)
	if !b.until.IsZero() && b.until.Before(at) {
		at = b.until
	}
	_ = b.control.SetReadDeadline(at) // a connection without deadlines has none
	return nil
}

// abortWithin is how long a read that is under way may take when the body is aborted. One that is
// broken off can't go on where the body comes in chunks.
const abortWithin = time.Second

// abort lets nobody wait for more of the body, until it is spared.
func (b *pacedBody) abort() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.spared && !b.ended {
		b.aborted = true
		_ = b.control.SetReadDeadline(time.Now().Add(min(abortWithin, b.idle)))
	}
}

// spare undoes abort, and has it do nothing from now on.
func (b *pacedBody) spare() {
	b.mu.Lock()
	b.spared, b.aborted = true, false
	b.mu.Unlock()
	_ = b.wait() // aborted no more
}

// pacedWriter is an answer of which something must be read within twice the time: before it begins,
// net/http waits for what is left of the request.
type pacedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	idle    time.Duration
}

// pace is how much of an answer must be taken within the time, in bytes.
const pace = 64 << 10

// Write implements io.Writer.
func (w *pacedWriter) Write(p []byte) (n int, err error) {
	for {
		_ = w.control.SetWriteDeadline(time.Now().Add(2 * w.idle))
		some, err := w.ResponseWriter.Write(p[:min(pace, len(p))])
		n += some
		if p = p[some:]; err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// Flush implements http.Flusher.
func (w *pacedWriter) Flush() {
	_ = w.control.SetWriteDeadline(time.Now().Add(2 * w.idle))
	_ = w.control.Flush()
}

// Unwrap is for http.ResponseController.
func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
