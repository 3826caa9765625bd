package grpcapi

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
)

// readmitEvery is how often it is looked at whether whoever has a stream may still have it, beside when keys or
// people change: keys expire, and sessions end.
const readmitEvery = 30 * time.Second

// whileAdmitted is a context that ends when whoever asks may not go on, with why as its cause; end must be called.
func (d *Deps) whileAdmitted(
	ctx context.Context, rule access.Rule, method string,
) (standing context.Context, end func()) {
	if rule.Open {
		return ctx, func() {}
	}
	before, _ := access.Of(ctx)
	caller, rpc := callerOf(ctx), strings.TrimPrefix(method, "/")
	standing, cancel := context.WithCancelCause(ctx)
	changed := d.Guard.Changed()
	go func() {
		every := time.NewTicker(readmitEvery)
		defer every.Stop()
		for {
			// A change between the admission and Changed is found at once.
			if err := d.Guard.Readmit(standing, caller, rule, rpc, before); err != nil {
				cancel(err)
				return
			}
			select {
			case <-standing.Done():
				return
			case <-changed:
				changed = d.Guard.Changed()
			case <-every.C:
			}
		}
	}()
	return standing, func() { cancel(nil) }
}

// endOf is why a stream may not go on, nil where it may.
func endOf(ctx context.Context) error {
	if f, ok := errors.AsType[*fault.Error](context.Cause(ctx)); ok {
		return f
	}
	return nil
}

// admittedStream passes nothing on once whoever has it may not go on.
type admittedStream struct{ streamWith }

// RecvMsg implements grpc.ServerStream.
func (s admittedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	return endOf(s.Context())
}

// SendMsg implements grpc.ServerStream.
func (s admittedStream) SendMsg(m any) error {
	if err := endOf(s.Context()); err != nil {
		return err
	}
	return s.ServerStream.SendMsg(m)
}
