package grpcapi

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Of two diallers that want the last permitted attempt, and of twenty, one gets it.
func TestRaceForTheLastAttempt(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := newBench(t, goBy(clock))
	for round, diallers := range []int{2, 2, 2, 20, 20} {
		n := phone(round)
		s.AlmostUp(t, clock, n)
		answers := make([]*pb.ReserveCallResponse, diallers)
		ready := make(chan struct{})
		g, ctx := errgroup.WithContext(t.Context())
		for i := range diallers {
			own := s.dial(t)
			_, err := own.Reserve(ctx, "", n) // connects
			require.Equal(t, codes.InvalidArgument, status.Code(err))
			g.Go(func() (err error) {
				<-ready
				answers[i], err = own.Reserve(ctx, fmt.Sprintf("r%d-%d", round, i), n)
				return err
			})
		}
		close(ready)
		require.NoError(t, g.Wait())
		winners := 0
		for _, a := range answers {
			if a.GetAnswer().GetAllowed() {
				winners++
				require.Equal(t, tenOClock.Add(5*time.Minute), a.GetExpireTime().AsTime())
				continue
			}
			require.Equal(t, pb.Answer_REASON_RULE_LIMIT, a.GetAnswer().GetReason())
			require.Nil(t, a.GetExpireTime())
		}
		require.Equal(t, 1, winners, "of %d", diallers)
		require.Equal(t, pb.Answer_REASON_RULE_LIMIT, s.Ask(t, n).GetReason())
	}
}

// A reservation is settled by the report of its call: one that did not come about leaves
// the attempt to others. The same id gets the same answer until then.
func TestReservationIsSettled(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := newBench(t, goBy(clock))
	n := phone(1)
	s.AlmostUp(t, clock, n)
	first, err := s.Reserve(ctx, "r1", n)
	require.NoError(t, err)
	require.True(t, first.GetAnswer().GetAllowed())
	s.restart(t) // it is durable

	clock.Later(time.Minute)
	again, err := s.Reserve(ctx, "r1", n)
	require.NoError(t, err)
	require.True(t, again.GetAnswer().GetAllowed())
	require.Equal(t, first.GetExpireTime().AsTime(), again.GetExpireTime().AsTime())
	_, err = s.Reserve(ctx, "r1", phone(2))
	require.Equal(t, "RESERVATION_CONFLICT", reason(err))
	call, err := s.Calls.GetCall(ctx, &pb.GetCallRequest{Name: "calls/r1"})
	require.NoError(t, err)
	require.Equal(t, pb.Outcome_OUTCOME_UNSPECIFIED, call.GetCall().GetOutcome())
	require.Equal(t, first.GetExpireTime().AsTime(), call.GetCall().GetReserveExpireTime().AsTime())
	refused, err := s.Reserve(ctx, "r2", n)
	require.NoError(t, err)
	require.False(t, refused.GetAnswer().GetAllowed())
	_, err = s.Calls.GetCall(ctx, &pb.GetCallRequest{Name: "calls/r2"})
	require.Equal(t, codes.NotFound, status.Code(err), "a refused call was never made")

	failed := unanswered("r1", n, clock.Now())
	failed.Outcome = pb.Outcome_OUTCOME_FAILED
	require.Equal(t, pb.CallResult_STATUS_CREATED, s.Report(t, failed)[0].GetStatus())
	_, err = s.Reserve(ctx, "r1", n)
	require.Equal(t, "CALL_REPORTED", reason(err))
	won, err := s.Reserve(ctx, "r2", n)
	require.NoError(t, err)
	require.True(t, won.GetAnswer().GetAllowed(), "the attempt that failed on our side is free "+
		"again")
	s.Report(t, unanswered("r2", n, clock.Now()))
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, s.Ask(t, n).GetReason())
}

// A reservation that nobody settles stays an attempt.
func TestReservationExpiresIntoAnAttempt(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := newBench(t, goBy(clock))
	n := phone(1)
	s.AlmostUp(t, clock, n)
	resp, err := s.Gate.ReserveCall(ctx,
		&pb.ReserveCallRequest{CallId: "r1", Number: n, Hold: durationpb.New(time.Minute)})
	require.NoError(t, err)
	require.Equal(t, tenOClock.Add(time.Minute), resp.GetExpireTime().AsTime())
	clock.Later(time.Minute)
	_, err = s.Reserve(ctx, "r1", n)
	require.Equal(t, "RESERVATION_EXPIRED", reason(err))
	late, err := s.Reserve(ctx, "r2", n)
	require.NoError(t, err)
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, late.GetAnswer().GetReason())
	clock.Later(24 * time.Hour)
	late, err = s.Reserve(ctx, "r2", n)
	require.NoError(t, err)
	require.True(t, late.GetAnswer().GetAllowed())
	for _, hold := range []time.Duration{0, -time.Second, 2 * time.Hour} {
		_, err = s.Gate.ReserveCall(ctx,
			&pb.ReserveCallRequest{CallId: "r3", Number: n, Hold: durationpb.New(hold)})
		require.Equal(t, codes.InvalidArgument, status.Code(err), hold)
		require.ErrorContains(t, err, "hold")
	}
}
