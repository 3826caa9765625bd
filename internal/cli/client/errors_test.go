package client

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func TestReadableErrors(t *testing.T) {
	t.Parallel()
	plain := errors.New("plain")
	require.Equal(t, plain, readable(plain, "a:1"))
	details := status.New(codes.InvalidArgument, "the request is not valid; number is empty")
	details, err := details.WithDetails(&errdetails.ErrorInfo{Reason: "INVALID_REQUEST"},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "number", Description: "is empty"},
			{Field: "agent", Description: "has 200 bytes"}}})
	require.NoError(t, err)
	stopping, err := status.New(codes.Unavailable,
		"the server is stopping").WithDetails(&errdetails.ErrorInfo{Reason: "STOPPING"})
	require.NoError(t, err)
	for _, tt := range []struct {
		name, want string
		err        error
		passes     bool
	}{
		{"fields", "number is empty; agent has 200 bytes", details.Err(), false},
		{"refused connection", "no server can be reached at a:1 (connection refused); start one " +
			"with: refrain serve, or name another with --server ADDRESS",
			status.Error(codes.Unavailable,
				`connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:1: connect: connection refused"`), true},
		{"the port of HTTP", "what answers at a:1 is no gRPC port (is it the one of HTTP? gRPC is usually 7430, " +
			"and HTTP 7431); name the other with --server ADDRESS",
			status.Error(codes.Unavailable, `connection error: desc = "error reading server preface: http2: failed `+
				`reading the frame payload: http2: frame too large, note that the frame header looked like an HTTP/1.1 header"`), true},
		{"the server's own word", "the server is stopping", stopping.Err(), true},
		{"other version", "the server at a:1 doesn't know this request; is it a Refrain of " +
			"another version?",
			status.Error(codes.Unimplemented, "unknown method X"), false},
		{"interrupted", "interrupted", status.Error(codes.Canceled, "context canceled"), false},
	} {
		got := readable(tt.err, "a:1")
		require.EqualError(t, got, tt.want, tt.name)
		require.Equal(t, tt.passes, Temporary(got), tt.name)
	}
}

func TestSee(t *testing.T) {
	t.Parallel()
	plain := errors.New("plain")
	require.Equal(t, plain, See(plain, "refrain review list"))
	none, err := status.New(codes.NotFound, "there is no such suspect").WithDetails(&errdetails.ErrorInfo{Reason: "NOT_FOUND"})
	require.NoError(t, err)
	require.EqualError(t, See(readable(none.Err(), "a:1"), "refrain review list"),
		"there is no such suspect; see those that there are with: refrain review list")
}

// Whoever names a port of HTTP is told so, and not of frames.
func TestPortOfHTTP(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	f := flagsOf(t, map[string]string{"HOME": t.TempDir()}, "--server", web.Listener.Addr().String())
	err := f.With(func(cl *Client) error {
		_, err := cl.Status.GetStatus(t.Context(), &pb.GetStatusRequest{})
		return err
	})
	require.ErrorContains(t, err, "is no gRPC port")
}
