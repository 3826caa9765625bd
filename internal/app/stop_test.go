package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Streams that are open for days, a dialler's and a balancer's, don't hold up a stop:
// they would use up the grace period that others need.
func TestStopEndsEndlessStreams(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cfg := testConfig(t.TempDir())
	cfg.ShutdownGrace = time.Hour
	s := start(t, cfg)
	asking, err := s.Gate.CheckNumbers(ctx)
	require.NoError(t, err)
	require.NoError(t, asking.Send(&pb.CheckNumbersRequest{Numbers: []string{"13800138000"}}))
	answer, err := asking.Recv()
	require.NoError(t, err)
	require.True(t, answer.GetAnswers()[0].GetAllowed())
	watching, err := healthpb.NewHealthClient(s.Conn).Watch(ctx, &healthpb.HealthCheckRequest{})
	require.NoError(t, err)
	_, err = watching.Recv()
	require.NoError(t, err)

	stopped := make(chan error, 1)
	go func() { stopped <- s.stop() }()
	select {
	case err := <-stopped:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		require.FailNow(t, "the stop waits for a stream")
	}
	_, err = asking.Recv()
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.ErrorContains(t, err, "stopping")
}
