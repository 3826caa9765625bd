package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// interestedSample is a call whose customer is interested.
const interestedSample = "05-interested.wav"

// suspects lists what waits for a reviewer, as they see it.
func (s *server) suspects(ctx context.Context, t *testing.T, req *pb.ListSuspectsRequest) []*pb.Suspect {
	t.Helper()
	list, err := s.Review.ListSuspects(ctx, req)
	require.NoError(t, err)
	return list.GetSuspects()
}

// fields names the fields of a message that are set, those within them included.
func fields(m protoreflect.Message, prefix string, into map[string]bool) map[string]bool {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		name := prefix + string(f.Name())
		into[name] = true
		if f.Message() != nil && !f.IsList() && !f.IsMap() {
			fields(v.Message(), name+".", into)
		}
		return true
	})
	return into
}

func told(m proto.Message) map[string]bool { return fields(m.ProtoReflect(), "", map[string]bool{}) }

// A call without a suspect is put before reviewers so that nobody can tell it from a suspect, and
// what they hear in it becomes a freeze, and a number in the report.
func TestBlindSamples(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := apitest.NewClock()
	cfg := testConfig(t.TempDir())
	cfg.Review.BlindShare, cfg.Review.BlindPerDay = 1, 2
	s := start(t, cfg, goBy(clock))
	sampled := s.send(ctx, t, meta(1), sample(t, interestedSample))
	require.False(t, sampled.GetJudgement().GetSuspect())
	require.Empty(t, sampled.GetJudgement().GetSuspectName())
	require.True(t, s.send(ctx, t, meta(2), sample(t, refusalSample)).GetJudgement().GetSuspect())
	s.send(ctx, t, meta(3), sample(t, "07-silent.wav")) // where nobody says anything

	list := s.suspects(as(ctx, "li"), t, &pb.ListSuspectsRequest{State: pb.Suspect_STATE_OPEN})
	require.Len(t, list, 2)
	byCall := map[string]*pb.Suspect{}
	for _, x := range list {
		byCall[x.GetCallId()] = x
		require.True(t, x.GetBlind())
		require.Equal(t, told(list[0]), told(x), "as much is told of the one as of the other")
		require.Equal(t, list[0].GetEtag(), x.GetEtag())
		require.Equal(t, list[0].GetLexicon(), x.GetLexicon())
		require.Equal(t, x.GetCreateTime().AsTime(), x.GetUpdateTime().AsTime())
		require.Empty(t, x.GetHits())
		got, err := s.Review.GetSuspect(ctx, &pb.GetSuspectRequest{Name: x.GetName()})
		require.NoError(t, err)
		require.True(t, proto.Equal(x, got.GetSuspect()))
		require.NotEmpty(t, got.GetTranscript().GetSegments())
		require.Empty(t, got.GetDecisions())
		require.Nil(t, got.GetAgentTranscript(), "it is heard around hits only")
	}
	require.Empty(t, s.suspects(ctx, t, &pb.ListSuspectsRequest{Class: "not_interested"}))
	for _, bounded := range []*pb.ListSuspectsRequest{{MinScore: 0.01}, {MaxScore: 1}} {
		require.Empty(t, s.suspects(ctx, t, bounded), "what is hidden has no score")
	}
	require.Len(t, s.suspects(ctx, t, &pb.ListSuspectsRequest{Order: pb.SuspectOrder_SUSPECT_ORDER_SCORE}), 2)
	counted, err := s.Review.CountSuspects(as(ctx, "li"), &pb.CountSuspectsRequest{})
	require.NoError(t, err)
	require.Len(t, counted.GetCounts().GetCounts(), 1)
	require.Empty(t, counted.GetCounts().GetCounts()[0].GetClass())
	require.EqualValues(t, 2, counted.GetCounts().GetWaitingCount())

	// Claimed and refused alike, too.
	var refusals []string
	var alike *pb.Suspect
	for _, x := range list {
		claimed, err := s.Review.ClaimSuspect(as(ctx, "li"), &pb.ClaimSuspectRequest{Name: x.GetName()})
		require.NoError(t, err)
		if alike == nil {
			alike = claimed.GetSuspect()
		}
		require.Equal(t, told(alike), told(claimed.GetSuspect()))
		_, err = s.Review.DecideSuspect(as(ctx, "li"), &pb.DecideSuspectRequest{Name: x.GetName(),
			Verdict: pb.Decision_VERDICT_CONFIRMED})
		require.ErrorContains(t, err, "class")
		refusals = append(refusals, err.Error())
		_, err = s.Review.DecideSuspect(as(ctx, "li"), &pb.DecideSuspectRequest{Name: x.GetName(),
			Verdict: pb.Decision_VERDICT_DISMISSED, Hits: []*pb.HitDecision{{Hit: 1}}})
		require.ErrorContains(t, err, "hidden")
	}
	require.Equal(t, refusals[0], refusals[1])

	kinds := map[string]pb.Suspect_Kind{"call-1": pb.Suspect_KIND_SAMPLE, "call-2": pb.Suspect_KIND_SUSPECT}
	for call, kind := range kinds {
		got, err := s.Review.DecideSuspect(as(ctx, "li"), &pb.DecideSuspectRequest{
			Name: byCall[call].GetName(), Verdict: pb.Decision_VERDICT_CONFIRMED, Class: "not_interested"})
		require.NoError(t, err)
		require.Equal(t, kind, got.GetSuspect().GetKind())
		require.NotEmpty(t, got.GetSuspect().GetDecision().GetFreeze())
		whole, err := s.Review.GetSuspect(ctx, &pb.GetSuspectRequest{Name: byCall[call].GetName()})
		require.NoError(t, err)
		require.Equal(t, kind == pb.Suspect_KIND_SUSPECT, whole.GetAgentTranscript() != nil)
		require.Equal(t, kind == pb.Suspect_KIND_SUSPECT, len(got.GetSuspect().GetHits()) > 0)
	}
	require.Equal(t, []bool{false, false}, s.AskAll(t, meta(1).GetNumber(), meta(2).GetNumber()))

	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	y, m, d := clock.Now().In(shanghai).Date()
	report, err := s.Reports.GetReport(ctx, &pb.GetReportRequest{
		StartTime: timestamppb.New(time.Date(y, m, d, 0, 0, 0, 0, shanghai)),
		EndTime:   timestamppb.New(time.Date(y, m, d+1, 0, 0, 0, 0, shanghai))})
	require.NoError(t, err)
	q := report.GetQuality()
	require.EqualValues(t, 1, q.GetConfirmed())
	require.EqualValues(t, 1, q.GetUnsuspected())
	require.EqualValues(t, 1, q.GetSamplesDecided())
	require.EqualValues(t, 1, q.GetSamplesConfirmed())
	require.InDelta(t, 0.5, q.GetRecall().GetValue(), 1e-9, "one was found, and one missed")
	require.InDelta(t, 1, q.GetPrecisionBlind().GetValue(), 0)
	require.Nil(t, q.GetPrecisionShown())

	// Two a day are enough, and the next day's are its own.
	for i := range 3 {
		s.send(ctx, t, meta(10+i), sample(t, interestedSample))
	}
	require.Len(t, s.suspects(ctx, t, &pb.ListSuspectsRequest{State: pb.Suspect_STATE_OPEN}), 1)
}

