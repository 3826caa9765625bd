package grpcapi

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/limit"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// weightOf is what a message is taken to weigh, above most for what is too heavy.
func weightOf(tb testing.TB, m proto.Message, most int64) int64 {
	tb.Helper()
	wire, err := proto.Marshal(m)
	require.NoError(tb, err)
	s := scale{left: most, most: map[protoreflect.Name]int{}}
	s.message(wire, m.ProtoReflect().Descriptor(), 0)
	return most - s.left
}

// A message weighs at least what decoding it allocates.
func TestWeight(t *testing.T) { // not parallel: it counts what is allocated
	thousand := &pb.BatchReportCallsRequest{}
	empty := &pb.BatchReportCallsRequest{}
	for range 1000 {
		thousand.Calls = append(thousand.Calls, &pb.Call{CallId: "20260302-13800138000-1", Number: "13800138000",
			Line: "trunk", Agent: "a-17", StartTime: timestamppb.Now(), Outcome: pb.Outcome_OUTCOME_BUSY})
		empty.Calls = append(empty.Calls, &pb.Call{})
	}
	for name, m := range map[string]proto.Message{
		"nothing": &pb.CheckNumberRequest{}, "a check": &pb.CheckNumberRequest{Number: "13800138000", Line: "trunk"},
		"calls": thousand, "empty calls": empty,
		"empty numbers": &pb.CheckNumbersRequest{Numbers: make([]string, 1000)},
		"a chunk":       &pb.UploadRecordingRequest{Payload: &pb.UploadRecordingRequest_Chunk{Chunk: make([]byte, 1<<20)}},
	} {
		wire, err := proto.Marshal(m)
		require.NoError(t, err)
		allocated := testing.Benchmark(func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, proto.Unmarshal(wire, m.ProtoReflect().New().Interface()))
			}
		}).AllocedBytesPerOp()
		got := weightOf(t, m, 1<<30)
		t.Logf("%s: %d bytes on the wire, %d allocated, weighed as %d", name, len(wire), allocated, got)
		require.GreaterOrEqual(t, got*11/10+256, allocated, name)
		require.LessOrEqual(t, got, 4*allocated+1024, name)
	}
	require.Less(t, weightOf(t, thousand, 1<<30), int64(mostWeight)/4, "what is allowed has room")
}

func FuzzWeight(f *testing.F) {
	wire, err := proto.Marshal(&pb.BatchReportCallsRequest{Calls: []*pb.Call{{CallId: "a"}, {}}})
	require.NoError(f, err)
	f.Add(wire)
	f.Add([]byte{0x0a, 0xff})
	f.Add([]byte{0x0b, 0x0b, 0x0c, 0x0c})
	f.Fuzz(func(t *testing.T, wire []byte) {
		s := scale{left: 1 << 20, most: map[protoreflect.Name]int{}}
		s.message(wire, (&pb.BatchReportCallsRequest{}).ProtoReflect().Descriptor(), 0)
		require.Less(t, s.left, int64(1<<20))
	})
}

// What would take too much memory is refused before it does, and says which list is to be sent in
// parts.
func TestHeavyRequests(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	calls := &pb.BatchReportCallsRequest{}
	for range 1_000_000 {
		calls.Calls = append(calls.Calls, &pb.Call{})
	}
	_, err := b.Calls.BatchReportCalls(t.Context(), calls)
	require.Equal(t, codes.InvalidArgument, status.Code(err), err)
	require.Equal(t, "MESSAGE_TOO_LARGE", apitest.Reason(err))
	require.ErrorContains(t, err, "calls has more than")
	stream, err := b.Gate.CheckNumbers(t.Context())
	require.NoError(t, err)
	require.NoError(t, stream.Send(&pb.CheckNumbersRequest{Numbers: make([]string, 1_000_000)}))
	_, err = stream.Recv()
	require.Equal(t, "MESSAGE_TOO_LARGE", apitest.Reason(err), err)
	_, err = b.Gate.CheckNumber(metadata.AppendToOutgoingContext(t.Context(), "x", string(make([]byte, 64<<10))),
		&pb.CheckNumberRequest{Number: "13800138000"})
	require.Error(t, err)
	_, err = b.Gate.CheckNumber(t.Context(), &pb.CheckNumberRequest{Number: "13800138000"})
	require.NoError(t, err)
}

// An upload that says nothing ends; where others wait it gives way to them before.
func TestStalledUploads(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(b *bench) {
		b.cfg.Limits.Idle = 10 * time.Second
		b.uploads = limit.NewPlaces(2, time.Now)
	})
	begin := func() pb.RecordingService_UploadRecordingClient {
		s, err := b.Recordings.UploadRecording(t.Context())
		require.NoError(t, err)
		return s
	}
	reason := func(s pb.RecordingService_UploadRecordingClient) string {
		return apitest.Reason(s.RecvMsg(&pb.UploadRecordingResponse{}))
	}
	one, err := b.uploads.Take()
	require.NoError(t, err)
	stalls := begin()
	require.Eventually(t, func() bool { // until the upload has a place
		other, err := b.uploads.Take()
		if err == nil {
			other.Leave()
		}
		return err != nil
	}, time.Minute, time.Millisecond)
	require.Equal(t, "TOO_MANY_UPLOADS", reason(begin()), "both have just begun")
	require.Eventually(t, func() bool {
		one.Heard()
		_, err := b.uploads.Take()
		return err == nil
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, "TOO_MANY_UPLOADS", reason(stalls), "it gave way")
	one.Leave()
	require.Equal(t, "UPLOAD_STALLED", reason(begin()))
}

// A call whose request doesn't come ends, whether it is answered once or by a stream.
func TestRequestsThatDoNotCome(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(b *bench) { b.cfg.Limits.Idle = time.Second })
	for _, method := range []string{
		pb.GateService_CheckNumber_FullMethodName, pb.FreezeService_ListFreezes_FullMethodName,
		pb.RecordingService_GetRecordingAudio_FullMethodName,
	} {
		stream, err := b.Conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method)
		require.NoError(t, err)
		err = stream.RecvMsg(&pb.CheckNumberResponse{})
		require.Equal(t, codes.DeadlineExceeded, status.Code(err), "%s: %v", method, err)
	}
	stream, err := b.Gate.CheckNumbers(t.Context())
	require.NoError(t, err, "and one of many requests waits for them")
	a := arrivals{within: time.Hour, late: func() {}}
	a.long.Store(mostArriving)
	ctx := a.begin(t.Context(), func() {})
	<-ctx.Done()
	require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded, "many wait")
	require.NoError(t, stream.Send(&pb.CheckNumbersRequest{Numbers: []string{"13800138000"}}))
	_, err = stream.Recv()
	require.NoError(t, err)
}

// A request id that was kept before digests said who asks is known again.
func TestFormerDigests(t *testing.T) {
	t.Parallel()
	d := &Deps{TokenKey: []byte("now"), FormerTokenKeys: [][]byte{[]byte("before")}}
	req := &pb.ReleaseFreezeRequest{RequestId: "r", Reason: "a mistake"}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	require.NoError(t, err)
	for _, key := range [][]byte{d.TokenKey, d.FormerTokenKeys[0]} {
		h := hmac.New(sha256.New, key)
		_, _ = h.Write(append([]byte("ReleaseFreeze"), raw...))
		require.Contains(t, d.request(t.Context(), "ReleaseFreeze", req).Former, hex.EncodeToString(h.Sum(nil)))
	}
}
