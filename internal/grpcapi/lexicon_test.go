package grpcapi

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// A dialogue can be tried against a lexicon before it is activated.
func TestTryLexicon(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := newBench(t)
	resp, err := s.Lexicons.TestLexicon(ctx, &pb.TestLexiconRequest{Turns: []*pb.Turn{
		{Side: pb.Side_SIDE_AGENT, Text: "您不需要吗？"}, {Text: "不是没兴趣，现在忙。"},
		{Side: pb.Side_SIDE_AGENT, Text: "那您看？"}, {Text: "别再打了！"},
	}})
	require.NoError(t, err)
	require.True(t, resp.GetSuspect())
	var counting, vetoed []int32
	for _, h := range resp.GetHits() {
		if h.GetVeto() == nil {
			counting = append(counting, h.GetSegment())
		} else {
			vetoed = append(vetoed, h.GetSegment())
		}
	}
	require.Contains(t, counting, int32(3))
	require.NotContains(t, counting, int32(1))
	require.Contains(t, vetoed, int32(1))

	require.Len(t, resp.GetExplanations(), 2)
	require.Contains(t, resp.GetExplanations()[0], "negated")

	checked, err := s.Lexicons.CheckLexicon(ctx,
		&pb.CheckLexiconRequest{Source: "version: x\nclases: []\n"})
	require.NoError(t, err)
	require.NotEmpty(t, checked.GetProblems())
	checked, err = s.Lexicons.CheckLexicon(ctx,
		&pb.CheckLexiconRequest{Source: strings.Repeat("#", 1<<20+1)})
	require.NoError(t, err)
	require.Contains(t, checked.GetProblems()[0].GetMessage(), "the most is 1048576")
	_, err = s.Lexicons.TestLexicon(ctx, &pb.TestLexiconRequest{})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}
