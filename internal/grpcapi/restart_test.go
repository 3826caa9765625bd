package grpcapi

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// All that refuses or allows a number outlives the server.
func TestRestartKeepsWhatWasDecided(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := newBench(t, goBy(clock))
	ruled, denied, reserved, corrected, freed, scoped, allowed := phone(1), phone(2), phone(3),
		phone(4), phone(5), phone(6), phone(7)
	for _, n := range []string{ruled, corrected, freed, allowed} {
		s.Report(t, threeRejections(n)...)
	}
	fixed := talked("c0-0004", corrected, tenOClock.Add(-time.Hour), time.Minute)
	fixed.Revision = 2
	s.Report(t, fixed)
	s.Release(t, freed)
	for i := range 6 {
		s.Report(t, unanswered(fmt.Sprint("d", i), denied, tenOClock))
		_, err := s.Gate.ReserveCall(ctx,
			&pb.ReserveCallRequest{CallId: fmt.Sprint("r", i), Number: reserved})
		require.NoError(t, err)
	}
	_, err := s.Freezes.CreateFreeze(as(ctx, "ops"),
		&pb.CreateFreezeRequest{Number: scoped, Reason: "x", Line: "loans"})
	require.NoError(t, err)
	_, err = s.Freezes.AllowNumber(as(ctx, "ops"),
		&pb.AllowNumberRequest{Number: allowed, Reason: "x",
			End: &pb.AllowNumberRequest_Period{Period: durationpb.New(time.Hour)}})
	require.NoError(t, err)

	look := func(s *bench) (answers []string) {
		for _, n := range []string{ruled, denied, reserved, corrected, freed, scoped, allowed} {
			for _, line := range []string{"", "loans", "cards"} {
				answers = append(answers, s.Ask(t, n, onLine(line)).String())
			}
		}
		return answers
	}
	before := look(s)
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, s.Ask(t, reserved).GetReason())
	s.restart(t)
	require.Equal(t, before, look(s))
	s.Sound(t)
}
