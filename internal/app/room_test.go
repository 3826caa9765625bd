package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/grpcapi"
)

func TestRoomIsMeasuredSeldom(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	measured, fails := int64(0), error(nil)
	r := &room{now: func() time.Time { return now }, measure: func(context.Context) (grpcapi.Disk, error) {
		measured++
		return grpcapi.Disk{Free: measured}, fails
	}}
	for _, tt := range []struct {
		name  string
		later time.Duration
		free  int64
	}{
		{"at first", 0, 1}, {"at once", 0, 1}, {"shortly after", roomAge - 1, 1}, {"when it is old", 1, 2},
		{"after the clock was set back", -time.Hour, 3},
	} {
		now = now.Add(tt.later)
		d, err := r.get(t.Context())
		require.NoError(t, err)
		require.Equal(t, tt.free, d.Free, tt.name)
	}
	fails = errors.New("boom")
	now = now.Add(roomAge)
	_, err := r.get(t.Context())
	require.ErrorIs(t, err, fails)
	fails = nil
	d, err := r.get(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 5, d.Free, "a failure is not remembered")
}