// A reviewer can't look up what was found in a call that he is to judge blindly, whether it made a suspect
// or not, in no way that leads to the recording; once it is decided he can. Others always can.
func TestBlindForReviewers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cfg := testConfig(t.TempDir())
	cfg.Review.BlindShare, cfg.Review.BlindPerDay = 1, 2
	s := start(t, cfg, goBy(apitest.NewClock()))
	for n, file := range map[int]string{1: interestedSample, 2: refusalSample} {
		s.send(ctx, t, meta(n), sample(t, file))
	}
	tokens := keysOf(t, s)
	reviewer, supervisor := apitest.WithKey(ctx, tokens[access.Reviewer]), apitest.WithKey(ctx, tokens[access.Supervisor])
	open := s.suspects(reviewer, t, &pb.ListSuspectsRequest{State: pb.Suspect_STATE_OPEN})
	require.Len(t, open, 2)
	shown := func(ctx context.Context) (all []*pb.Recording) {
		list, err := s.Recordings.ListRecordings(ctx, &pb.ListRecordingsRequest{WithTranscript: true})
		require.NoError(t, err)
		require.Len(t, list.GetRecordings(), 2)
		for _, r := range list.GetRecordings() {
			one, err := s.Recordings.GetRecording(ctx, &pb.GetRecordingRequest{Name: r.GetName(), WithTranscript: true})
			require.NoError(t, err)
			stream, err := s.Recordings.WatchRecording(ctx, &pb.WatchRecordingRequest{Name: r.GetName()})
			require.NoError(t, err)
			watched, err := stream.Recv()
			require.NoError(t, err)
			all = append(all, r, one.GetRecording(), watched.GetRecording())
		}
		return all
	}
	for _, r := range shown(reviewer) {
		require.Nil(t, r.GetJudgement(), r.GetCallId())
		require.Nil(t, r.GetAgentTranscript(), r.GetCallId())
	}
	for _, r := range shown(supervisor) {
		require.NotNil(t, r.GetJudgement(), r.GetCallId())
	}
	export, err := s.Exports.ExportVcons(reviewer, &pb.ExportVconsRequest{})
	require.NoError(t, err)
	_, err = export.Recv()
	require.Equal(t, codes.PermissionDenied, status.Code(err), "a vCon holds the verdict")
	_, err = s.Batch.ListRunChanges(reviewer, &pb.ListRunChangesRequest{Parent: "runs/x"})
	require.Equal(t, codes.PermissionDenied, status.Code(err), "so do the changes that a run finds")

	for _, x := range open {
		_, err := s.Review.DecideSuspect(reviewer, &pb.DecideSuspectRequest{Name: x.GetName(),
			Verdict: pb.Decision_VERDICT_DISMISSED})
		require.NoError(t, err)
	}
	for _, r := range shown(reviewer) {
		require.NotNil(t, r.GetJudgement(), r.GetCallId())
	}
}

