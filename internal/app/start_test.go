package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/types/known/timestamppb"

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
