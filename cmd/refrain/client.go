package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const (
	defaultServer = "127.0.0.1:7430"
	// maxAnswer is the largest answer taken, in bytes: the transcript of a call of many
	// hours is larger than gRPC's own 4 MiB.
	maxAnswer = 256 << 20
	// maxActor is the most bytes the server takes as a name.
	maxActor = 128
	// actorKey is the metadata that tells the server who acts.
	actorKey = "refrain-actor"
)

// clientFlags choose the server and say who asks.
type clientFlags struct {
	server, actor string
}

// addClientFlags adds --server and --as to cmd and the commands below it.
func addClientFlags(c *console, cmd *cobra.Command) *clientFlags {
	f := &clientFlags{}
	flags := cmd.PersistentFlags()
	flags.StringVar(&f.server, "server", cmp.Or(c.getenv("REFRAIN_SERVER"), defaultServer), "the server's gRPC `address` (or set REFRAIN_SERVER)")
	flags.StringVar(&f.actor, "as", defaultActor(c), "the `name` of whoever acts, for the record (or set REFRAIN_ACTOR)")
	return f
}

func defaultActor(c *console) string {
	if user := c.getenv("USER"); user != "" && c.getenv("REFRAIN_ACTOR") == "" && checkActor(user) == nil {
		return user
	}
	return cmp.Or(c.getenv("REFRAIN_ACTOR"), "cli")
}

// checkActor refuses what the server would refuse.
func checkActor(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return misuse("--as is empty; name whoever acts")
	case len(name) > maxActor, !utf8.ValidString(name), strings.ContainsFunc(name, unicode.IsControl):
		return misuse("--as must be plain text of at most %d bytes", maxActor)
	}
	return nil
}

// client is a connection to a server.
type client struct {
	flags *clientFlags
	conn  *grpc.ClientConn

	recordings pb.RecordingServiceClient
	reviews    pb.ReviewServiceClient
	freezes    pb.FreezeServiceClient
	lexicons   pb.LexiconServiceClient
	gate       pb.GateServiceClient
	calls      pb.CallServiceClient
	rules      pb.RuleServiceClient
	reports    pb.ReportServiceClient
}

// dial prepares the connection; the first call makes it.
func (f *clientFlags) dial() (*client, error) {
	if _, _, err := net.SplitHostPort(f.server); err != nil {
		return nil, misuse("--server is %q; write host:port, such as %s", f.server, defaultServer)
	}
	if err := checkActor(f.actor); err != nil {
		return nil, err
	}
	c := &client{flags: f}
	if err := c.connect(); err != nil {
		return nil, err
	}
	return c, nil
}

// with runs use with a connection.
func (f *clientFlags) with(use func(cl *client) error) error {
	cl, err := f.dial()
	if err != nil {
		return err
	}
	defer cl.close()
	return use(cl)
}

func (c *client) connect() (err error) {
	c.conn, err = grpc.NewClient(c.flags.server, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithUnaryInterceptor(c.flags.unary), grpc.WithStreamInterceptor(c.flags.stream))
	if err != nil {
		return fmt.Errorf("prepare a connection to %s: %w", c.flags.server, err)
	}
	c.recordings, c.reviews = pb.NewRecordingServiceClient(c.conn), pb.NewReviewServiceClient(c.conn)
	c.freezes, c.gate = pb.NewFreezeServiceClient(c.conn), pb.NewGateServiceClient(c.conn)
	c.lexicons, c.rules = pb.NewLexiconServiceClient(c.conn), pb.NewRuleServiceClient(c.conn)
	c.calls, c.reports = pb.NewCallServiceClient(c.conn), pb.NewReportServiceClient(c.conn)
	return nil
}

// reconnect starts afresh: a connection that failed would refuse calls for a while
// without trying.
func (c *client) reconnect() error {
	c.close()
	return c.connect()
}

func (c *client) close() { _ = c.conn.Close() } // nothing is in flight any more

func (f *clientFlags) say(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, actorKey, url.PathEscape(f.actor))
}

func (f *clientFlags) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return readable(call(f.say(ctx), method, req, reply, cc, opts...), f.server)
}

func (f *clientFlags) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := open(f.say(ctx), desc, cc, method, opts...)
	if err != nil {
		return nil, readable(err, f.server)
	}
	return readableStream{s, f.server}, nil
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
