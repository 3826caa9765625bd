package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// remoteError is what a server, or the way to it, answered, as one line for people.
type remoteError struct {
	message string
	code    codes.Code
	// reason is the server's stable name for what went wrong, "" where it gave none.
	reason string
	// fields says what is wrong with which field of the request.
	fields []violation
	cause  error
}

type violation struct{ field, problem string }

func (e *remoteError) Error() string { return e.message }

func (e *remoteError) Unwrap() error { return e.cause }

// readable turns gRPC's errors into remoteErrors, and leaves others alone.
func readable(err error, addr string) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	s, ok := status.FromError(err)
	if !ok {
		return err
	}
	e := &remoteError{message: s.Message(), code: s.Code(), cause: err}
	var wrong []string
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			e.reason = d.GetReason()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				wrong = append(wrong, v.GetField()+" "+v.GetDescription())
				e.fields = append(e.fields, violation{v.GetField(), v.GetDescription()})
			}
		}
	}
	if len(wrong) > 0 {
		e.message = strings.Join(wrong, "; ")
	}
	if e.reason == "" {
		e.message = transportMessage(s, addr)
	}
	return e
}

// transportMessage explains what did not come from Refrain itself but from the way to it.
func transportMessage(s *status.Status, addr string) string {
	switch s.Code() {
	case codes.Unavailable:
		return fmt.Sprintf("no server can be reached at %s (%s); start one with: refrain serve, or name another with --server ADDRESS",
			addr, rootCause(s.Message()))
	case codes.Unimplemented:
		return fmt.Sprintf("the server at %s doesn't know this request; is it a Refrain of another version?", addr)
	case codes.Canceled:
		return "interrupted"
	case codes.DeadlineExceeded:
		return fmt.Sprintf("the server at %s took too long to answer", addr)
	}
	return s.Message()
}

// rootCause takes gRPC's wrappings off a connection's error.
func rootCause(message string) string {
	if i := strings.LastIndex(message, "desc = "); i >= 0 {
		message = strings.Trim(message[i+len("desc = "):], `"\`)
	}
	message = strings.TrimPrefix(message, "transport: Error while dialing: ")
	if i := strings.LastIndex(message, ": "); i >= 0 && strings.HasPrefix(message, "dial ") {
		message = message[i+2:]
	}
	return message
}

// mayPass tells whether the same request may succeed a little later.
func mayPass(err error) bool {
	e, ok := errors.AsType[*remoteError](err)
	return ok && e.code == codes.Unavailable
}

// retrier repeats requests that failed because the server was away. Together the
// pauses last as long as a server takes to restart.
type retrier struct {
	pause func(context.Context, time.Duration) error
	// note hears that a request is to be repeated.
	note func()
	// reconnect is called before.
	reconnect func() error
}

var retryPauses = []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second}

// do calls f until it succeeds, fails for good, or has had its chances.
func (r retrier) do(ctx context.Context, f func() error) error {
	for _, d := range retryPauses {
		err := f()
		if err == nil || !mayPass(err) || ctx.Err() != nil {
			return err
		}
		r.note()
		if err := errors.Join(r.pause(ctx, d), r.reconnect()); err != nil {
			return err
		}
	}
	return f()
}
