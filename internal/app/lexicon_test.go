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

	_, err := s.Lexicons.ActivateLexicon(ctx,
		&pb.ActivateLexiconRequest{Lexicon: &pb.ActivateLexiconRequest_Source{Source: other}})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	_, err = s.Lexicons.ActivateLexicon(as(ctx, "li"),
		&pb.ActivateLexiconRequest{Lexicon: &pb.ActivateLexiconRequest_Source{Source: other +
			"\nnonsense: 1\n"}})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.Contains(t, err.Error(), "nonsense")
	active, err := s.Lexicons.ActivateLexicon(as(ctx, "li"),
		&pb.ActivateLexiconRequest{Lexicon: &pb.ActivateLexiconRequest_Source{Source: other},
			RequestId: "a1"})
	require.NoError(t, err)
	require.True(t, active.GetLexicon().GetActive())
	require.True(t, strings.HasPrefix(judged(2), "other-1"))

	require.NoError(t, s.stop())
	s = start(t, testConfig(dir))
	got, err := s.Lexicons.GetLexicon(ctx, &pb.GetLexiconRequest{})
	require.NoError(t, err)
	require.Equal(t, active.GetLexicon().GetVersion(), got.GetLexicon().GetVersion())
	require.Equal(t, "li", got.GetLexicon().GetActor())
	require.Equal(t, other, got.GetLexicon().GetSource())
	short, err := s.Lexicons.GetLexicon(ctx, &pb.GetLexiconRequest{WithoutSource: true})
	require.NoError(t, err)
	require.Empty(t, short.GetLexicon().GetSource())
	require.Len(t, short.GetLexicon().GetClasses(), len(got.GetLexicon().GetClasses()))

	_, err = s.Lexicons.ActivateLexicon(as(ctx, "li"),
		&pb.ActivateLexiconRequest{Lexicon: &pb.ActivateLexiconRequest_Version{Version: "default"}})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(judged(3), version))
	late, err := s.Lexicons.ActivateLexicon(as(ctx, "li"),
		&pb.ActivateLexiconRequest{Lexicon: &pb.ActivateLexiconRequest_Source{Source: other},
			RequestId: "a1"})
	require.NoError(t, err)
	require.False(t, late.GetLexicon().GetActive(), "a late repetition took the newer lexicon "+
		"out of force")
	list, err := s.Lexicons.ListLexicons(ctx, &pb.ListLexiconsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetLexicons(), 2)
	_, err = s.Lexicons.GetLexicon(ctx, &pb.GetLexiconRequest{Version: "nobody-knows"})
	require.Equal(t, codes.NotFound, status.Code(err))
}