// A decided call is put before somebody else, who decides on it without freezing anything.
func TestSecondReviewer(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cfg := testConfig(t.TempDir())
	cfg.Review.SecondShare = 1
	s := start(t, cfg)
	rec := s.send(ctx, t, meta(1), sample(t, refusalSample))
	first := rec.GetJudgement().GetSuspectName()
	open := &pb.ListSuspectsRequest{State: pb.Suspect_STATE_OPEN}
	before := s.suspects(as(ctx, "wang"), t, open)[0]
	_, err := s.Review.DecideSuspect(as(ctx, "li"), &pb.DecideSuspectRequest{Name: first,
		Verdict: pb.Decision_VERDICT_DISMISSED})
	require.NoError(t, err)

	require.Empty(t, s.suspects(as(ctx, "li"), t, open))
	list := s.suspects(as(ctx, "wang"), t, open)
	require.Len(t, list, 1)
	second := list[0].GetName()
	list[0].Name, list[0].ShortId = before.GetName(), before.GetShortId()
	require.True(t, proto.Equal(before, list[0]), "it looks as the first did")
	_, err = s.Review.ClaimSuspect(as(ctx, "li"), &pb.ClaimSuspectRequest{Name: second})
	require.Equal(t, "DECIDED_BEFORE", reason(err))
	got, err := s.Review.DecideSuspect(as(ctx, "wang"), &pb.DecideSuspectRequest{Name: second,
		Verdict: pb.Decision_VERDICT_CONFIRMED})
	require.NoError(t, err)
	require.Equal(t, pb.Suspect_KIND_SECOND_LOOK, got.GetSuspect().GetKind())
	require.Equal(t, first, got.GetSuspect().GetFirst())
	require.Empty(t, got.GetSuspect().GetDecision().GetFreeze())
	require.Equal(t, []bool{true}, s.AskAll(t, meta(1).GetNumber()))

	disputed := s.suspects(ctx, t, &pb.ListSuspectsRequest{Disputed: true})
	require.Len(t, disputed, 1)
	require.Equal(t, first, disputed[0].GetName())
	require.True(t, proto.Equal(&pb.SecondLook{Name: second, Reviewer: "wang",
		Verdict: pb.Decision_VERDICT_CONFIRMED, Class: "not_interested"}, disputed[0].GetSecondLook()))
	report, err := s.Reports.GetReport(ctx, &pb.GetReportRequest{
		StartTime: timestamppb.New(time.Now().Add(-time.Hour)),
		EndTime:   timestamppb.New(time.Now().Add(time.Hour))})
	require.NoError(t, err)
	require.EqualValues(t, 1, report.GetQuality().GetSecondLooks())
	require.EqualValues(t, 0, report.GetQuality().GetAgreed())
}

// Transcripts come along with a list, page by page.
func TestListRecordingsWithTranscripts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := start(t, testConfig(t.TempDir()))
	for i := range 3 {
		s.send(ctx, t, meta(i), sample(t, refusalSample))
	}
	req := &pb.ListRecordingsRequest{WithTranscript: true, PageSize: 2}
	seen := 0
	for {
		page, err := s.Recordings.ListRecordings(ctx, req)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.GetRecordings()), 2)
		for _, r := range page.GetRecordings() {
			seen++
			one, err := s.Recordings.GetRecording(ctx,
				&pb.GetRecordingRequest{Name: r.GetName(), WithTranscript: true})
			require.NoError(t, err)
			require.True(t, proto.Equal(one.GetRecording(), r))
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	require.Equal(t, 3, seen)
}
