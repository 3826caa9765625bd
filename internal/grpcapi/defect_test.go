package grpcapi

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
)

// sized is wav with that size in its header.
func sized(frames int, size uint32) []byte {
	b := wav(frames)
	binary.LittleEndian.PutUint32(b[40:], size)
	return b
}

func TestUnfinishedUpload(t *testing.T) {
	t.Parallel()
	s, ctx := newBench(t), t.Context()
	m := &pb.RecordingMetadata{CallId: "call-1", Number: phone(1)}
	growing, whole := sized(8000, 0), sized(80_000, 160_000)
	_, err := s.Upload(ctx, m, bytes.NewReader(growing))
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.ErrorContains(t, err, "once the recorder has closed it")
	m.UnfinishedOk = true
	first, err := s.Upload(ctx, m, bytes.NewReader(growing))
	require.NoError(t, err)
	unfinished := []pb.Recording_Defect{pb.Recording_DEFECT_HEADER_UNFINISHED}
	require.Equal(t, unfinished, first.GetRecording().GetDefects())
	m.UnfinishedOk = false
	again, err := s.Upload(ctx, m, bytes.NewReader(growing))
	require.NoError(t, err, "it was taken as it is")
	require.True(t, again.GetDuplicate())

	next, err := s.Upload(ctx, m, bytes.NewReader(whole))
	require.NoError(t, err)
	require.True(t, next.GetReplaced())
	require.False(t, next.GetDuplicate())
	name := first.GetRecording().GetName()
	require.Equal(t, name, next.GetRecording().GetName())
	require.Empty(t, next.GetRecording().GetDefects())
	got, err := s.Recordings.GetRecording(ctx, &pb.GetRecordingRequest{Name: name})
	require.NoError(t, err)
	versions := got.GetRecording().GetVersions()
	require.Len(t, versions, 1)
	require.Equal(t, first.GetRecording().GetSha256(), versions[0].GetSha256())
	require.Equal(t, time.Second, versions[0].GetAudio().GetDuration().AsDuration())
	require.Nil(t, versions[0].GetJudgement(), "it was not judged")
}

// What was made of the beginning is shown with it.
func TestVersionsAreJudged(t *testing.T) {
	t.Parallel()
	s, ctx := newBench(t), t.Context()
	m := &pb.RecordingMetadata{CallId: "call-1", Number: phone(1)}
	heard := s.hear(t, m, "我没兴趣")
	_, err := s.Upload(ctx, m, bytes.NewReader(sized(8000, 16_000)))
	require.NoError(t, err)
	got, err := s.Recordings.GetRecording(ctx, &pb.GetRecordingRequest{Name: heard.GetName()})
	require.NoError(t, err)
	judgement := got.GetRecording().GetVersions()[0].GetJudgement()
	require.True(t, judgement.GetSuspect())
	require.Equal(t, heard.GetJudgement().GetScore(), judgement.GetScore())
}

// The report may come before the recording or after.
func TestShorterThanCall(t *testing.T) {
	t.Parallel()
	s, ctx := newBench(t), t.Context()
	report := func(id string) {
		s.Report(t, &pb.Call{CallId: id, Number: phone(1), StartTime: timestamppb.New(time.Now()),
			Outcome: pb.Outcome_OUTCOME_ANSWERED, Talk: durationpb.New(21 * time.Second)})
	}
	for i, id := range []string{"before", "after"} {
		if i == 0 {
			report(id)
		}
		up, err := s.Upload(ctx, &pb.RecordingMetadata{CallId: id, Number: phone(1)},
			bytes.NewReader(sized(80_000, 160_000)))
		require.NoError(t, err)
		if i == 1 {
			require.Empty(t, up.GetRecording().GetDefects())
			report(id)
		}
		got, err := s.Recordings.GetRecording(ctx,
			&pb.GetRecordingRequest{Name: up.GetRecording().GetName()})
		require.NoError(t, err)
		require.Equal(t, []pb.Recording_Defect{pb.Recording_DEFECT_SHORTER_THAN_CALL},
			got.GetRecording().GetDefects(), id)
	}
}

// The API calls each defect as the domain does.
func TestDefectNames(t *testing.T) {
	t.Parallel()
	require.Len(t, defectToProto, len(pb.Recording_Defect_name)-1)
	for d, p := range defectToProto {
		require.Equal(t, "DEFECT_"+strings.ToUpper(string(d)), p.String())
		_, err := recording.ParseDefects(string(d))
		require.NoError(t, err)
	}
}
