package apitest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Report reports calls, all of which must be taken.
func (c *Clients) Report(tb testing.TB, calls ...*pb.Call) []*pb.CallResult {
	tb.Helper()
	req := &pb.BatchReportCallsRequest{Calls: calls}
	resp, err := c.Calls.BatchReportCalls(tb.Context(), req)
	require.NoError(tb, err)
	require.Len(tb, resp.GetResults(), len(calls))
	for i, r := range resp.GetResults() {
		require.Nil(tb, r.GetError(), "call %d", i)
	}
	return resp.GetResults()
}

// AlmostUp reports five attempts of the six that are permitted on a day.
func (c *Clients) AlmostUp(tb testing.TB, clock *Clock, number string) {
	tb.Helper()
	for i := range 5 {
		id := fmt.Sprintf("%s-%d", number[7:], i)
		at := clock.Now().Add(-time.Duration(i+1) * time.Minute)
		c.Report(tb, Unanswered(id, number, at))
	}
}

// Reserve asks for a call.
func (c *Clients) Reserve(
	ctx context.Context, id, number string,
) (*pb.ReserveCallResponse, error) {
	return c.Gate.ReserveCall(ctx, &pb.ReserveCallRequest{CallId: id, Number: number})
}

// Ask asks the gate about a number.
func (c *Clients) Ask(
	tb testing.TB, number string, edit ...func(*pb.CheckNumberRequest),
) *pb.Answer {
	tb.Helper()
	req := &pb.CheckNumberRequest{Number: number}
	for _, f := range edit {
		f(req)
	}
	resp, err := c.Gate.CheckNumber(tb.Context(), req)
	require.NoError(tb, err)
	return resp.GetAnswer()
}

// At asks for a moment.
func At(t time.Time) func(*pb.CheckNumberRequest) {
	return func(r *pb.CheckNumberRequest) { r.At = timestamppb.New(t) }
}

// OnLine asks for a line.
func OnLine(line string) func(*pb.CheckNumberRequest) {
	return func(r *pb.CheckNumberRequest) { r.Line = line }
}

// AskAll asks the gate about numbers at once: which may be called.
func (c *Clients) AskAll(tb testing.TB, numbers ...string) []bool {
	tb.Helper()
	stream, err := c.Gate.CheckNumbers(tb.Context())
	require.NoError(tb, err)
	require.NoError(tb, stream.Send(&pb.CheckNumbersRequest{Numbers: numbers}))
	require.NoError(tb, stream.CloseSend())
	resp, err := stream.Recv()
	require.NoError(tb, err)
	allowed := make([]bool, len(numbers))
	for i, a := range resp.GetAnswers() {
		require.Nil(tb, a.GetError())
		allowed[i] = a.GetAllowed()
	}
	return allowed
}

// FreezesOf lists the freezes of a number, also those that ended, the newest first.
func (c *Clients) FreezesOf(tb testing.TB, number string) []*pb.Freeze {
	tb.Helper()
	req := &pb.ListFreezesRequest{Number: number, ShowEnded: true, PageSize: 1000}
	resp, err := c.Freezes.ListFreezes(tb.Context(), req)
	require.NoError(tb, err)
	return resp.GetFreezes()
}

// Release ends the freezes of a number.
func (c *Clients) Release(tb testing.TB, number string) []*pb.Freeze {
	tb.Helper()
	resp, err := c.Freezes.ReleaseFreeze(As(tb.Context(), "ops"), &pb.ReleaseFreezeRequest{
		Target: &pb.ReleaseFreezeRequest_Number{Number: number},
		Reason: "the customer asked for a call"})
	require.NoError(tb, err)
	return resp.GetFreezes()
}

// Sound has the server verify its ledger, which must be in order.
func (c *Clients) Sound(tb testing.TB) *pb.VerifyLedgerResponse {
	tb.Helper()
	resp, err := c.Freezes.VerifyLedger(tb.Context(), &pb.VerifyLedgerRequest{})
	require.NoError(tb, err)
	require.Empty(tb, resp.GetProblems())
	return resp
}

// Figures sums up a stretch of time.
func (c *Clients) Figures(tb testing.TB, from, to time.Time) *pb.GetReportResponse {
	tb.Helper()
	resp, err := c.Reports.GetReport(tb.Context(), &pb.GetReportRequest{
		StartTime: timestamppb.New(from), EndTime: timestamppb.New(to)})
	require.NoError(tb, err)
	return resp
}
