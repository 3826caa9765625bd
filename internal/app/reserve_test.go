package app_test

import (
	"context"
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

// reserve asks for a call.
func (c *clients) reserve(ctx context.Context, id, number string) (*pb.ReserveCallResponse, error) {
	return c.gate.ReserveCall(ctx, &pb.ReserveCallRequest{CallId: id, Number: number})
}

// almostUp reports five attempts of the six that are permitted on a day.
func almostUp(t *testing.T, s *server, clock *clock, number string) {
	t.Helper()
	for i := range 5 {
		s.report(t, unanswered(fmt.Sprintf("%s-%d", number[7:], i), number, clock.now().Add(-time.Minute)))
	}
}

// Of two diallers that want the last permitted attempt, and of twenty, one gets it.
func TestRaceForTheLastAttempt(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), clock.option)
	for round, diallers := range []int{2, 2, 2, 20, 20} {
		n := phone(round)
		almostUp(t, s, clock, n)
		answers := make([]*pb.ReserveCallResponse, diallers)
		ready := make(chan struct{})
		g, ctx := errgroup.WithContext(t.Context())
		for i := range diallers {
			own := dial(t, s.app.GRPCAddr())
			_, err := own.reserve(ctx, "", n) // connects
			require.Equal(t, codes.InvalidArgument, status.Code(err))
			g.Go(func() (err error) {
				<-ready
				answers[i], err = own.reserve(ctx, fmt.Sprintf("r%d-%d", round, i), n)
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
		require.Equal(t, pb.Answer_REASON_RULE_LIMIT, s.ask(t, n).GetReason())
	}
}

// A reservation is settled by the report of its call: one that did not come about leaves
// the attempt to others. The same id gets the same answer until then.
func TestReservationIsSettled(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	cfg := testConfig(t.TempDir())
	s := start(t, cfg, clock.option)
	n := phone(1)
	almostUp(t, s, clock, n)
	first, err := s.reserve(ctx, "r1", n)
	require.NoError(t, err)
	require.True(t, first.GetAnswer().GetAllowed())
	require.NoError(t, s.stop()) // it is durable

	s = start(t, cfg, clock.option)
	clock.later(time.Minute)
	again, err := s.reserve(ctx, "r1", n)
	require.NoError(t, err)
	require.True(t, again.GetAnswer().GetAllowed())
	require.Equal(t, first.GetExpireTime().AsTime(), again.GetExpireTime().AsTime())
	_, err = s.reserve(ctx, "r1", phone(2))
	require.Equal(t, "RESERVATION_CONFLICT", reason(err))
	call, err := s.calls.GetCall(ctx, &pb.GetCallRequest{Name: "calls/r1"})
	require.NoError(t, err)
	require.Equal(t, pb.Outcome_OUTCOME_UNSPECIFIED, call.GetCall().GetOutcome())
	require.Equal(t, first.GetExpireTime().AsTime(), call.GetCall().GetReserveExpireTime().AsTime())
	refused, err := s.reserve(ctx, "r2", n)
	require.NoError(t, err)
	require.False(t, refused.GetAnswer().GetAllowed())
	_, err = s.calls.GetCall(ctx, &pb.GetCallRequest{Name: "calls/r2"})
	require.Equal(t, codes.NotFound, status.Code(err), "a refused call was never made")

	failed := unanswered("r1", n, clock.now())
	failed.Outcome = pb.Outcome_OUTCOME_FAILED
	require.Equal(t, pb.CallResult_STATUS_CREATED, s.report(t, failed)[0].GetStatus())
	_, err = s.reserve(ctx, "r1", n)
	require.Equal(t, "CALL_REPORTED", reason(err))
	won, err := s.reserve(ctx, "r2", n)
	require.NoError(t, err)
	require.True(t, won.GetAnswer().GetAllowed(), "the attempt that failed on our side is free again")
	s.report(t, unanswered("r2", n, clock.now()))
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, s.ask(t, n).GetReason())
}

// A reservation that nobody settles stays an attempt.
func TestReservationExpiresIntoAnAttempt(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), clock.option)
	n := phone(1)
	almostUp(t, s, clock, n)
	resp, err := s.gate.ReserveCall(ctx, &pb.ReserveCallRequest{CallId: "r1", Number: n, Hold: durationpb.New(time.Minute)})
	require.NoError(t, err)
	require.Equal(t, tenOClock.Add(time.Minute), resp.GetExpireTime().AsTime())
	clock.later(time.Minute)
	_, err = s.reserve(ctx, "r1", n)
	require.Equal(t, "RESERVATION_EXPIRED", reason(err))
	late, err := s.reserve(ctx, "r2", n)
	require.NoError(t, err)
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, late.GetAnswer().GetReason())
	clock.later(24 * time.Hour)
	late, err = s.reserve(ctx, "r2", n)
	require.NoError(t, err)
	require.True(t, late.GetAnswer().GetAllowed())
	for _, hold := range []time.Duration{0, -time.Second, 2 * time.Hour} {
		_, err = s.gate.ReserveCall(ctx, &pb.ReserveCallRequest{CallId: "r3", Number: n, Hold: durationpb.New(hold)})
		require.Equal(t, codes.InvalidArgument, status.Code(err), hold)
		require.ErrorContains(t, err, "hold")
	}
}
