package grpcapi

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
)

const (
	unspecified = pb.Priority_PRIORITY_UNSPECIFIED
	live        = pb.Priority_PRIORITY_LIVE
	backlog     = pb.Priority_PRIORITY_BACKLOG
	rejudging   = pb.Priority_PRIORITY_REJUDGE
)

// upload sends a second of sound.
func (b *bench) upload(t *testing.T, m *pb.RecordingMetadata) *pb.Recording {
	t.Helper()
	resp, err := b.Upload(t.Context(), m, bytes.NewReader(wav(8000)))
	require.NoError(t, err)
	return resp.GetRecording()
}

// giveUp gives up a recording for that reason.
func (b *bench) giveUp(t *testing.T, r *pb.Recording, reason string) {
	t.Helper()
	id := recording.ID(strings.TrimPrefix(r.GetName(), "recordings/"))
	_, err := b.db.Recordings.BeginAttempt(t.Context(), id, 0)
	require.NoError(t, err)
	_, err = b.db.Recordings.FailAttempt(t.Context(), id,
		recording.Problem{Reason: reason, Message: "it did"}, true)
	require.NoError(t, err)
}

func TestUploadPriorityAndLine(t *testing.T) {
	t.Parallel()
	s, ctx := newBench(t), t.Context()
	for i, tt := range []struct {
		sent, kept pb.Priority
		line       string
		problem    string
	}{
		{unspecified, live, "", ""}, {live, live, "trunk-7", ""}, {backlog, backlog, "线路 1", ""},
		{rejudging, rejudging, strings.Repeat("x", 128), ""},
		{4, 0, "", "priority is 4"}, {-1, 0, "", "priority is -1"},
		{live, 0, strings.Repeat("x", 129), "line has 129 bytes"}, {live, 0, "a\nb", "line contains"},
	} {
		m := &pb.RecordingMetadata{CallId: fmt.Sprint(i), Number: phone(1), Priority: tt.sent,
			Line: tt.line}
		resp, err := s.Upload(ctx, m, bytes.NewReader(wav(8000)))
		if tt.problem != "" {
			require.Equal(t, codes.InvalidArgument, status.Code(err), tt.problem)
			require.ErrorContains(t, err, tt.problem)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tt.kept, resp.GetRecording().GetPriority())
		require.Equal(t, tt.line, resp.GetRecording().GetLine())
	}
}

func TestListRecordingsSelects(t *testing.T) {
	t.Parallel()
	s, ctx := newBench(t), t.Context()
	for i, m := range []*pb.RecordingMetadata{
		{Source: "a", Line: "l1"}, {Source: "a", Line: "l2", Priority: backlog}, {Source: "b", Line: "l1"},
		{Source: "b"},
	} {
		m.CallId, m.Number = fmt.Sprint(i), phone(1)
		r := s.upload(t, m)
		if i == 2 {
			s.giveUp(t, r, recording.TookTooLong)
		}
	}
	for _, tt := range []struct {
		req  *pb.ListRecordingsRequest
		want string // call ids, the newest first
	}{
		{&pb.ListRecordingsRequest{}, "3210"},
		{&pb.ListRecordingsRequest{Source: "a"}, "10"},
		{&pb.ListRecordingsRequest{Source: "c"}, ""},
		{&pb.ListRecordingsRequest{Line: "l1"}, "20"},
		{&pb.ListRecordingsRequest{Line: "l1", Source: "a"}, "0"},
		{&pb.ListRecordingsRequest{Priority: live}, "320"},
		{&pb.ListRecordingsRequest{Priority: backlog}, "1"},
		{&pb.ListRecordingsRequest{Priority: rejudging}, ""},
		{&pb.ListRecordingsRequest{State: pb.Recording_STATE_PARKED}, "2"},
		{&pb.ListRecordingsRequest{Reason: recording.TookTooLong}, "2"},
		{&pb.ListRecordingsRequest{Reason: recording.SpeechDied}, ""},
		{&pb.ListRecordingsRequest{State: pb.Recording_STATE_QUEUED, Source: "b"}, "3"},
	} {
		got, first := "", proto.CloneOf(tt.req)
		for tt.req.PageSize = 1; ; {
			resp, err := s.Recordings.ListRecordings(ctx, tt.req)
			require.NoError(t, err)
			for _, r := range resp.GetRecordings() {
				got += r.GetCallId()
			}
			if tt.req.PageToken = resp.GetNextPageToken(); tt.req.PageToken == "" {
				break
			}
			first.PageToken, first.Line = resp.GetNextPageToken(), first.GetLine()+"x"
			_, err = s.Recordings.ListRecordings(ctx, first)
			require.Equal(t, codes.InvalidArgument, status.Code(err), "a page of another list")
		}
		require.Equal(t, tt.want, got, "%v", tt.req)
	}
	_, err := s.Recordings.ListRecordings(ctx, &pb.ListRecordingsRequest{Priority: 9})
	require.ErrorContains(t, err, "priority is 9")
}

