package grpcapi

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// A stream ends with the key by which it was let in, and not with another's.
func TestStreamsEndWithTheirKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := keyed(t.Context(), t, b, &pb.AddKeyRequest{KeyId: "admin", Role: pb.Role_ROLE_ADMIN})
	rec, err := b.Upload(admin, &pb.RecordingMetadata{CallId: "1", Number: "13800138000",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT}, bytes.NewReader(wav(400)))
	require.NoError(t, err)
	watch := func(ctx context.Context) pb.RecordingService_WatchRecordingClient {
		stream, err := b.Recordings.WatchRecording(ctx, &pb.WatchRecordingRequest{Name: rec.GetRecording().GetName()})
		require.NoError(t, err)
		_, err = stream.Recv()
		require.NoError(t, err, "it waits in the queue")
		return stream
	}
	desk := keyed(admin, t, b, &pb.AddKeyRequest{KeyId: "desk", Role: pb.Role_ROLE_REVIEWER})
	dialler := keyed(admin, t, b, &pb.AddKeyRequest{KeyId: "dialler", Role: pb.Role_ROLE_DIALLER})
	watched := watch(desk)
	checks, err := b.Gate.CheckNumbers(dialler)
	require.NoError(t, err)
	check := func() error {
		if err := checks.Send(&pb.CheckNumbersRequest{Numbers: []string{"13800138000"}}); err != nil {
			return err
		}
		_, err := checks.Recv()
		return err
	}
	require.NoError(t, check())
	revoke := func(key string) {
		_, err := b.Keys.RevokeKey(admin, &pb.RevokeKeyRequest{Name: "keys/" + key, Reason: "it leaked"})
		require.NoError(t, err)
	}
	revoke("desk")
	_, err = watched.Recv()
	require.Equal(t, []string{"KEY_REVOKED", codes.Unauthenticated.String()}, []string{reason(err), status.Code(err).String()})
	require.NoError(t, check(), "another's goes on")
	revoke("dialler")
	require.Eventually(t, func() bool { return check() != nil }, time.Minute, time.Millisecond)
}
