package grpcapi

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/config"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// A number that stands for whoever uses it just now freezes nobody: its calls are taken and
// not counted, orders are refused, and the gate says that its answer is about nobody.
func TestVirtualNumbers(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "ops")
	s := newBench(t, goBy(newClock()), func(b *bench) {
		b.cfg.Numbers = config.Numbers{Prefixes: []string{"9"},
			Virtual: []string{"95013*", "+8617000000000-+8617000009999"}}
	})
	const byRange, byFlag, long, person = "17000001234", "13800100001", "9501300001234", "13800100002"
	for i := range 7 {
		at := tenOClock.Add(-time.Duration(i) * time.Minute)
		for _, n := range []string{byRange, byFlag, long} {
			c := rejected(fmt.Sprint(n, i), n, at)
			c.Virtual = n == byFlag
			r := s.Report(t, c)[0]
			require.Empty(t, r.GetFreezes())
			require.True(t, r.GetCall().GetVirtual())
			require.Equal(t, pb.CallResult_STATUS_CREATED, r.GetStatus())
		}
	}
	for n, virtual := range map[string]bool{byRange: true, byFlag: false, long: true, person: false} {
		resp, err := s.Gate.CheckNumber(ctx, &pb.CheckNumberRequest{Number: n})
		require.NoError(t, err)
		require.True(t, resp.GetAnswer().GetAllowed(), "%s: nothing of it counts", n)
		require.Equal(t, virtual, resp.GetAnswer().GetVirtual(), n)
		require.Equal(t, virtual, resp.GetAnswer().GetSentenceEn() != "", n)
		reserved, err := s.Reserve(ctx, "r"+n, n)
		require.NoError(t, err)
		require.True(t, reserved.GetAnswer().GetAllowed())
	}
	_, err := s.Freezes.CreateFreeze(ctx, &pb.CreateFreezeRequest{Number: byRange, Reason: "x"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.ErrorContains(t, err, "freeze the real number")
	_, err = s.Freezes.ImportFreezes(ctx, &pb.ImportFreezesRequest{
		Freezes: []*pb.ImportedFreeze{{Number: person}, {Number: long}}})
	require.ErrorContains(t, err, "freezes[1].number is 950****1234, a virtual number")
	_, err = s.Freezes.ImportComplaints(ctx, &pb.ImportComplaintsRequest{
		Complaints: []*pb.Complaint{{Number: byRange, Source: "own",
			Time: timestamppb.New(tenOClock)}}})
	require.ErrorContains(t, err, "virtual number")
	require.Empty(t, s.FreezesOf(t, byRange))

	// The same numbers read with a dial prefix.
	s.Report(t, rejected("p1", "9"+person, tenOClock.Add(-time.Hour)),
		rejected("p2", "9-"+person, tenOClock.Add(-2*time.Hour)), rejected("p3", person, tenOClock))
	require.False(t, s.Ask(t, "9 "+person).GetAllowed())
	_, err = s.Gate.CheckNumber(ctx, &pb.CheckNumberRequest{Number: "+" + person})
	require.ErrorContains(t, err, "write +86 before it")
}
