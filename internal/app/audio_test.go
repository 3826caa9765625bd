package app_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// audio is what the API gives of a recording's file.
func (c *clients) audio(
	ctx context.Context, req *pb.GetRecordingAudioRequest,
) (about *pb.AudioFile, file []byte, err error) {
	stream, err := c.Recordings.GetRecordingAudio(ctx, req)
	if err != nil {
		return nil, nil, err
	}
	for {
		m, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return about, file, nil
		case err != nil:
			return nil, nil, err
		case about == nil:
			about = m.GetFile()
		}
		file = append(file, m.GetChunk()...)
	}
}

// A recording's file comes back byte for byte, in one piece or in many, to whoever says who asks.
func TestRecordingAudio(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "li")
	logs := apitest.NewLogbook()
	s := start(t, testConfig(t.TempDir()), logTo(logs))
	wav := sample(t, refusalSample)
	up, err := s.Upload(ctx, meta(1), bytes.NewReader(wav))
	require.NoError(t, err)
	name, size := up.GetRecording().GetName(), int64(len(wav))
	for _, tt := range []struct{ offset, length, from, end int64 }{
		{0, 0, 0, size}, {0, 10, 0, 10}, {5, 10, 5, 15}, {44, 0, 44, size}, {size - 3, 100, size - 3, size},
		{size, 0, size, size}, {200_000, 150_000, 200_000, 350_000},
	} {
		about, file, err := s.audio(ctx, &pb.GetRecordingAudioRequest{Name: name, Offset: tt.offset,
			Length: tt.length, Sha256: apitest.Sum(wav)})
		require.NoError(t, err)
		require.Equal(t, min(tt.end, size)-min(tt.from, size), int64(len(file)))
		require.True(t, bytes.Equal(wav[min(tt.from, size):min(tt.end, size)], file))
		require.Equal(t, size, about.GetSizeBytes())
		require.Equal(t, apitest.Sum(wav), about.GetSha256())
		require.Equal(t, "audio/x-wav", about.GetMediaType())
	}
	require.NotEmpty(t, logs.Lines("recording's audio given out", "actor=li"))
	for want, req := range map[codes.Code]*pb.GetRecordingAudioRequest{
		codes.NotFound:           {Name: "recordings/none"},
		codes.InvalidArgument:    {Name: name, Offset: size + 1},
		codes.FailedPrecondition: {Name: name, Sha256: strings.Repeat("0", 64)},
	} {
		_, _, err := s.audio(ctx, req)
		require.Equal(t, want, status.Code(err), "%v", err)
	}
	_, _, err = s.audio(ctx, &pb.GetRecordingAudioRequest{Name: name, Length: -1})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	_, _, err = s.audio(t.Context(), &pb.GetRecordingAudioRequest{Name: name})
	require.Equal(t, codes.Unauthenticated, status.Code(err), "nobody says who asks")

	get := func(actor, span string) (*http.Response, []byte) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet,
			"http://"+s.app.HTTPAddr()+"/v1/"+name+"/audio", http.NoBody)
		require.NoError(t, err)
		req.Header.Set("Refrain-Actor", actor)
		if span != "" {
			req.Header.Set("Range", span)
		}
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		return resp, body
	}
	for span, want := range map[string][]byte{"": wav, "bytes=0-9": wav[:10], "bytes=100000-": wav[100000:],
		"bytes=-7": wav[size-7:]} {
		given := len(logs.Lines("recording's audio given out"))
		resp, body := get("李", span) //nolint:bodyclose // get closed it
		require.Len(t, logs.Lines("recording's audio given out"), given+1, "once for each request: %s", span)
		require.True(t, bytes.Equal(want, body), span)
		require.Equal(t, map[bool]int{true: http.StatusOK, false: http.StatusPartialContent}[span == ""],
			resp.StatusCode)
		require.Equal(t, "audio/x-wav", resp.Header.Get("Content-Type"))
		require.Equal(t, `"`+apitest.Sum(wav)+`"`, resp.Header.Get("Etag"))
	}
	given := len(logs.Lines("recording's audio given out"))
	resp, err := http.Head("http://" + s.app.HTTPAddr() + "/v1/" + name + "/audio")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, size, resp.ContentLength)
	require.Len(t, logs.Lines("recording's audio given out"), given, "nothing is given out")
	resp, _ = get("li", "bytes=99999999-") //nolint:bodyclose // get closed it
	require.Equal(t, http.StatusRequestedRangeNotSatisfiable, resp.StatusCode)
	resp, _ = get("", "") //nolint:bodyclose // get closed it
	require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
}

