package app_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/keywords/lexicon"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// A lexicon takes effect for new recordings without a restart, survives one, and can
// be rolled back; each verdict keeps the version that gave it.
func TestActivateLexicon(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	s := start(t, testConfig(dir))
	client := pb.NewLexiconServiceClient(s.conn)
	source := string(lexicon.Default().Source())
	version := lexicon.Default().Version
	other := strings.Replace(source, "version: "+version, "version: other-1", 1)
	require.NotEqual(t, source, other)

	judged := func(id int) string {
		rec := s.send(ctx, t, meta(id), sample(t, refusalSample))
		require.True(t, rec.GetJudgement().GetSuspect(), "%v", rec)
		return rec.GetJudgement().GetLexicon()
	}
	require.True(t, strings.HasPrefix(judged(1), version))

	_, err := client.ActivateLexicon(ctx, &pb.ActivateLexiconRequest{Lexicon: &pb.ActivateLexiconRequest_Source{Source: other}})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	_, err = client.ActivateLexicon(as(ctx, "li"), &pb.ActivateLexiconRequest{Lexicon: &pb.ActivateLexiconRequest_Source{Source: other + "\nnonsense: 1\n"}})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.Contains(t, err.Error(), "nonsense")
	active, err := client.ActivateLexicon(as(ctx, "li"), &pb.ActivateLexiconRequest{Lexicon: &pb.ActivateLexiconRequest_Source{Source: other}, RequestId: "a1"})
	require.NoError(t, err)
	require.True(t, active.GetLexicon().GetActive())
	require.True(t, strings.HasPrefix(judged(2), "other-1"))

	require.NoError(t, s.stop())
	s = start(t, testConfig(dir))
	client = pb.NewLexiconServiceClient(s.conn)
	got, err := client.GetLexicon(ctx, &pb.GetLexiconRequest{})
	require.NoError(t, err)
	require.Equal(t, active.GetLexicon().GetVersion(), got.GetLexicon().GetVersion())
	require.Equal(t, "li", got.GetLexicon().GetActor())

	_, err = client.ActivateLexicon(as(ctx, "li"), &pb.ActivateLexiconRequest{Lexicon: &pb.ActivateLexiconRequest_Version{Version: "default"}})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(judged(3), version))
	late, err := client.ActivateLexicon(as(ctx, "li"), &pb.ActivateLexiconRequest{Lexicon: &pb.ActivateLexiconRequest_Source{Source: other}, RequestId: "a1"})
	require.NoError(t, err)
	require.False(t, late.GetLexicon().GetActive(), "a late repetition took the newer lexicon out of force")
	list, err := client.ListLexicons(ctx, &pb.ListLexiconsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetLexicons(), 2)
	_, err = client.GetLexicon(ctx, &pb.GetLexiconRequest{Version: "nobody-knows"})
	require.Equal(t, codes.NotFound, status.Code(err))
}

// A dialogue can be tried against a lexicon before it is activated.
func TestTryLexicon(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := start(t, testConfig(t.TempDir()))
	client := pb.NewLexiconServiceClient(s.conn)
	resp, err := client.TestLexicon(ctx, &pb.TestLexiconRequest{Turns: []*pb.Turn{
		{Side: pb.Side_SIDE_AGENT, Text: "您不需要吗？"}, {Text: "不是没兴趣，现在忙。"}, {Side: pb.Side_SIDE_AGENT, Text: "那您看？"}, {Text: "别再打了！"},
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

	checked, err := client.CheckLexicon(ctx, &pb.CheckLexiconRequest{Source: "version: x\nclases: []\n"})
	require.NoError(t, err)
	require.NotEmpty(t, checked.GetProblems())
	checked, err = client.CheckLexicon(ctx, &pb.CheckLexiconRequest{Source: strings.Repeat("#", 1<<20+1)})
	require.NoError(t, err)
	require.Contains(t, checked.GetProblems()[0].GetMessage(), "the most is 1048576")
	_, err = client.TestLexicon(ctx, &pb.TestLexiconRequest{})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}
