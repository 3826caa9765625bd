package client

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Error is what a server, or the way to it, answered, as one line for people.
type Error struct {
	Message string
	// Code is gRPC's.
	Code codes.Code
	// Reason is the server's stable name for what went wrong, "" where it gave none.
	Reason string
	// Fields says what is wrong with which field of the request.
	Fields []Violation
	cause  error
}

// Violation is what is wrong with a field, such as "calls[3].number" and "is empty".
type Violation struct{ Field, Problem string }

func (e *Error) Error() string { return e.Message }

// Unwrap gives gRPC's error.
func (e *Error) Unwrap() error { return e.cause }

// See adds to the answer that there is no such thing which command shows those that there are, and
// leaves other errors alone.
func See(err error, command string) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Code != codes.NotFound || e.Reason == "" {
		return err
	}
	more := *e
	more.Message += "; see those that there are with: " + command
	return &more
}

// readable turns gRPC's errors into Errors, and leaves others alone.
func readable(err error, addr string) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	s, ok := status.FromError(err)
	if !ok {
		return err
	}
	e := &Error{Message: s.Message(), Code: s.Code(), cause: err}
	var wrong []string
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			e.Reason = d.GetReason()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				wrong = append(wrong, v.GetField()+" "+v.GetDescription())
				e.Fields = append(e.Fields, Violation{v.GetField(), v.GetDescription()})
			}
		}
	}
	if len(wrong) > 0 {
		e.Message = strings.Join(wrong, "; ")
	}
	if e.Reason == "" {
		e.Message = transportMessage(s, addr)
		if s.Code() == codes.Unavailable && untrusted(s.Message()) {
			e.Reason = Untrusted
		}
	}
	return e
}

// transportMessage explains what did not come from Refrain itself but from the way to it.
func transportMessage(s *status.Status, addr string) string {
	switch s.Code() {
	case codes.Unavailable:
		if noGRPC(s.Message()) {
			return fmt.Sprintf("what answers at %s is no gRPC port (is it the one of HTTP? gRPC is usually 7430, "+
				"and HTTP 7431); name the other with --server ADDRESS", addr)
		}
		if untrusted(s.Message()) {
			return fmt.Sprintf("no connection to %s that both sides trust (%s); see --ca for the server's "+
				"certificate, --cert and --cert-key for the client's", addr, tlsCause(s.Message()))
		}
		return fmt.Sprintf("no server can be reached at %s (%s); start one with: refrain serve, "+
			"or name another with --server ADDRESS",
			addr, rootCause(s.Message()))
	case codes.Unimplemented:
		return fmt.Sprintf("the server at %s doesn't know this request; is it a Refrain of "+
			"another version?", addr)
	case codes.Canceled:
		return "interrupted"
	case codes.DeadlineExceeded:
		return fmt.Sprintf("the server at %s took too long to answer", addr)
	}
	return s.Message()
}

// noGRPC tells that somebody answered, but not as gRPC does. A server that died just then can't be read
// either, but not for HTTP/2's reasons.
func noGRPC(message string) bool {
	return strings.Contains(message, "frame too large") ||
		strings.Contains(message, "error reading server preface: http2: ")
}

// untrusted tells that TLS failed, and not the way to the server.
func untrusted(message string) bool {
	return strings.Contains(message, "tls: ") || strings.Contains(message, "x509: ") ||
		strings.Contains(message, "authentication handshake failed")
}

// tlsCause is what TLS says of its failure.
func tlsCause(message string) string {
	for _, mark := range []string{"x509: ", "tls: ", "authentication handshake failed: "} {
		if i := strings.LastIndex(message, mark); i >= 0 {
			return strings.Trim(message[i+len(mark):], `"\`)
		}
	}
	return message
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