// Audio that was erased, or is about to be, is given to nobody, though a file lies in its place; and that is
// removed at the next start.
func TestErasedAudio(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "li")
	cfg := testConfig(t.TempDir())
	s := start(t, cfg)
	wav := sample(t, refusalSample)
	rec := s.send(ctx, t, meta(1), wav)
	req := &pb.GetRecordingAudioRequest{Name: rec.GetName()}
	_, _, err := s.audio(ctx, req)
	require.NoError(t, err)
	require.NoError(t, s.app.Exec(ctx, `UPDATE recordings SET erased_at = 1`))
	_, _, err = s.audio(ctx, req)
	require.Equal(t, "RECORDING_ERASED", apitest.Reason(err))
	require.NoError(t, s.stop())
	id := strings.TrimPrefix(rec.GetName(), "recordings/")
	path := filepath.Join(cfg.Data, "audio", id[24:], id)
	require.FileExists(t, path)
	s = start(t, cfg)
	require.NoFileExists(t, path)
	_, _, err = s.audio(ctx, req)
	require.Equal(t, "RECORDING_ERASED", apitest.Reason(err), "nobody is to restore it")
}

// A wrong file gives its place to the right one when somebody says why, and keeps all that it has.
func TestReplacedRecording(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "ops")
	s := start(t, testConfig(t.TempDir()))
	wrong, right := sample(t, refusalSample), sample(t, interestedSample)
	old := s.send(ctx, t, meta(1), wrong)
	suspect := old.GetJudgement().GetSuspectName()
	require.NotEmpty(t, suspect)
	_, err := s.Upload(ctx, meta(1), bytes.NewReader(right))
	require.Equal(t, codes.AlreadyExists, status.Code(err))
	require.ErrorContains(t, err, "--replace")

	m := meta(1)
	m.ReplaceReason, m.Number = "it was another call's", "13800138777"
	_, err = s.Upload(t.Context(), m, bytes.NewReader(right))
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	m.Sha256 = apitest.Sum(right)
	now, err := s.Upload(ctx, m, bytes.NewReader(right))
	require.NoError(t, err)
	require.Equal(t, old.GetName(), now.GetSetAside())
	require.NotEqual(t, old.GetName(), now.GetRecording().GetName())
	require.Empty(t, now.GetRecording().GetPart())
	again, err := s.Upload(ctx, m, bytes.NewReader(right))
	require.NoError(t, err)
	require.True(t, again.GetDuplicate())
	require.Empty(t, again.GetSetAside(), "sent again, it sets nothing aside")

	aside, err := s.Recordings.GetRecording(ctx, &pb.GetRecordingRequest{Name: old.GetName()})
	require.NoError(t, err)
	require.Equal(t, "ops", aside.GetRecording().GetSetAside().GetActor())
	require.Equal(t, "it was another call's", aside.GetRecording().GetSetAside().GetReason())
	require.Empty(t, aside.GetRecording().GetSetAside().GetPart())
	require.True(t, strings.HasPrefix(aside.GetRecording().GetPart(), "set-aside-"))
	require.Equal(t, suspect, aside.GetRecording().GetJudgement().GetSuspectName())
	_, file, err := s.audio(ctx, &pb.GetRecordingAudioRequest{Name: old.GetName()})
	require.NoError(t, err)
	require.True(t, bytes.Equal(wrong, file))
	x, err := s.Review.GetSuspect(ctx, &pb.GetSuspectRequest{Name: suspect})
	require.NoError(t, err)
	require.Equal(t, aside.GetRecording().GetPart(), x.GetSuspect().GetPart())
}

// A suspect tells when its call began, by the recorder or else by the report; and who names a class that
// there is not hears which there are.
func TestSuspectsCall(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "li")
	s := start(t, testConfig(t.TempDir()))
	began := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	told, reported := meta(1), meta(2)
	told.StartTime = timestamppb.New(began)
	one := s.send(ctx, t, told, sample(t, refusalSample)).GetJudgement().GetSuspectName()
	two := s.send(ctx, t, reported, sample(t, refusalSample)).GetJudgement().GetSuspectName()
	startOf := func(name string) *timestamppb.Timestamp {
		x, err := s.Review.GetSuspect(ctx, &pb.GetSuspectRequest{Name: name})
		require.NoError(t, err)
		return x.GetSuspect().GetCallStartTime()
	}
	require.Equal(t, began, startOf(one).AsTime())
	require.Nil(t, startOf(two), "nobody said it yet")
	s.Report(t, &pb.Call{CallId: reported.GetCallId(), Number: reported.GetNumber(),
		StartTime: timestamppb.New(began.Add(time.Hour)), Outcome: pb.Outcome_OUTCOME_ANSWERED})
	require.Equal(t, began.Add(time.Hour), startOf(two).AsTime())

	_, err := s.Review.DecideSuspect(ctx, &pb.DecideSuspectRequest{Name: one, Class: "nosuch",
		Verdict: pb.Decision_VERDICT_CONFIRMED})
	require.ErrorContains(t, err, `class is "nosuch", which the lexicon doesn't know; its classes are complaint, `)
}

