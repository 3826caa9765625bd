package grpcapi

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Recordings and calls find each other by the call id, whichever comes first.
func TestRecordingsAndCallsJoin(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := newBench(t)
	upload := func(id, part string) string {
		resp, err := s.Upload(ctx, &pb.RecordingMetadata{CallId: id, Number: phone(1), Part: part,
			CustomerChannel: pb.Channel_CHANNEL_RIGHT},
			bytes.NewReader(wav(400)))
		require.NoError(t, err)
		return resp.GetRecording().GetName()
	}
	report := func(id string) {
		s.Report(t, talked(id, phone(1), time.Now().Add(-time.Minute), time.Minute))
	}
	first := upload("recorded-first", "")
	_, err := s.Calls.GetCall(ctx, &pb.GetCallRequest{Name: "calls/recorded-first"})
	require.Equal(t, codes.NotFound, status.Code(err), "of a call that was only recorded nothing "+
		"else is known")
	report("recorded-first")
	report("reported-first")
	want := map[string][]string{"recorded-first": {first},
		"reported-first": {upload("reported-first", "1"), upload("reported-first", "2")}}
	for id, recordings := range want {
		got, err := s.Calls.GetCall(ctx, &pb.GetCallRequest{Name: "calls/" + id})
		require.NoError(t, err)
		require.Equal(t, recordings, got.GetRecordings())
		require.Equal(t, "138****0001", got.GetCall().GetMaskedNumber())
		require.Empty(t, got.GetCall().GetNumber())
	}
}

// A report that is refused keeps no other from counting, and says all that is wrong.
func TestRefusedReports(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := newBench(t, goBy(clock))
	ahead := unanswered("ahead", phone(3), tenOClock.Add(8*time.Hour))
	short := unanswered("short", "12", tenOClock)
	negative := unanswered("negative", phone(3), tenOClock)
	negative.Revision = -1
	endless := talked("endless", phone(3), tenOClock, 25*time.Hour)
	resp, err := s.Calls.BatchReportCalls(ctx, &pb.BatchReportCallsRequest{Calls: []*pb.Call{
		rejected("a", phone(1), tenOClock), ahead, short, negative, nil, endless,
		unanswered("a", phone(1), tenOClock), unanswered("b", phone(2), tenOClock)}})
	require.NoError(t, err)
	var got []string
	for _, r := range resp.GetResults() {
		got = append(got, fmt.Sprint(r.GetStatus().String()[7:], " ", r.GetError().GetReason()))
	}
	refused := "REFUSED INVALID_REQUEST"
	require.Equal(t, []string{"CREATED ", refused, refused, refused, refused, refused,
		"REFUSED REVISION_CONFLICT", "CREATED "}, got)
	require.Contains(t, resp.GetResults()[1].GetError().GetMessage(), "is its time zone right?")
	require.Contains(t, resp.GetResults()[2].GetError().GetMessage(), "number is")
	require.Contains(t, resp.GetResults()[6].GetError().GetMessage(), "outcome")
	_, err = s.Calls.ReportCall(ctx, &pb.ReportCallRequest{Call: unanswered("a", phone(1),
		tenOClock)})
	require.Equal(t, codes.AlreadyExists, status.Code(err))
	require.Equal(t, "REVISION_CONFLICT", reason(err))
	for _, n := range []int{0, 1001} {
		_, err = s.Calls.BatchReportCalls(ctx,
			&pb.BatchReportCallsRequest{Calls: make([]*pb.Call, n)})
		require.Equal(t, codes.InvalidArgument, status.Code(err), n)
	}
	_, err = s.Calls.ReportCall(ctx, &pb.ReportCallRequest{})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}

func TestListCalls(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := newBench(t, goBy(clock))
	var reports []*pb.Call
	for i := range 7 {
		reports = append(reports, unanswered(fmt.Sprint("c", i), phone(i%2),
			tenOClock.Add(-time.Duration(i)*time.Hour)))
	}
	s.Report(t, reports...)
	list := func(req *pb.ListCallsRequest) (ids []string) {
		for {
			page, err := s.Calls.ListCalls(ctx, req)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.GetCalls()), 2)
			for _, c := range page.GetCalls() {
				ids = append(ids, c.GetCallId())
			}
			if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
				return ids
			}
		}
	}
	require.Equal(t, []string{"c0", "c1", "c2", "c3", "c4", "c5", "c6"},
		list(&pb.ListCallsRequest{PageSize: 2}))
	require.Equal(t, []string{"c1", "c3", "c5"},
		list(&pb.ListCallsRequest{PageSize: 2, Number: phone(1)}))
	require.Equal(t, []string{"c2", "c3"}, list(&pb.ListCallsRequest{PageSize: 2,
		StartTime: timestamppb.New(tenOClock.Add(-3 * time.Hour)),
		EndTime:   timestamppb.New(tenOClock.Add(-time.Hour))}))
	page, err := s.Calls.ListCalls(ctx, &pb.ListCallsRequest{PageSize: 2})
	require.NoError(t, err)
	for _, bad := range []*pb.ListCallsRequest{{PageSize: -1}, {Number: "12"}, {PageToken: "x"},
		{PageToken: page.GetNextPageToken(), Number: phone(1)},
		{StartTime: &timestamppb.Timestamp{Nanos: -1}}} {
		_, err := s.Calls.ListCalls(ctx, bad)
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%v", bad)
	}
	_, err = s.Calls.GetCall(ctx, &pb.GetCallRequest{Name: "recordings/c1"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}
