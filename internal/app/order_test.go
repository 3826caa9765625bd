package app_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// uploadAll sends n calls of that priority and source, the wav for each, and gives their names.
func (s *server) uploadAll(
	ctx context.Context, t *testing.T, n int, m *pb.RecordingMetadata, wav []byte,
) (names []string) {
	t.Helper()
	for i := range n {
		each := &pb.RecordingMetadata{CallId: fmt.Sprintf("%s-%s-%d", m.GetSource(), m.GetPriority(), i),
			Number: "13800138000", CustomerChannel: pb.Channel_CHANNEL_RIGHT, Source: m.GetSource(),
			Priority: m.GetPriority()}
		resp, err := s.Upload(ctx, each, bytes.NewReader(wav))
		require.NoError(t, err)
		names = append(names, resp.GetRecording().GetName())
	}
	return names
}

// A live call that comes while a backlog fills everything is judged before most of it, and so
// is one that comes while long files are being heard.
func TestALiveCallIsHeardFirst(t *testing.T) {
	t.Parallel()
	for _, shared := range []bool{true, false} {
		t.Run(fmt.Sprintf("shared windows %t", shared), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			cfg := testConfig(t.TempDir())
			cfg.Speech.States, cfg.Speech.ShareWindows = 1, shared
			var gate apitest.Gate
			s := start(t, cfg, behind(&gate))
			backlog := pb.Priority_PRIORITY_BACKLOG
			long := s.uploadAll(ctx, t, 3, &pb.RecordingMetadata{Source: "long", Priority: backlog},
				call(t, 1, 2*time.Minute))
			s.running(ctx, t, long[0])
			waiting := s.uploadAll(ctx, t, 30, &pb.RecordingMetadata{Source: "dump", Priority: backlog},
				call(t, 2, 15*time.Second))
			live := s.uploadAll(ctx, t, 1, &pb.RecordingMetadata{Source: "pbx"},
				sample(t, refusalSample))
			s.running(ctx, t, live[0])
			gate.Open()

			rec := s.final(ctx, t, live[0])
			require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
			require.True(t, rec.GetJudgement().GetSuspect())
			require.Equal(t, pb.Priority_PRIORITY_LIVE, rec.GetPriority())
			status, err := s.Status.GetStatus(ctx, &pb.GetStatusRequest{})
			require.NoError(t, err)
			require.Greater(t, status.GetWaiting()[1].GetCount(), int64(15), "%v", status)
			for _, name := range long {
				got, err := s.Recordings.GetRecording(ctx, &pb.GetRecordingRequest{Name: name})
				require.NoError(t, err)
				require.NotEqual(t, pb.Recording_STATE_DONE, got.GetRecording().GetState())
			}
			last, err := s.Recordings.GetRecording(ctx, &pb.GetRecordingRequest{Name: waiting[29]})
			require.NoError(t, err)
			require.Equal(t, pb.Recording_STATE_QUEUED, last.GetRecording().GetState())
		})
	}
}

// Ten calls of one source don't wait for all of another's of the same priority.
func TestSourcesShare(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cfg := testConfig(t.TempDir())
	cfg.Speech.States = 1
	var gate apitest.Gate
	s := start(t, cfg, behind(&gate))
	dump := s.uploadAll(ctx, t, 16, &pb.RecordingMetadata{Source: "dump"}, call(t, 1, 35*time.Second))
	few := s.uploadAll(ctx, t, 2, &pb.RecordingMetadata{Source: "few"}, call(t, 2, 8*time.Second))
	gate.Open()
	for _, name := range few {
		s.final(ctx, t, name)
	}
	last, err := s.Recordings.GetRecording(ctx, &pb.GetRecordingRequest{Name: dump[15]})
	require.NoError(t, err)
	require.Equal(t, pb.Recording_STATE_QUEUED, last.GetRecording().GetState())
}

// Priority and line stay with a recording whose beginning is replaced by its whole, over a
// restart and a retry.
func TestPriorityAndLineStay(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cfg := testConfig(t.TempDir())
	cfg.ShutdownGrace = time.Millisecond
	var gate apitest.Gate
	gate.Open()
	s := start(t, cfg, behind(&gate))
	m := meta(1)
	m.Priority, m.Line = pb.Priority_PRIORITY_BACKLOG, "trunk-7"
	wav := call(t, 1, time.Minute)
	resp, err := s.Upload(ctx, m, bytes.NewReader(wav[:len(wav)/8]))
	require.NoError(t, err)
	s.final(ctx, t, resp.GetRecording().GetName())
	gate.Shut()
	resp, err = s.Upload(ctx, meta(1), bytes.NewReader(wav))
	require.NoError(t, err)
	require.True(t, resp.GetReplaced())
	check := func(r *pb.Recording) {
		t.Helper()
		require.Equal(t, pb.Priority_PRIORITY_BACKLOG, r.GetPriority())
		require.Equal(t, "trunk-7", r.GetLine())
	}
	check(resp.GetRecording())
	s.running(ctx, t, resp.GetRecording().GetName())
	require.NoError(t, s.stop())
	s = start(t, testConfig(cfg.Data))
	check(s.final(ctx, t, resp.GetRecording().GetName()))
}
