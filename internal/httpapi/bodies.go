package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/internal/limit"
	"github.com/refrain-asr/refrain/internal/rpcstatus"
)

// Limits are what callers share.
type Limits struct {
	// Memory is for requests while they are read and carried out.
	Memory *limit.Memory
	// Idle is how long nothing may come of a request; twice as long nothing may be read of an answer.
	Idle time.Duration
	// Limited is called for what is refused because of a limit, with its name.
	Limited func(by string)
}

// What a byte of a body takes in memory: the body as it grows, the request made of it, and what of
// that goes to the API; of a call record, the map of its variables.
const (
	perByte       = 4
	perRecordByte = 12
)

// forCall is what a body leaves of the memory, in bytes: the call that is made of it needs as much at
// most, and would else never be carried out.
const forCall = 12 << 20

// bodies reads the bodies of REST, of JSON, before rest does. It looks at them as they come: two bytes
// of an empty call take hundreds once they are decoded.
type bodies struct {
	rest   *runtime.ServeMux
	limits Limits
	// most is how many bytes a body may have, values how many values may be in it.
	most, values int
}

// ServeHTTP implements http.Handler.
func (b bodies) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	share := b.limits.Memory.ShareLeaving(forCall)
	defer share.End()
	if r.Body != nil && r.Body != http.NoBody {
		body, err := b.read(r, share)
		if err != nil {
			_, m := runtime.MarshalerForRequest(b.rest, r)
			runtime.HTTPError(r.Context(), b.rest, m, w, r, err)
			return
		}
		r.Body = whole{bytes.NewReader(body), body}
	}
	b.rest.ServeHTTP(w, r)
}

// whole is a body that was read.
type whole struct {
	*bytes.Reader
	bytes []byte
}

// Close implements io.Closer.
func (whole) Close() error { return nil }

func (b bodies) read(r *http.Request, share *limit.Share) ([]byte, error) {
	seen := scan{values: b.values}
	body, err := readAll(r, b.most, share, func(more []byte) error {
		if err := share.Grow(r.Context(), int64(len(more)*perByte)); err != nil {
			return err
		}
		return seen.next(more)
	})
	if err == nil {
		err = share.Grow(r.Context(), int64(b.values-seen.values)*perValue)
	}
	if err != nil {
		return nil, b.limits.bodyError(err)
	}
	return body, nil
}

// perValue is what a value takes once it is decoded, in bytes: an empty message, at most.
const perValue = 256

// Kinds of bodies that are not taken.
type (
	tooLargeError struct{ why string }
	tooDeepError  struct{}
)

func (e tooLargeError) Error() string { return "the body is too large: " + e.why }

func (tooDeepError) Error() string {
	return fmt.Sprintf("the body can't be read: it is nested more than %d deep", deepest)
}

// bodyError is the answer to a body that can't be taken.
func (l Limits) bodyError(err error) error {
	large, isLarge := errors.AsType[tooLargeError](err)
	switch {
	case err == nil:
		return nil
	case isLarge:
		l.Limited("message")
		return withStatus(http.StatusRequestEntityTooLarge, codes.InvalidArgument, "BODY_TOO_LARGE", large.Error())
	case errors.Is(err, limit.ErrTooMuch):
		l.Limited("message")
		return withStatus(http.StatusRequestEntityTooLarge, codes.InvalidArgument, "BODY_TOO_LARGE",
			"the body is too large: it takes more memory than limits.memory_mib has for one request; send it in parts")
	case errors.Is(err, limit.ErrMemory):
		l.Limited("memory")
		return withStatus(http.StatusServiceUnavailable, codes.ResourceExhausted, "SERVER_BUSY",
			err.Error()+"; try again in a moment")
	case errors.Is(err, tooDeepError{}):
		return withStatus(http.StatusBadRequest, codes.InvalidArgument, "INVALID_REQUEST", err.Error())
	case errors.Is(err, os.ErrDeadlineExceeded):
		l.Limited("stalled")
		return stalled()
	case errors.Is(err, context.Canceled):
		return status.FromContextError(err).Err()
	}
	return withStatus(http.StatusBadRequest, codes.InvalidArgument, "INVALID_REQUEST",
		"the body can't be read: "+err.Error())
}

// stalled is the answer to a body that does not go on.
func stalled() error {
	return withStatus(http.StatusRequestTimeout, codes.DeadlineExceeded, "BODY_STALLED",
		"the body did not come in time; send the request again")
}

// withStatus is an error that HTTP has a status of its own for.
func withStatus(code int, c codes.Code, reason, message string) error {
	return &runtime.HTTPStatusError{HTTPStatus: code, Err: rpcstatus.WithDetails(status.New(c, message),
		&errdetails.ErrorInfo{Reason: reason, Domain: rpcstatus.Domain})}
}

// readAll reads a body of at most so many bytes. Each piece is given to look before it is kept. What
// look took of the memory's share is given back where the body is refused.
func readAll(r *http.Request, most int, share *limit.Share, look func([]byte) error) (body []byte, err error) {
	if r.ContentLength > int64(most) && r.Header.Get("Expect") != "" {
		return nil, tooMany(most) // it was not sent yet
	}
	piece := make([]byte, min(int64(most)+1, max(r.ContentLength+1, 512), 32<<10))
	for {
		n, err := r.Body.Read(piece)
		if len(body)+n > most {
			err = tooMany(most)
		} else if e := look(piece[:n]); e != nil {
			err = e
		}
		switch {
		case err == nil:
			body = append(body, piece[:n]...)
		case errors.Is(err, io.EOF):
			return append(body, piece[:n]...), nil
		default:
			share.Clear()
			throwAway(r, int64(most))
			return nil, err
		}
	}
}

// throwAway reads what still comes of a body that is refused, as far as it would have been read:
// whoever sends it would else lose the answer. It takes its time, so that those who send such bodies
// one after the other leave the processor to the others.
func throwAway(r *http.Request, most int64) {
	const piece, rest = 256 << 10, 30 * time.Millisecond
	for left := most; left > 0; left -= piece {
		if n, err := io.CopyN(io.Discard, r.Body, piece); err != nil || n < piece {
			return
		}
		select {
		case <-time.After(rest):
		case <-r.Context().Done():
			return
		}
	}
}

func tooMany(bytes int) error { return tooLargeError{fmt.Sprintf("it may have %d bytes", bytes)} }
