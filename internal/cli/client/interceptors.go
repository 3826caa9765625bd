package client

import (
	"context"
	"net/url"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// withActor makes requests say who asks and who acts.
func (f *Flags) withActor(ctx context.Context) context.Context {
	ctx = metadata.AppendToOutgoingContext(ctx, actorKey, url.PathEscape(f.Actor))
	if f.Key != "" && f.Data == "" { // whoever comes by the socket needs none
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+f.Key)
	}
	return ctx
}

func (f *Flags) unary(
	ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, call grpc.UnaryInvoker,
	opts ...grpc.CallOption,
) error {
	return readable(call(f.withActor(ctx), method, req, reply, cc, opts...), f.at())
}

func (f *Flags) stream(
	ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string,
	open grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	s, err := open(f.withActor(ctx), desc, cc, method, opts...)
	if err != nil {
		return nil, readable(err, f.at())
	}
	return readableStream{s, f.at()}, nil
}

// readableStream makes a stream's errors readable.
type readableStream struct {
	grpc.ClientStream
	addr string
}

// RecvMsg implements grpc.ClientStream.
func (s readableStream) RecvMsg(m any) error { return readable(s.ClientStream.RecvMsg(m), s.addr) }

// SendMsg implements grpc.ClientStream.
func (s readableStream) SendMsg(m any) error { return readable(s.ClientStream.SendMsg(m), s.addr) }
