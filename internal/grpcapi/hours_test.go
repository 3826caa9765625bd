package grpcapi

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/internal/config"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// One line turns the calling hours on, for everybody, the allow list too.
func TestCallingHours(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), config.FileName)
	require.NoError(t, os.WriteFile(file, []byte("rules: {hours: {enabled: true}}\n"), 0o600))
	cfg, err := config.Load(file)
	require.NoError(t, err)
	clock := newClock()
	s := newBench(t, goBy(clock), func(b *bench) { b.cfg.Rules = cfg.Rules })
	n := phone(1)
	_, err = s.Freezes.AllowNumber(as(t.Context(), "ops"),
		&pb.AllowNumberRequest{Number: n, Reason: "asked for it",
			End: &pb.AllowNumberRequest_Period{Period: durationpb.New(24 * time.Hour)}})
	require.NoError(t, err)
	require.True(t, s.Ask(t, n).GetAllowed())
	clock.Later(11 * time.Hour) // 21:00
	a := s.Ask(t, n)
	require.Equal(t, pb.Answer_REASON_HOURS, a.GetReason())
	require.Equal(t, time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC), a.GetUntil().AsTime())
	require.Equal(t, "不在允许外呼的时段（08:00-21:00，北京时间），请于 2026-03-03 "+
		"08:00（北京时间）起拨打。", a.GetSentenceZh())
	require.True(t, s.Ask(t, n, at(tenOClock)).GetAllowed())
	reserved, err := s.Gate.ReserveCall(t.Context(), &pb.ReserveCallRequest{CallId: "c", Number: n})
	require.NoError(t, err)
	require.Equal(t, pb.Answer_REASON_HOURS, reserved.GetAnswer().GetReason())
	require.Nil(t, reserved.GetExpireTime())

	got, err := s.Rules.GetRules(t.Context(), &pb.GetRulesRequest{})
	require.NoError(t, err)
	require.Equal(t, "08:00-21:00", got.GetRules().GetHours())
	require.Equal(t, "configuration", got.GetRules().GetActor())
	require.Len(t, got.GetRules().GetRules(), 2, "the shipped rules go on")
	_, err = s.Rules.ActivateRules(as(t.Context(), "li"),
		&pb.ActivateRulesRequest{Rules: &pb.ActivateRulesRequest_Version{Version: "shipped"}})
	require.Equal(t, "RULES_CONFIGURED", reason(err))

	s.restart(t)
	versions, err := s.Rules.ListRuleVersions(t.Context(), &pb.ListRuleVersionsRequest{})
	require.NoError(t, err)
	require.Len(t, versions.GetVersions(), 1, "a restart with the same rules changes nothing")
	s.cfg.Rules = config.Default().Rules
	s.restart(t)
	require.Equal(t, pb.Answer_REASON_NONE, s.Ask(t, n).GetReason(), "the line was taken out")
	before := &pb.ActivateRulesRequest_Version{Version: got.GetRules().GetVersion()}
	_, err = s.Rules.ActivateRules(as(t.Context(), "li"), &pb.ActivateRulesRequest{Rules: before})
	require.NoError(t, err)
	require.Equal(t, pb.Answer_REASON_HOURS, s.Ask(t, n).GetReason())
}
