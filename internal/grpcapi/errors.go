package grpcapi

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/rpcstatus"
)

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
		return rpcstatus.Of(e)
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
	return rpcstatus.WithDetails(status.New(codes.Internal, "internal error; the server's log says more"),
		&errdetails.ErrorInfo{Reason: "INTERNAL", Domain: rpcstatus.Domain})
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

// stopping ends a stream that would go on for ever.
func stopping(op, then string) error {
	return &fault.Error{Op: op, Kind: fault.Unavailable, Reason: "STOPPING",
		Message: "the server is stopping; " + then}
}
