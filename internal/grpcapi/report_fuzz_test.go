package grpcapi

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/calls"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// oddReports are batches that sources might send, and that they should not.
func oddReports() []*pb.BatchReportCallsRequest {
	good := func(id string) *pb.Call {
		return &pb.Call{CallId: id, Number: "13800138000",
			StartTime: timestamppb.New(time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)),
			Outcome:   pb.Outcome_OUTCOME_REJECTED}
	}
	batch := func(edit ...func(*pb.Call)) *pb.BatchReportCallsRequest {
		req := &pb.BatchReportCallsRequest{Calls: []*pb.Call{good("a"), good("b"), good("c"),
			good("d")}}
		for i, f := range edit {
			f(req.GetCalls()[i])
		}
		return req
	}
	code := func(system pb.CodeSystem, text string) func(*pb.Call) {
		return func(c *pb.Call) { c.Outcome, c.CodeSystem, c.Code = 0, system, text }
	}
	return []*pb.BatchReportCallsRequest{
		{}, {Calls: []*pb.Call{{}}}, batch(),
		batch(code(1, "603"), code(2, "NORMAL_CLEARING"), code(3, "CHANUNAVAIL/21/603"),
			code(9, "///")),
		batch(func(c *pb.Call) {
			c.Talk = &durationpb.Duration{Seconds: math.MaxInt64, Nanos: math.MinInt32}
		},
			func(c *pb.Call) {
				c.StartTime = &timestamppb.Timestamp{Seconds: math.MinInt64,
					Nanos: -1}
			},
			func(c *pb.Call) { c.Revision = math.MaxInt64 },
			func(c *pb.Call) { c.Revision = math.MinInt64 }),
		batch(func(c *pb.Call) {
			c.StartTime = &timestamppb.Timestamp{Seconds: 253402300799, Nanos: 999999999}
		},
			func(c *pb.Call) { c.StartTime = timestamppb.New(time.Now().Add(9 * time.Minute)) },
			func(c *pb.Call) { c.Number = "+99999999999999999999999" },
			func(c *pb.Call) { c.Number, c.Line = "１３８００１３８０００", "线路\x00" }),
		batch(func(c *pb.Call) { c.CallId = strings.Repeat("长", 43) },
			func(c *pb.Call) { c.CallId = "\u200b" }, func(c *pb.Call) { c.Outcome = -1 },
			func(c *pb.Call) { c.EndedBy = math.MaxInt32 }),
	}
}

// FuzzReportCalls sends arbitrary batches. Each call is either taken, and then known as
// it was answered, and the same again changes nothing; or it is refused with what is
// wrong. The server never fails by itself.
func FuzzReportCalls(f *testing.F) {
	for _, req := range oddReports() {
		data, err := proto.Marshal(req)
		require.NoError(f, err)
		f.Add(data)
	}
	client := newBench(f).Calls
	f.Fuzz(func(t *testing.T, data []byte) {
		req := &pb.BatchReportCallsRequest{}
		if proto.Unmarshal(data, req) != nil {
			return
		}
		resp, err := client.BatchReportCalls(t.Context(), req)
		if n := len(req.GetCalls()); n == 0 || n > calls.MaxReports {
			require.Equal(t, codes.InvalidArgument, status.Code(err))
			return
		}
		require.NoError(t, err)
		require.Len(t, resp.GetResults(), len(req.GetCalls()))
		for i, r := range resp.GetResults() {
			checkResult(t, client, req.GetCalls()[i], r)
		}
	})
}

func checkResult(t *testing.T, client pb.CallServiceClient, sent *pb.Call, r *pb.CallResult) {
	t.Helper()
	again, err := client.ReportCall(t.Context(), &pb.ReportCallRequest{Call: sent})
	if r.GetStatus() == pb.CallResult_STATUS_REFUSED {
		require.Contains(t, []string{"INVALID_REQUEST", "REVISION_CONFLICT"},
			r.GetError().GetReason(), "%v", r.GetError())
		require.NotEmpty(t, r.GetError().GetMessage())
		require.Contains(t, []codes.Code{codes.InvalidArgument, codes.AlreadyExists},
			status.Code(err), "%v", err)
		return
	}
	require.NoError(t, err)
	require.Contains(t, []pb.CallResult_Status{pb.CallResult_STATUS_UNCHANGED,
		pb.CallResult_STATUS_STALE}, again.GetResult().GetStatus())
	require.Equal(t, sent.GetCallId(), r.GetCall().GetCallId())
	require.Empty(t, r.GetCall().GetNumber(), "a number in full")
	require.NotEqual(t, pb.Outcome_OUTCOME_UNSPECIFIED, r.GetCall().GetOutcome())
	known, err := client.GetCall(t.Context(), &pb.GetCallRequest{Name: "calls/" + sent.GetCallId()})
	require.NoError(t, err)
	require.True(t, proto.Equal(again.GetResult().GetCall(), known.GetCall()), "%v\n%v",
		again.GetResult().GetCall(), known.GetCall())
}
