package app_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// A stop does not wait for jobs longer than the grace period: they go back into the
// queue without counting an attempt, and the next start finishes them.
func TestStopHandsJobsBack(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cfg := testConfig(t.TempDir())
	cfg.ShutdownGrace = time.Millisecond
	s := start(t, cfg)
	resp, err := s.Upload(ctx, meta(1), bytes.NewReader(call(t, 77, 3*time.Minute)))
	require.NoError(t, err)
	name := resp.GetRecording().GetName()
	s.running(ctx, t, name)
	require.NoError(t, s.stop())

	s = start(t, testConfig(cfg.Data))
	rec := s.final(ctx, t, name)
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
	require.EqualValues(t, 1, rec.GetAttempts(), "what the stop broke off counted")
}
