package grpcapi

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// A trunk that fails looks as if everybody rejected. Nobody is frozen for that, whoever
// was before is released, and people are told; where more calls go well it was the
// customers, after all.
func TestFailingTrunkFreezesNobody(t *testing.T) {
	t.Parallel()
	clock := newClock()
	log := newLogbook()
	s := newBench(t, goBy(clock), logTo(log))
	slot := tenOClock.Add(-time.Hour)
	id := 0
	on := func(line string, c *pb.Call) *pb.Call {
		id++
		c.CallId, c.Line = fmt.Sprint("c", id), line
		return c
	}
	for i := range 3 { // on both lines: only one of them will fail
		at := slot.Add(time.Duration(i) * 20 * time.Second)
		s.Report(t, on("trunk", rejected("", phone(1), at)),
			on("other", rejected("", phone(2), at)))
	}
	require.False(t, s.Ask(t, phone(1)).GetAllowed())
	require.Empty(t, log.Lines("failing trunk"))
	for i := range 17 { // 3 of 3, and in the end 10 of 20
		n := phone(10 + i%4)
		c := on("trunk", unanswered("", phone(30+i), slot.Add(time.Minute)))
		if i < 7 {
			c = on("trunk", rejected("", n, slot.Add(time.Minute)))
		}
		r := s.Report(t, c)[0]
		require.Equal(t, i == 16, r.GetCall().GetUntrusted(), i)
	}
	require.True(t, s.Ask(t, phone(1)).GetAllowed())
	require.Equal(t, "corrected", s.FreezesOf(t, phone(1))[0].GetRelease().GetCause())
	require.False(t, s.Ask(t, phone(2)).GetAllowed(), "the other line works")
	for i := range 5 {
		at := slot.Add(time.Duration(2+i) * time.Minute)
		r := s.Report(t, on("trunk", rejected("", phone(3), at)))[0]
		require.True(t, r.GetCall().GetUntrusted())
		require.Empty(t, r.GetFreezes())
	}
	require.True(t, s.Ask(t, phone(3)).GetAllowed(), "an attempt is an attempt, but five are "+
		"permitted")
	got, err := s.Rules.GetRules(t.Context(), &pb.GetRulesRequest{})
	require.NoError(t, err)
	require.Len(t, got.GetFailingLines(), 1)
	line := got.GetFailingLines()[0]
	require.Equal(t, "trunk", line.GetLine())
	require.Equal(t, slot, line.GetStartTime().AsTime())
	require.EqualValues(t, 25, line.GetCalls())
	require.EqualValues(t, 15, line.GetRejected())
	require.Len(t, log.Lines("failing trunk", "line=trunk", "from=2026-03-02T01:00:00.000Z"), 1,
		"once for the ten minutes")
	call, err := s.Calls.GetCall(t.Context(), &pb.GetCallRequest{Name: "calls/c1"})
	require.NoError(t, err)
	require.True(t, call.GetCall().GetUntrusted())

	var well []*pb.Call
	for i := range 15 { // to 15 rejected of 40: less than 0.8 of the half
		well = append(well, on("trunk", talked("", phone(60+i), slot, time.Minute)))
	}
	s.Report(t, well...)
	require.False(t, s.Ask(t, phone(1)).GetAllowed())
	require.False(t, s.Ask(t, phone(3)).GetAllowed())
	require.Len(t, log.Lines("a rule froze a number"), 4, "1 and 2, and in the end 1 again and 3")
	got, err = s.Rules.GetRules(t.Context(), &pb.GetRulesRequest{})
	require.NoError(t, err)
	require.Empty(t, got.GetFailingLines())
	s.Sound(t)
}
