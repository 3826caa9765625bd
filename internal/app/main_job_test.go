package app_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/testcall"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// sample reads one of the sample calls.
func sample(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(testcall.Spoken(name))
	require.NoError(tb, err)
	return b
}

// refusalSample is a call whose customer is not interested, and says so.
const refusalSample = "01-not-interested.wav"

// The main job: a recording goes in, the refusal in it comes out as a suspect, a
// reviewer confirms it, and the number may not be called.
func TestRefusalIsHeardConfirmedAndFrozen(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := start(t, testConfig(t.TempDir()))
	const refuser, other = "13800138001", "13800138002"

	rec := s.send(ctx, t, &pb.RecordingMetadata{CallId: "call-1", Number: refuser, Agent: "a-17",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT},
		sample(t, refusalSample))
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
	require.True(t, rec.GetJudgement().GetSuspect())
	require.Equal(t, "138****8001", rec.GetMaskedNumber())

	got, err := s.Review.GetSuspect(ctx,
		&pb.GetSuspectRequest{Name: rec.GetJudgement().GetSuspectName()})
	require.NoError(t, err)
	require.Equal(t, pb.Suspect_STATE_OPEN, got.GetSuspect().GetState())
	require.NotEmpty(t, got.GetTranscript().GetSegments())
	require.True(t, got.GetTranscript().GetDemoModel())

	before, err := s.Gate.CheckNumber(ctx, &pb.CheckNumberRequest{Number: refuser})
	require.NoError(t, err)
	require.True(t, before.GetAnswer().GetAllowed(), "nobody has confirmed yet")

	_, err = s.Review.DecideSuspect(ctx,
		&pb.DecideSuspectRequest{Name: got.GetSuspect().GetName(),
			Verdict: pb.Decision_VERDICT_CONFIRMED})
	require.Equal(t, codes.Unauthenticated, status.Code(err), "nobody said who decides")

	decided, err := s.Review.DecideSuspect(as(ctx, "li"), &pb.DecideSuspectRequest{
		Name: got.GetSuspect().GetName(), Verdict: pb.Decision_VERDICT_CONFIRMED, RequestId: "r1"})
	require.NoError(t, err)
	require.Equal(t, pb.Suspect_STATE_CONFIRMED, decided.GetSuspect().GetState())
	require.NotEmpty(t, decided.GetSuspect().GetDecision().GetFreeze())

	answers := s.AskAll(t, refuser, "+86 138 0013 8001", other)
	require.Equal(t, []bool{false, false, true}, answers)

	_, err = s.Review.DecideSuspect(as(ctx, "wang"), &pb.DecideSuspectRequest{
		Name: got.GetSuspect().GetName(), Verdict: pb.Decision_VERDICT_DISMISSED})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	require.Equal(t, "ALREADY_DECIDED", reason(err))
	require.Contains(t, err.Error(), "li")

	_, err = s.Review.DecideSuspect(as(ctx, "li"), &pb.DecideSuspectRequest{
		Name: got.GetSuspect().GetName(), Verdict: pb.Decision_VERDICT_CONFIRMED, RequestId: "r1"})
	require.NoError(t, err, "the repetition of a request whose answer was lost")

	_, err = s.Review.RevertDecision(as(ctx, "wang"),
		&pb.RevertDecisionRequest{Name: got.GetSuspect().GetName(), Reason: "misheard"})
	require.NoError(t, err)
	require.Equal(t, []bool{true}, s.AskAll(t, refuser))
}

// A freeze outlives the server, and the gate answers for other moments, too.
func TestFreezeSurvivesRestart(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	s := start(t, testConfig(dir))
	wav := sample(t, refusalSample)
	meta := &pb.RecordingMetadata{CallId: "call-1", Number: "13800138001",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT}
	rec := s.send(ctx, t, meta, wav)
	_, err := s.Review.DecideSuspect(as(ctx, "li"), &pb.DecideSuspectRequest{
		Name: rec.GetJudgement().GetSuspectName(), Verdict: pb.Decision_VERDICT_CONFIRMED,
		Class: "not_interested"})
	require.NoError(t, err)
	require.NoError(t, s.stop())

	s = start(t, testConfig(dir))
	require.Equal(t, []bool{false}, s.AskAll(t, "13800138001"))
	for _, tt := range []struct {
		name    string
		at      time.Duration
		allowed bool
	}{{"before", -time.Hour, true}, {"in 59 days", 59 * 24 * time.Hour, false},
		{"in 61 days", 61 * 24 * time.Hour, true}} {
		resp, err := s.Gate.CheckNumber(ctx,
			&pb.CheckNumberRequest{Number: "13800138001",
				At: timestamppb.New(time.Now().Add(tt.at))})
		require.NoError(t, err)
		require.Equal(t, tt.allowed, resp.GetAnswer().GetAllowed(), tt.name)
	}

	again, err := s.Upload(ctx, meta, bytes.NewReader(wav))
	require.NoError(t, err)
	require.True(t, again.GetDuplicate())
	require.Equal(t, rec.GetName(), again.GetRecording().GetName())
	require.True(t, again.GetRecording().GetJudgement().GetSuspect())

	other := bytes.Clone(wav)
	other[len(other)-1] ^= 1
	_, err = s.Upload(ctx, &pb.RecordingMetadata{CallId: "call-1", Number: "13800138001",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT}, bytes.NewReader(other))
	require.Equal(t, codes.AlreadyExists, status.Code(err))
	require.Equal(t, "RECORDING_EXISTS", reason(err))

	released, err := s.Freezes.ReleaseFreeze(as(ctx, "ops"), &pb.ReleaseFreezeRequest{
		Target: &pb.ReleaseFreezeRequest_Number{Number: "138 0013 8001"},
		Reason: "the customer asked for a call"})
	require.NoError(t, err)
	require.Len(t, released.GetFreezes(), 1)
	require.Equal(t, []bool{true}, s.AskAll(t, "13800138001"))
}