// A request id that comes again with anything else is refused, for whatever order it was; with the same
// it is answered as the first time.
func TestRequestIDsUsedAgain(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "li")
	s := start(t, testConfig(t.TempDir()))
	rec := s.send(ctx, t, meta(1), sample(t, refusalSample))
	suspect, id := rec.GetJudgement().GetSuspectName(), "one"
	freeze, err := s.Freezes.CreateFreeze(ctx, &pb.CreateFreezeRequest{Number: "13800138002", Reason: "asked",
		End: &pb.CreateFreezeRequest_Period{Period: durationpb.New(time.Hour)}})
	require.NoError(t, err)
	allowed, err := s.Freezes.AllowNumber(ctx, &pb.AllowNumberRequest{Number: "13800138003", Reason: "asked",
		End: &pb.AllowNumberRequest_Period{Period: durationpb.New(time.Hour)}})
	require.NoError(t, err)
	for _, tt := range []struct {
		name string
		do   func(ctx context.Context, other bool) error
	}{
		{"claim", func(ctx context.Context, other bool) error {
			_, err := s.Review.ClaimSuspect(ctx, &pb.ClaimSuspectRequest{Name: suspect, RequestId: id,
				Lease: durationpb.New(pick(other, time.Hour, time.Minute))})
			return err
		}},
		{"decide", func(ctx context.Context, other bool) error {
			_, err := s.Review.DecideSuspect(ctx, &pb.DecideSuspectRequest{Name: suspect, RequestId: id,
				Verdict: pick(other, pb.Decision_VERDICT_DISMISSED, pb.Decision_VERDICT_CONFIRMED)})
			return err
		}},
		{"revert", func(ctx context.Context, other bool) error {
			_, err := s.Review.RevertDecision(ctx, &pb.RevertDecisionRequest{Name: suspect, RequestId: id,
				Reason: pick(other, "other", "misheard")})
			return err
		}},
		{"freeze", func(ctx context.Context, other bool) error {
			_, err := s.Freezes.CreateFreeze(ctx, &pb.CreateFreezeRequest{Number: "13800138004", RequestId: id,
				Reason: pick(other, "other", "asked")})
			return err
		}},
		{"import", func(ctx context.Context, other bool) error {
			_, err := s.Freezes.ImportFreezes(ctx, &pb.ImportFreezesRequest{RequestId: id,
				Freezes: []*pb.ImportedFreeze{{Number: "13800138005", Reason: pick(other, "other", "asked")}}})
			return err
		}},
		{"extend", func(ctx context.Context, other bool) error {
			_, err := s.Freezes.ExtendFreeze(ctx, &pb.ExtendFreezeRequest{Name: freeze.GetFreeze().GetName(),
				RequestId: id, Reason: "longer", End: &pb.ExtendFreezeRequest_EndTime{
					EndTime: timestamppb.New(time.Date(2090+pick(other, 1, 0), 1, 1, 0, 0, 0, 0, time.UTC))}})
			return err
		}},
		{"release", func(ctx context.Context, other bool) error {
			_, err := s.Freezes.ReleaseFreeze(ctx, &pb.ReleaseFreezeRequest{RequestId: id, Reason: pick(other,
				"other", "asked"), Target: &pb.ReleaseFreezeRequest_Number{Number: "13800138002"}})
			return err
		}},
		{"allow", func(ctx context.Context, other bool) error {
			_, err := s.Freezes.AllowNumber(ctx, &pb.AllowNumberRequest{Number: "13800138006", RequestId: id,
				Reason: pick(other, "other", "asked"),
				End:    &pb.AllowNumberRequest_Period{Period: durationpb.New(time.Hour)}})
			return err
		}},
		{"end", func(ctx context.Context, other bool) error {
			_, err := s.Freezes.EndAllowance(ctx, &pb.EndAllowanceRequest{Name: allowed.GetAllowance().GetName(),
				RequestId: id, Reason: pick(other, "other", "over")})
			return err
		}},
		{"rules", func(ctx context.Context, other bool) error {
			_, err := s.Rules.ActivateRules(ctx, &pb.ActivateRulesRequest{RequestId: id,
				Rules: &pb.ActivateRulesRequest_Source{Source: pick(other, "rules: []\n", "hours: {enabled: true}\n")}})
			return err
		}},
		{"lexicon", func(ctx context.Context, other bool) error {
			_, err := s.Lexicons.ActivateLexicon(ctx, &pb.ActivateLexiconRequest{RequestId: id,
				Lexicon: &pb.ActivateLexiconRequest_Version{
					Version: pick(other, rec.GetJudgement().GetLexicon(), "default")}})
			return err
		}},
		{"run", func(ctx context.Context, other bool) error {
			_, err := s.Batch.CreateRun(ctx, &pb.CreateRunRequest{RequestId: id, Apply: other})
			return err
		}},
	} {
		require.NoError(t, tt.do(ctx, false), tt.name)
		require.NoError(t, tt.do(ctx, false), "%s: the same again", tt.name)
		for who, err := range map[string]error{"li": tt.do(ctx, true), "wang": tt.do(as(t.Context(), "wang"), false)} {
			require.Equal(t, codes.InvalidArgument, status.Code(err), "%s by %s: %v", tt.name, who, err)
			require.Equal(t, "REQUEST_ID_REUSED", apitest.Reason(err), "%s by %s", tt.name, who)
		}
	}
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}