func TestRetryRecordings(t *testing.T) {
	t.Parallel()
	s, ctx := newBench(t), t.Context()
	for i, reason := range []string{recording.SpeechDied, recording.SpeechDied, recording.TookTooLong} {
		r := s.upload(t, &pb.RecordingMetadata{CallId: fmt.Sprint(i), Number: phone(1),
			Source: fmt.Sprint("s", i), Priority: backlog, Line: "l"})
		s.giveUp(t, r, reason)
	}
	_, err := s.Recordings.RetryRecordings(ctx, &pb.RetryRecordingsRequest{Reason: "speech"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.Equal(t, "UNKNOWN_REASON", apitest.Reason(err))
	for _, tt := range []struct {
		req  *pb.RetryRecordingsRequest
		want int64
	}{
		{&pb.RetryRecordingsRequest{Reason: recording.SpeechDied, Source: "s2"}, 0},
		{&pb.RetryRecordingsRequest{Reason: recording.SpeechDied, Source: "s1"}, 1},
		{&pb.RetryRecordingsRequest{}, 2},
		{&pb.RetryRecordingsRequest{}, 0},
	} {
		resp, err := s.Recordings.RetryRecordings(ctx, tt.req)
		require.NoError(t, err)
		require.Equal(t, tt.want, resp.GetRetriedCount(), "%v", tt.req)
	}
	resp, err := s.Recordings.ListRecordings(ctx,
		&pb.ListRecordingsRequest{State: pb.Recording_STATE_QUEUED, Priority: backlog, Line: "l"})
	require.NoError(t, err)
	require.Len(t, resp.GetRecordings(), 3, "they keep priority and line")
}

func TestStatus(t *testing.T) {
	t.Parallel()
	s, ctx := newBench(t), t.Context()
	s.upload(t, &pb.RecordingMetadata{CallId: "1", Number: phone(1)})
	s.upload(t, &pb.RecordingMetadata{CallId: "2", Number: phone(1)})
	s.giveUp(t, s.upload(t, &pb.RecordingMetadata{CallId: "3", Number: phone(1)}), recording.SpeechDied)
	s.hear(t, &pb.RecordingMetadata{CallId: "4", Number: phone(1)}, "别再打了")
	got, err := s.Status.GetStatus(ctx, &pb.GetStatusRequest{})
	require.NoError(t, err)
	require.Equal(t, []string{"1.2.3", "m", s.lexicons.Active().Lexicon().ID()},
		[]string{got.GetVersion(), got.GetModel(), got.GetLexicon()})
	require.GreaterOrEqual(t, got.GetUptime().AsDuration(), time.Minute)
	require.Len(t, got.GetWaiting(), 3)
	w := got.GetWaiting()[0]
	require.NotNil(t, w.GetOldestAge())
	w.OldestAge = nil
	require.True(t, proto.Equal(&pb.GetStatusResponse_Waiting{Priority: live, Count: 2,
		Audio: durationpb.New(2 * time.Second)}, w), "%v", w)
	require.True(t, proto.Equal(&pb.GetStatusResponse_Waiting{Priority: backlog,
		Audio: durationpb.New(0)}, got.GetWaiting()[1]), "%v", got)
	require.Len(t, got.GetParked(), 1)
	require.Equal(t, recording.SpeechDied, got.GetParked()[0].GetReason())
	require.EqualValues(t, 1, got.GetParked()[0].GetCount())
	require.EqualValues(t, 1, got.GetOpenSuspectCount())
	require.EqualValues(t, 40, got.GetDisk().GetFreeBytes())
	require.NotNil(t, got.GetSpeech())
}

// A suspect's line is its recording's, and lists select by it.
func TestSuspectsByLine(t *testing.T) {
	t.Parallel()
	s, ctx := newBench(t), t.Context()
	for i, line := range []string{"l1", "l2", ""} {
		s.hear(t, &pb.RecordingMetadata{CallId: fmt.Sprint(i), Number: phone(1), Line: line}, "别再打了")
	}
	for line, want := range map[string]int{"": 3, "l1": 1, "l2": 1, "l3": 0} {
		resp, err := s.Review.ListSuspects(ctx, &pb.ListSuspectsRequest{Line: line})
		require.NoError(t, err)
		require.Len(t, resp.GetSuspects(), want)
		if line != "" && want > 0 {
			require.Equal(t, line, resp.GetSuspects()[0].GetLine())
		}
	}
}
