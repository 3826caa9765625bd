package grpcapi

import (
	"context"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/internal/rpcstatus"
)

// What can't be read is answered with INVALID_ARGUMENT. gRPC itself says INTERNAL, which callers
// take for no answer at all: a dialler that calls where nobody answers would then call somebody
// who is frozen. gRPC sends its status as soon as a codec fails, so the codec hands the failure on
// beside the message.

// reading is a message that is being read, what its weight is taken from, and why it could not be
// read.
type reading struct {
	*weighing
	message any
	err     error
}

// codec reads messages as gRPC's own does, and notes failures in a reading.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(proto.Name)} }

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	r, ok := v.(*reading)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	r.err = r.unmarshal(c.CodecV2, data)
	return nil
}

func (r *reading) unmarshal(c encoding.CodecV2, data mem.BufferSlice) error {
	if err := r.take(int64(data.Len())); err != nil {
		return err
	}
	whole := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer whole.Free()
	if err := r.weigh(whole.ReadOnlyData(), r.message); err != nil {
		return err
	}
	return unreadable(c.Unmarshal(mem.BufferSlice{whole}, r.message))
}

// read reads a message by what takes a reading.
func (w *weighing) read(take func(any) error, message any) error {
	r := &reading{weighing: w, message: message}
	err := take(r)
	came(w.ctx)
	if err != nil {
		return err
	}
	return r.err
}

// registrar registers services whose requests are read so.
type registrar struct {
	*grpc.Server
	limits *limits
}

// RegisterService implements grpc.ServiceRegistrar.
func (r registrar) RegisterService(desc *grpc.ServiceDesc, impl any) {
	own := *desc
	own.Methods = make([]grpc.MethodDesc, len(desc.Methods))
	for i, m := range desc.Methods {
		own.Methods[i] = grpc.MethodDesc{MethodName: m.MethodName, Handler: r.readableUnary(desc.ServiceName, m.Handler)}
		r.limits.single["/"+desc.ServiceName+"/"+m.MethodName] = true
	}
	for _, s := range desc.Streams {
		if !s.ClientStreams {
			r.limits.single["/"+desc.ServiceName+"/"+s.StreamName] = true
		}
	}
	r.Server.RegisterService(&own, impl)
}

// readableUnary reads a request before any interceptor sees it, as the generated code does.
func (r registrar) readableUnary(service string, next grpc.MethodHandler) grpc.MethodHandler {
	return func(srv any, ctx context.Context, take func(any) error,
		interceptor grpc.UnaryServerInterceptor,
	) (any, error) {
		defer answered(ctx)
		w := r.limits.unary(ctx, service)
		defer w.share.End()
		return next(srv, ctx, func(m any) error { return w.read(take, m) }, interceptor)
	}
}

// readableStream does the same for streams. A message weighs until the next one is asked for.
type readableStream struct {
	grpc.ServerStream
	weighing *weighing
}

// RecvMsg implements grpc.ServerStream.
func (s readableStream) RecvMsg(m any) error {
	s.weighing.share.Clear()
	return s.weighing.read(s.ServerStream.RecvMsg, m)
}

// unreadable says what is wrong with a message.
func unreadable(err error) error {
	if err == nil {
		return nil
	}
	message, reason := "the message is not of this API, or was damaged", "UNREADABLE"
	if strings.Contains(err.Error(), "invalid UTF-8") {
		message, reason = "a text in the message is not UTF-8; send all texts as UTF-8", "NOT_UTF8"
	}
	return rpcstatus.WithDetails(status.New(codes.InvalidArgument, message),
		&errdetails.ErrorInfo{Reason: reason, Domain: rpcstatus.Domain})
}
