package grpcapi

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// A complaint freezes its number until somebody releases it, once.
func TestComplaints(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := newBench(t, goBy(clock))
	complaint := func(n, source string, after time.Duration) *pb.Complaint {
		return &pb.Complaint{Number: n, Time: timestamppb.New(tenOClock.Add(after)), Source: source,
			Text: "天天打电话"}
	}
	imported := func(list ...*pb.Complaint) []int32 {
		resp, err := s.Freezes.ImportComplaints(as(ctx, "ops"),
			&pb.ImportComplaintsRequest{Complaints: list})
		require.NoError(t, err)
		return []int32{resp.GetCreated(), resp.GetKnown(), resp.GetFrozen()}
	}
	list := []*pb.Complaint{complaint(phone(1), "12321", -time.Hour),
		complaint(phone(1), "carrier", -time.Hour), complaint(phone(2), "own", 0)}
	require.Equal(t, []int32{3, 0, 2}, imported(list...))
	require.Equal(t, []int32{0, 3, 0}, imported(list...), "the same file again")
	clock.Later(400 * 24 * time.Hour)
	a := s.Ask(t, phone(1))
	require.Equal(t, "complaint", a.GetFreezeReason())
	require.Nil(t, a.GetUntil())
	require.Equal(t, "该号码因客户投诉已冻结，直到人工解除，请勿拨打。", a.GetSentenceZh())
	require.Equal(t, "天天打电话", s.FreezesOf(t, phone(1))[0].GetNote())
	s.Release(t, phone(1))
	require.Equal(t, []int32{0, 3, 0}, imported(list...), "what is known does not undo a release")
	require.True(t, s.Ask(t, phone(1)).GetAllowed())
	for want, bad := range map[string]*pb.Complaint{
		"source": complaint(phone(1), "police", 0), "number": complaint("12", "own", 0),
		"time": complaint(phone(1), "own", 1000*24*time.Hour),
	} {
		_, err := s.Freezes.ImportComplaints(as(ctx, "ops"),
			&pb.ImportComplaintsRequest{Complaints: []*pb.Complaint{list[0], bad}})
		require.Equal(t, codes.InvalidArgument, status.Code(err))
		require.ErrorContains(t, err, "complaints[1]."+want)
	}
	_, err := s.Freezes.ImportComplaints(ctx, &pb.ImportComplaintsRequest{Complaints: list})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	s.Sound(t)
}

func TestFreezesByHand(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := newBench(t, goBy(clock))
	create := func(req *pb.CreateFreezeRequest) (*pb.Freeze, error) {
		resp, err := s.Freezes.CreateFreeze(as(ctx, "ops"), req)
		return resp.GetFreeze(), err
	}
	day := &pb.CreateFreezeRequest_Period{Period: durationpb.New(24 * time.Hour)}
	f, err := create(&pb.CreateFreezeRequest{Number: phone(1), Reason: "asked us to", End: day,
		RequestId: "q"})
	require.NoError(t, err)
	again, err := create(&pb.CreateFreezeRequest{Number: phone(1), Reason: "asked us to", End: day,
		RequestId: "q"})
	require.NoError(t, err)
	require.Equal(t, f.GetName(), again.GetName())
	require.Len(t, s.FreezesOf(t, phone(1)), 1)
	for want, req := range map[string]*pb.CreateFreezeRequest{
		"number is": {Number: "1", Reason: "x"},
		"reason":    {Number: phone(1)},
		"is over": {Number: phone(1), Reason: "x",
			End: &pb.CreateFreezeRequest_EndTime{EndTime: timestamppb.New(tenOClock)}},
		"period must": {Number: phone(1), Reason: "x",
			End: &pb.CreateFreezeRequest_Period{Period: durationpb.New(-time.Second)}},
		"request_id": {Number: phone(1), Reason: "x",
			RequestId: "0123456789012345678901234567890123456789"},
	} {
		_, err = create(req)
		require.Equal(t, codes.InvalidArgument, status.Code(err), want)
		require.ErrorContains(t, err, want)
	}
	extend := func(name string, end time.Duration) (*pb.Freeze, error) {
		resp, err := s.Freezes.ExtendFreeze(as(ctx, "li"),
			&pb.ExtendFreezeRequest{Name: name, Reason: "again",
				End: &pb.ExtendFreezeRequest_Period{Period: durationpb.New(end)}})
		return resp.GetFreeze(), err
	}
	_, err = extend(f.GetName(), time.Hour)
	require.ErrorContains(t, err, "must be after the end so far")
	longer, err := extend(f.GetName(), 48*time.Hour)
	require.NoError(t, err)
	require.Equal(t, tenOClock.Add(48*time.Hour), longer.GetEndTime().AsTime())
	clock.Later(25 * time.Hour)
	require.False(t, s.Ask(t, phone(1)).GetAllowed())
	clock.Later(23 * time.Hour)
	require.True(t, s.Ask(t, phone(1)).GetAllowed())
	_, err = extend(f.GetName(), time.Hour)
	require.Equal(t, "NOT_STANDING", reason(err))
	_, err = extend("freezes/nobody", time.Hour)
	require.Equal(t, codes.NotFound, status.Code(err))
	s.Sound(t)
}

// The release of one freeze by its name leaves the others, and the gate answers by them.
func TestReleaseOneOfSeveral(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "ops")
	s := newBench(t, goBy(newClock()))
	n := phone(1)
	made := map[string]string{}
	for _, line := range []string{"loans", "cards", ""} {
		resp, err := s.Freezes.CreateFreeze(ctx, &pb.CreateFreezeRequest{Number: n, Reason: "x",
			Line: line})
		require.NoError(t, err)
		made[line] = resp.GetFreeze().GetName()
	}
	allowed := func(line string) bool {
		resp, err := s.Gate.CheckNumber(ctx, &pb.CheckNumberRequest{Number: n, Line: line})
		require.NoError(t, err)
		return resp.GetAnswer().GetAllowed()
	}
	release := func(name, request string) *pb.ReleaseFreezeResponse {
		resp, err := s.Freezes.ReleaseFreeze(ctx, &pb.ReleaseFreezeRequest{Reason: "asked",
			Target: &pb.ReleaseFreezeRequest_Name{Name: name}, RequestId: request})
		require.NoError(t, err)
		return resp
	}
	for range 2 { // a repetition ends no other
		resp := release(made[""], "q")
		require.Equal(t, made[""], resp.GetFreezes()[0].GetName())
		require.Equal(t, "released_alone", resp.GetFreezes()[0].GetRelease().GetCause())
		require.Len(t, resp.GetFreezes(), 1)
		require.Len(t, resp.GetStanding(), 2)
	}
	require.Equal(t, []bool{false, false, true},
		[]bool{allowed("loans"), allowed("cards"), allowed("other")})
	s.restart(t)
	require.Len(t, release(made["loans"], "").GetStanding(), 1)
	require.Equal(t, []bool{true, false}, []bool{allowed("loans"), allowed("cards")})
	_, err := s.Freezes.ReleaseFreeze(ctx, &pb.ReleaseFreezeRequest{Reason: "again",
		Target: &pb.ReleaseFreezeRequest_Name{Name: made["loans"]}})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	_, err = s.Freezes.ReleaseFreeze(ctx, &pb.ReleaseFreezeRequest{Reason: "again"})
	require.ErrorContains(t, err, "give the number or the name of a freeze")
	require.Len(t, s.Release(t, n), 1, "the number: what is left")
	require.True(t, allowed("cards"))
	s.Sound(t)
}
