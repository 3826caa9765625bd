package grpcapi

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPace(t *testing.T) {
	t.Parallel()
	var p Pace
	started := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	none := p.toProto(started, started)
	require.Zero(t, none.GetSpeed()+none.GetSpeedLastHour())
	require.Nil(t, none.RealTimeFactor)

	p.Heard(started.Add(time.Minute), 10*time.Minute, 2*time.Minute)
	at := p.toProto(started, started.Add(5*time.Minute))
	require.Equal(t, 10*time.Minute, at.GetHeardLastHour().AsDuration())
	require.InDelta(t, 2, at.GetSpeedLastHour(), 1e-9, "of the time since the start")
	require.InDelta(t, 2, at.GetSpeed(), 1e-9)
	require.InDelta(t, 0.2, at.GetRealTimeFactor(), 1e-9)

	for i := range 180 {
		p.Heard(started.Add(time.Hour+time.Duration(i)*time.Minute), 30*time.Second, 15*time.Second)
	}
	at = p.toProto(started, started.Add(4*time.Hour-time.Second))
	require.Equal(t, 30*time.Minute, at.GetHeardLastHour().AsDuration())
	require.Equal(t, 100*time.Minute, at.GetHeard().AsDuration())
	require.InDelta(t, 0.5, at.GetSpeedLastHour(), 1e-3)
	require.InDelta(t, 100.0/240, at.GetSpeed(), 1e-3)
	require.InDelta(t, 0.5, at.GetRealTimeFactor(), 1e-9)

	at = p.toProto(started, started.Add(10*time.Hour))
	require.Zero(t, at.GetHeardLastHour().AsDuration(), "what is older than an hour is forgotten")
	require.InDelta(t, 47.0/100, at.GetRealTimeFactor(), 1e-9, "then all that was heard counts")
}
