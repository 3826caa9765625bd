package app_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/config"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
)

// change writes into the database of a server that doesn't run.
func change(t *testing.T, cfg config.Config, query string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+in(cfg.Data, "refrain.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.ExecContext(t.Context(), query, args...)
	require.NoError(t, err)
}

// state is how far a recording has come.
func (s *server) state(t *testing.T, name string) pb.Recording_State {
	t.Helper()
	resp, err := s.Recordings.GetRecording(t.Context(), &pb.GetRecordingRequest{Name: name})
	require.NoError(t, err)
	return resp.GetRecording().GetState()
}

// versioned is what a server calls itself.
func versioned(version string) func(*app.Options) {
	return func(o *app.Options) { o.Version = version }
}

// What a crash loop parked is heard after the next good start, though whatever kills the server
// time and again is left alone. Each parking is logged.
func TestCrashLoopParksNothingForGood(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	s := start(t, cfg, versioned("v1"))
	resp, err := s.Upload(t.Context(), &pb.RecordingMetadata{CallId: "20261128-13900005678-1", Number: "13900005678",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT}, bytes.NewReader(sample(t, refusalSample)))
	require.NoError(t, err)
	name := resp.GetRecording().GetName()
	s.final(t.Context(), t, name)
	require.NoError(t, s.stop())
	// the server dies in the last attempt that there may be
	dies := func() {
		change(t, cfg, `UPDATE recordings SET state = 'running', attempts = $1`, recording.MaxAttempts)
	}
	dies()

	log := newLogbook()
	s = start(t, cfg, versioned("v1"), logTo(log))
	parked := log.Wait(t, 1, "level=ERROR", "recording parked", "reason=SERVER_STOPPED")
	require.Contains(t, parked, "call=20261128-139****5678-1")
	require.Contains(t, parked, "refrain recording retry")
	require.Equal(t, pb.Recording_STATE_PARKED, s.state(t, name), "the loop may go on")
	require.NoError(t, s.stop())

	log = newLogbook()
	s = start(t, cfg, versioned("v1"), logTo(log))
	require.Equal(t, pb.Recording_STATE_DONE, s.final(t.Context(), t, name).GetState())
	log.Wait(t, 1, "level=WARN", "taking up recordings that were parked", "recordings=1")
	require.NoError(t, s.stop())

	for _, then := range []struct {
		version string
		reason  string
		want    pb.Recording_State
	}{
		{"v1", recording.ServerStopped, pb.Recording_STATE_PARKED}, // once
		{"v1", recording.SpeechDied, pb.Recording_STATE_PARKED},
		{"v2", recording.AudioUnreadable, pb.Recording_STATE_PARKED}, // that is its own fault
		{"v2", recording.SpeechDied, pb.Recording_STATE_DONE},
	} {
		change(t, cfg, `UPDATE recordings SET state = 'parked', problem_reason = $1`, then.reason)
		s = start(t, cfg, versioned(then.version))
		if then.want == pb.Recording_STATE_DONE {
			s.final(t.Context(), t, name)
		}
		require.Equal(t, then.want, s.state(t, name), "%v", then)
		require.NoError(t, s.stop())
	}
}

// A server that lives on after a crash loop takes up itself what that parked.
func TestCrashLoopIsOverOnceAServerStands(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	s := start(t, cfg)
	rec := s.send(t.Context(), t, meta(1), sample(t, refusalSample))
	require.NoError(t, s.stop())
	change(t, cfg, fmt.Sprintf(`UPDATE recordings SET state = 'running', attempts = %d`,
		recording.MaxAttempts))
	hours := make(chan time.Time)
	s = start(t, cfg, func(o *app.Options) {
		o.Every = func(d time.Duration) (<-chan time.Time, func()) {
			if d == time.Hour {
				return hours, func() {}
			}
			return nil, func() {}
		}
	})
	require.Equal(t, pb.Recording_STATE_PARKED, s.state(t, rec.GetName()))
	require.Eventually(t, func() bool {
		select {
		case hours <- time.Now():
		default:
		}
		return s.state(t, rec.GetName()) == pb.Recording_STATE_DONE
	}, time.Minute, 10*time.Millisecond)
}
