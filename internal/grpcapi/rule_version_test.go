package grpcapi

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/calls"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Rules are versions that are listed, read and put in force again.
func TestRuleVersions(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := newBench(t, goBy(clock))
	shipped := calls.Default().Version
	got, err := s.Rules.GetRules(ctx, &pb.GetRulesRequest{})
	require.NoError(t, err)
	require.Equal(t, shipped, got.GetRules().GetVersion())
	require.True(t, got.GetRules().GetActive())
	require.Empty(t, got.GetRules().GetActor())
	require.Empty(t, got.GetRules().GetHours())
	require.Equal(t, "calendar day, Asia/Shanghai", got.GetRules().GetRules()[0].GetWindow())

	_,
		err = s.Rules.ActivateRules(ctx,
		&pb.ActivateRulesRequest{Rules: &pb.ActivateRulesRequest_Source{Source: denyAfter(3)}})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	_, err = s.Rules.ActivateRules(as(ctx, "li"), &pb.ActivateRulesRequest{})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	incomplete := &pb.ActivateRulesRequest_Source{Source: "rules:\n- {name: x}\n"}
	_, err = s.Rules.ActivateRules(as(ctx, "li"), &pb.ActivateRulesRequest{Rules: incomplete})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.ErrorContains(t, err, "line 2: when is missing")
	clock.Later(time.Second)
	first := activate(t, s, denyAfter(3))
	clock.Later(time.Second)
	second := activate(t, s, denyAfter(4))
	clock.Later(time.Second)
	back, err := s.Rules.ActivateRules(as(ctx, "wang"), &pb.ActivateRulesRequest{
		Rules: &pb.ActivateRulesRequest_Version{Version: first.GetVersion()}, RequestId: "q1"})
	require.NoError(t, err)
	require.Equal(t, "wang", back.GetRules().GetActor())
	require.Equal(t, denyAfter(3), back.GetRules().GetSource())
	clock.Later(time.Second)
	activate(t, s, denyAfter(4))
	late, err := s.Rules.ActivateRules(as(ctx, "wang"), &pb.ActivateRulesRequest{
		Rules: &pb.ActivateRulesRequest_Version{Version: first.GetVersion()}, RequestId: "q1"})
	require.NoError(t, err)
	require.False(t, late.GetRules().GetActive(), "a late repetition took the newer rules out of "+
		"force")

	var versions []string
	req := &pb.ListRuleVersionsRequest{PageSize: 2}
	for {
		page, err := s.Rules.ListRuleVersions(ctx, req)
		require.NoError(t, err)
		for _, v := range page.GetVersions() {
			versions = append(versions, v.GetVersion())
			require.Equal(t, v.GetVersion() == second.GetVersion(), v.GetActive())
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	require.Equal(t, []string{second.GetVersion(), first.GetVersion(), second.GetVersion(),
		first.GetVersion(), shipped}, versions)
	for _, name := range []string{"shipped", shipped} {
		got, err = s.Rules.GetRules(ctx, &pb.GetRulesRequest{Version: name})
		require.NoError(t, err)
		require.Equal(t, shipped, got.GetRules().GetVersion())
		require.False(t, got.GetRules().GetActive())
	}
	_, err = s.Rules.GetRules(ctx, &pb.GetRulesRequest{Version: "nobody-knows@00000000"})
	require.Equal(t, codes.NotFound, status.Code(err))

	checked, err := s.Rules.CheckRules(ctx,
		&pb.CheckRulesRequest{Source: "rules:\n- {name: x, wen: \"true\"}\n"})
	require.NoError(t, err)
	require.Nil(t, checked.GetRules())
	require.EqualValues(t, 2, checked.GetProblems()[0].GetLine())
	require.Contains(t, checked.GetProblems()[0].GetMessage(), `did you mean "when"?`)
	checked, err = s.Rules.CheckRules(ctx,
		&pb.CheckRulesRequest{Source: strings.Repeat("#", 1<<20)})
	require.NoError(t, err)
	require.NotEmpty(t, checked.GetProblems())
	checked, err = s.Rules.CheckRules(ctx, &pb.CheckRulesRequest{Source: denyAfter(9)})
	require.NoError(t, err)
	require.Empty(t, checked.GetProblems())
	require.EqualValues(t, 9, checked.GetRules().GetRules()[0].GetLimit())
}
