package grpcapi

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// bytesAsTheyAre sends what clients send that check nothing.
type bytesAsTheyAre struct{}

// Name implements encoding.Codec.
func (bytesAsTheyAre) Name() string { return "proto" }

// Marshal implements encoding.Codec.
func (bytesAsTheyAre) Marshal(v any) ([]byte, error) { return v.([]byte), nil }

// Unmarshal implements encoding.Codec.
func (bytesAsTheyAre) Unmarshal(b []byte, v any) error { *v.(*[]byte) = b; return nil }

// A request that can't be read is the caller's mistake: INTERNAL would count as no answer.
func TestUnreadableRequests(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	l := b.listener
	conn, err := grpc.NewClient("passthrough:///bench", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(bytesAsTheyAre{})))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	text := func(field byte, s string) string { return string([]byte{field<<3 | 2, byte(len(s))}) + s }
	inside := func(field byte, message string) string { return text(field, message) }
	const gbk = "\xc0\xee\xcb\xc4" // 李四
	for _, tt := range []struct{ name, method, message, reason string }{
		{"an agent in GBK", pb.GateService_CheckNumber_FullMethodName, text(1, "13800138000") + text(4, gbk), "NOT_UTF8"},
		{"a reservation", pb.GateService_ReserveCall_FullMethodName, text(1, gbk), "NOT_UTF8"},
		{"a report, further inside", pb.CallService_ReportCall_FullMethodName, inside(1, text(1, gbk)), "NOT_UTF8"},
		{"a freeze", pb.FreezeService_CreateFreeze_FullMethodName, text(2, gbk), "NOT_UTF8"},
		{"a list", pb.RecordingService_ListRecordings_FullMethodName, text(4, gbk), "NOT_UTF8"},
		{"health", "/grpc.health.v1.Health/Check", text(1, gbk), "NOT_UTF8"},
		{"no message at all", pb.GateService_CheckNumber_FullMethodName, "\x0a\xff", "UNREADABLE"},
		{"a text cut off", pb.GateService_CheckNumber_FullMethodName, "\x0a\x05abc", "UNREADABLE"},
	} {
		var got []byte
		err := conn.Invoke(t.Context(), tt.method, []byte(tt.message), &got)
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%s: %v", tt.name, err)
		require.Equal(t, tt.reason, apitest.Reason(err), tt.name)
	}
	for _, tt := range []struct{ name, method, message string }{
		{"numbers in a stream", pb.GateService_CheckNumbers_FullMethodName, text(1, gbk)},
		{"an upload", pb.RecordingService_UploadRecording_FullMethodName, inside(1, text(4, gbk))},
		{"a watch", pb.RecordingService_WatchRecording_FullMethodName, text(1, gbk)},
	} {
		stream, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, tt.method)
		require.NoError(t, err)
		require.NoError(t, stream.SendMsg([]byte(tt.message)))
		require.NoError(t, stream.CloseSend())
		var got []byte
		err = stream.RecvMsg(&got)
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%s: %v", tt.name, err)
		require.Equal(t, "NOT_UTF8", apitest.Reason(err), tt.name)
	}
	_, err = b.Gate.CheckNumber(t.Context(), &pb.CheckNumberRequest{Number: "13800138000", Agent: "李四"})
	require.NoError(t, err)
}
