package grpcapi

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"github.com/refrain-asr/refrain/fault"
)

// Domain is the domain of every ErrorInfo.
const Domain = "refrain-asr.github.io"

// codeOf is the one place where kinds of errors become status codes.
var codeOf = map[fault.Kind]codes.Code{
	fault.Internal:        codes.Internal,
	fault.Invalid:         codes.InvalidArgument,
	fault.NotFound:        codes.NotFound,
	fault.Exists:          codes.AlreadyExists,
	fault.Precondition:    codes.FailedPrecondition,
	fault.Unauthenticated: codes.Unauthenticated,
	fault.Forbidden:       codes.PermissionDenied,
	fault.Exhausted:       codes.ResourceExhausted,
	fault.Unavailable:     codes.Unavailable,
}

// statusOf is the error that goes out for err. What is not a fault.Error is
// internal: its text stays here.
func statusOf(ctx context.Context, log *slog.Logger, method string, err error) error {
	if err == nil {
		return nil
	}
	if s, ok := status.FromError(err); ok { // from gRPC itself, such as a broken stream
		return s.Err()
	}
	if e, ok := errors.AsType[*fault.Error](err); ok && e.Kind != fault.Internal {
		return faultStatus(e)
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(ctx.Err(), context.Canceled):
		return status.Error(codes.Canceled, "the call was cancelled")
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, "the call ran into its deadline")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return status.Error(codes.Canceled, "the stream ended early")
	}
	log.ErrorContext(ctx, "call failed", "method", method, "error", err)
	return withDetails(status.New(codes.Internal, "internal error; the server's log says more"),
		&errdetails.ErrorInfo{Reason: "INTERNAL", Domain: Domain})
}

// explain is err, or the fault that tells whose it is.
func (d *Deps) explain(err error) error {
	if err == nil || d.Explain == nil || fault.KindOf(err) != fault.Internal {
		return err
	}
	if f := d.Explain(err); f != nil {
		return f
	}
	return err
}

func faultStatus(e *fault.Error) error {
	info := &errdetails.ErrorInfo{Reason: e.Reason, Domain: Domain, Metadata: e.Meta}
	if info.Reason == "" {
		info.Reason = "UNSPECIFIED"
	}
	details := []protoadapt.MessageV1{info}
	message := e.Message
	if len(e.Fields) > 0 {
		bad := &errdetails.BadRequest{}
		for _, f := range e.Fields {
			bad.FieldViolations = append(bad.FieldViolations,
				&errdetails.BadRequest_FieldViolation{Field: f.Name, Description: f.Problem})
			message += "; " + f.Name + " " + f.Problem
		}
		details = append(details, bad)
	}
	if e.Subject != "" {
		message = e.Subject + ": " + message
	}
	return withDetails(status.New(codeOf[e.Kind], message), details...)
}

// stopping ends a stream that would go on for ever.
func stopping(op, then string) error {
	return &fault.Error{Op: op, Kind: fault.Unavailable, Reason: "STOPPING",
		Message: "the server is stopping; " + then}
}

func withDetails(s *status.Status, details ...protoadapt.MessageV1) error {
	if full, err := s.WithDetails(details...); err == nil {
		s = full
	}
	return s.Err()
}
