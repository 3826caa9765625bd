package remote

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/asr"
)

// Error tells why a server gave no transcript of a window. It is an asr.ErrUnavailable,
// unless the window is to blame.
type Error struct {
	// Server is its host and path.
	Server string
	// Status is that of its answer, 0 where none came.
	Status int
	// Reason is what the server said, at most its first 200 characters, or what happened.
	Reason string
	// Window tells that the server hears other windows: it is this one that it can't take.
	Window bool

	kind  kind
	pause time.Duration // that the server asked for
}

// kind tells what follows from an error.
type kind int

const (
	away   kind = iota // no answer, or one that says "later": ask again
	busy               // too much was asked: ask again, later
	turned             // turned away, whatever the window: somebody must change the settings
	odd                // an answer that may be due to the window
	spared             // the server was not asked
)

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the speech server %s ", e.Server)
	if e.Status == 0 || e.Status == http.StatusOK {
		b.WriteString(e.Reason)
	} else {
		fmt.Fprintf(&b, "answers %d %s", e.Status, http.StatusText(e.Status))
		if e.Reason != "" {
			b.WriteString(": " + e.Reason)
		}
	}
	b.WriteString(e.advice())
	return b.String()
}

func (e *Error) advice() string {
	switch {
	case e.Window:
		return "; it hears others, so this window is to blame"
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden:
		return "; set its key, speech.http.key or REFRAIN_SPEECH_HTTP_KEY"
	case e.Status == http.StatusNotFound, e.Status == http.StatusMethodNotAllowed:
		return "; see whether speech.http.address and speech.http.model are right"
	}
	return ""
}

// Is tells whether it is an asr.ErrUnavailable.
func (e *Error) Is(target error) bool { return target == asr.ErrUnavailable && !e.Window }

// kindOf sorts the answers that are no transcript.
func kindOf(status int) kind {
	switch status {
	case http.StatusTooManyRequests:
		return busy
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return away
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusMethodNotAllowed, http.StatusProxyAuthRequired:
		return turned
	}
	if status >= 300 && status < 400 {
		return turned
	}
	return odd
}

// again tells that the same request may succeed after a pause.
func (e *Error) again() bool {
	switch e.kind {
	case away, busy:
		return e.pause <= longestPause
	case odd:
		return e.Status >= http.StatusInternalServerError
	default:
		return false
	}
}

// unanswered is the error of a request that got no answer.
func (s *server) unanswered(err error, limit time.Duration) *Error {
	e := &Error{Server: s.name}
	failed, ok := errors.AsType[*url.Error](err) // it names the URL once more
	switch {
	case ok && failed.Timeout():
		e.Reason = fmt.Sprintf("did not answer within %v", limit)
	case ok:
		e.Reason = fmt.Sprintf("can't be reached: %v", failed.Err)
	default:
		e.Reason = fmt.Sprintf("broke off its answer: %v", err)
	}
	return e
}

// refused is the error of an answer that is no transcript.
func (s *server) refused(res *http.Response, body []byte, now time.Time) *Error {
	e := &Error{Server: s.name, Status: res.StatusCode, Reason: s.quote(body),
		kind: kindOf(res.StatusCode), pause: retryAfter(res.Header.Get("Retry-After"), now)}
	if to, err := res.Location(); err == nil {
		e.Reason = fmt.Sprintf("it redirects to %s; if that is the server, make it "+
			"speech.http.address", s.quote([]byte(to.Redacted())))
	}
	return e
}

// quoted bounds what is quoted of an answer, in characters.
const quoted = 200

// quote is the beginning of what a server said, in one line and without our key.
func (s *server) quote(body []byte) string {
	text := strings.ToValidUTF8(string(body), string(utf8.RuneError))
	if s.cfg.Key != "" {
		text = strings.ReplaceAll(text, s.cfg.Key, "***")
	}
	runes := []rune(strings.Join(strings.Fields(text), " "))
	return string(runes[:min(len(runes), quoted)])
}
