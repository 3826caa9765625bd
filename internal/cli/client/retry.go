package client

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/refrain-asr/refrain/internal/cli/console"
)

// Reasons for which a server that is there can't take a recording now.
const (
	// Busy: the recording that is to be gone on with is just being heard.
	Busy = "RECORDING_BUSY"
	// BacklogFull: enough of the past waits already.
	BacklogFull = "BACKLOG_FULL"
	// Unfinished: the file is still being written.
	Unfinished = "AUDIO_UNFINISHED"
	// Untrusted: TLS failed; the client says so, and not the server.
	Untrusted = "UNTRUSTED"
)

// Reasons for which a server can take nothing more at the moment.
const (
	serverBusy     = "SERVER_BUSY"
	tooManyUploads = "TOO_MANY_UPLOADS"
)

// Temporary reports whether the same request may succeed a little later, because the server
// could not be reached now, is stopping, or has as much to do as it can.
func Temporary(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	return e.Code == codes.Unavailable && e.Reason != Busy && e.Reason != Unfinished && e.Reason != Untrusted ||
		e.Reason == serverBusy || e.Reason == tooManyUploads
}

// ReasonOf is the server's stable name for what went wrong, "" where it gave none.
func ReasonOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return ""
}

// Retrier repeats requests that failed because the server could not be reached. Together the
// pauses last as long as a server takes to restart.
type Retrier struct {
	pause func(context.Context, time.Duration) error
	// note is called when a request is to be repeated.
	note func()
	// reconnect is called before.
	reconnect func() error
}

// retryPauses are the pauses before each repetition.
var retryPauses = []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second,
	2 * time.Second}

// Do calls f until it succeeds, fails for good, or has had its chances.
func (r Retrier) Do(ctx context.Context, f func() error) error {
	for _, d := range retryPauses {
		err := f()
		if err == nil || !Temporary(err) || ctx.Err() != nil {
			return err
		}
		r.note()
		if err := errors.Join(r.pause(ctx, d), r.reconnect()); err != nil {
			return err
		}
	}
	return f()
}

// NewRetrier is a Retrier that says once that it is waiting for the server.
func NewRetrier(c *console.Console, cl *Client) Retrier {
	told := false
	return Retrier{pause: c.Pause, reconnect: cl.reconnect, note: func() {
		if !told {
			c.Errorf("waiting for the server at %s", cl.flags.Server)
		}
		told = true
	}}
}
