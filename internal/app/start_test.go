package app_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/datadir"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// What the configuration gives at the first start judges the calls of before, too; and
// what comes with another Refrain judges those of later only.
func TestTheFirstRules(t *testing.T) {
	t.Parallel()
	clock := newClock()
	cfg := testConfig(t.TempDir())
	require.NoError(t, yaml.Unmarshal([]byte("{name: own, rules: []}"), &cfg.Rules))
	s := start(t, cfg, goBy(clock))
	for i := range 3 {
		began := clock.Now().AddDate(0, 0, -2).Add(time.Duration(i) * time.Minute)
		old := &pb.Call{CallId: fmt.Sprint("old-", i), Number: "13800138000",
			StartTime: timestamppb.New(began), Outcome: pb.Outcome_OUTCOME_REJECTED}
		resp, err := s.Calls.ReportCall(t.Context(), &pb.ReportCallRequest{Call: old})
		require.NoError(t, err)
		require.Empty(t, resp.GetResult().GetFreezes(), "the shipped rules were never chosen")
	}
	require.NoError(t, s.stop())
}

// A server whose data directory isn't there yet makes it, with its tables and its key, and works with that after a restart.
// Other tests give it its tables; see apptest.Tables.
func TestTheFirstStart(t *testing.T) {
	t.Parallel()
	cfg := testConfig(filepath.Join(t.TempDir(), "new"))
	s := start(t, cfg)
	rec := s.send(t.Context(), t, meta(1), sample(t, refusalSample))
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
	require.NoError(t, s.stop())
	for _, name := range []string{datadir.DBFile, datadir.KeyFile} {
		require.FileExists(t, cfg.Path(name))
	}
	s = start(t, cfg)
	got, err := s.Recordings.GetRecording(t.Context(), &pb.GetRecordingRequest{Name: rec.GetName()})
	require.NoError(t, err)
	require.True(t, got.GetRecording().GetJudgement().GetSuspect())
}
