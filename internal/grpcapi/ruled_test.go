package grpcapi

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// The gate refuses a number as soon as the report that brought it to a limit is
// acknowledged, and says what it is by which day. A correction lets it go, the next
// one takes it back.
func TestReportFreezesAndCorrectionReleases(t *testing.T) {
	t.Parallel()
	clock := newClock()
	log := newLogbook()
	s := newBench(t, goBy(clock), logTo(log))
	n, other := phone(1), phone(2)
	reports := threeRejections(n)
	reports[1] = talked(reports[1].GetCallId(), n, reports[1].GetStartTime().AsTime(),
		15*time.Second)
	for _, r := range s.Report(t, reports[0], reports[1], rejected("o", other, tenOClock)) {
		require.Empty(t, r.GetFreezes())
		require.Equal(t, pb.CallResult_STATUS_CREATED, r.GetStatus())
	}
	require.Equal(t, pb.Answer_REASON_NONE, s.Ask(t, n).GetReason())

	resp, err := s.Calls.ReportCall(t.Context(), &pb.ReportCallRequest{Call: reports[2]})
	require.NoError(t, err)
	require.Len(t, resp.GetResult().GetFreezes(), 1)
	a := s.Ask(t, "+86 "+n)
	require.False(t, a.GetAllowed())
	require.Equal(t, pb.Answer_REASON_FROZEN, a.GetReason())
	require.Equal(t, resp.GetResult().GetFreezes()[0], a.GetFreeze())
	require.Equal(t, "rule", a.GetFreezeReason())
	require.Equal(t, "rejected-or-short", a.GetRule())
	require.Equal(t, "calendar day, Asia/Shanghai", a.GetDay())
	require.Equal(t, reports[2].GetStartTime().AsTime().AddDate(0, 0, 30), a.GetUntil().AsTime())
	require.Equal(t, "该号码因达到规则“rejected-or-short”的上限已冻结至 2026-04-01 "+
		"09:20（北京时间），请勿拨打。", a.GetSentenceZh())
	require.Equal(t,
		"This number is frozen until 2026-04-01 09:20 (Beijing time), because calls reached the "+
			`limit of rule "rejected-or-short". Do not call it.`,
		a.GetSentenceEn())
	require.True(t, s.Ask(t, other).GetAllowed())
	require.Len(t, log.Lines("a rule froze a number", "138****", a.GetFreeze()), 1)

	f := s.FreezesOf(t, n)[0]
	require.True(t, f.GetActive())
	require.Equal(t, []string{"c0-0001", "c1-0001", "c2-0001"}, f.GetCallIds())
	require.Equal(t, calls.Default().Version, f.GetRuleVersion())

	longer := talked("c1-0001", n, reports[1].GetStartTime().AsTime(), time.Minute)
	longer.Revision = 2
	require.Equal(t, pb.CallResult_STATUS_UPDATED, s.Report(t, longer)[0].GetStatus())
	require.True(t, s.Ask(t, n).GetAllowed())
	f = s.FreezesOf(t, n)[0]
	require.Equal(t, "corrected", f.GetRelease().GetCause())
	require.Equal(t, "rules", f.GetRelease().GetActor())
	require.Len(t, log.Lines("a rule's freeze was released", "138****", f.GetName()), 1)
	require.Empty(t, log.Lines(n), "a number went into the log")

	require.Equal(t, pb.CallResult_STATUS_STALE, s.Report(t, reports[1])[0].GetStatus(),
		"an older revision has no effect")
	require.True(t, s.Ask(t, n).GetAllowed())
	reports[1].Revision = 3
	require.Len(t, s.Report(t, reports[1])[0].GetFreezes(), 1,
		"the third call reached the limit because of it")
	require.False(t, s.Ask(t, n).GetAllowed())
	require.Len(t, s.FreezesOf(t, n), 2)
	require.EqualValues(t, 3, s.Sound(t).GetEntries())
}

// What a person releases stays so for the calls that were made before: only later ones
// count.
func TestAfterReleaseOnlyLaterCallsCount(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := newBench(t, goBy(clock))
	n := phone(1)
	s.Report(t, threeRejections(n)...)
	require.False(t, s.Ask(t, n).GetAllowed())
	require.Equal(t, "released", s.Release(t, n)[0].GetRelease().GetCause())
	require.True(t, s.Ask(t, n).GetAllowed())
	_, err := s.Freezes.ReleaseFreeze(as(t.Context(), "ops"), &pb.ReleaseFreezeRequest{
		Target: &pb.ReleaseFreezeRequest_Number{Number: n}, Reason: "again"})
	require.Equal(t, "NOT_FROZEN", reason(err))

	clock.Later(time.Hour)
	s.Report(t, rejected("late", n, tenOClock.Add(-time.Minute)))
	require.True(t, s.Ask(t, n).GetAllowed(), "it was made before the release, and told late")
	for i := range 3 {
		require.NotEqual(t, pb.Answer_REASON_FROZEN, s.Ask(t, n).GetReason())
		s.Report(t, rejected(fmt.Sprint("new", i), n,
			tenOClock.Add(time.Duration(i+1)*time.Minute)))
	}
	require.Equal(t, pb.Answer_REASON_FROZEN, s.Ask(t, n).GetReason())
	require.Equal(t, []string{"new0", "new1", "new2"}, s.FreezesOf(t, n)[0].GetCallIds())
	require.Equal(t, pb.Answer_REASON_NONE, s.Ask(t, n, at(tenOClock.Add(time.Second))).GetReason())
	require.Equal(t, pb.Answer_REASON_FROZEN,
		s.Ask(t, n, at(tenOClock.Add(-time.Second))).GetReason(), "before the release")
	s.Sound(t)
}

// After six attempts on one day nobody calls before midnight in the rules' zone.
func TestAttemptsADay(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := newBench(t, goBy(clock))
	n := phone(1)
	for i := range 6 {
		require.True(t, s.Ask(t, n).GetAllowed(), "after %d", i)
		s.Report(t, unanswered(fmt.Sprint("a", i), n, tenOClock.Add(-time.Duration(i)*time.Minute)))
	}
	a := s.Ask(t, n)
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, a.GetReason())
	require.Equal(t, "attempts-a-day", a.GetRule())
	require.EqualValues(t, 6, a.GetCount())
	require.EqualValues(t, 6, a.GetLimit())
	require.Equal(t, "calendar day, Asia/Shanghai", a.GetDay())
	require.Equal(t, time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC), a.GetUntil().AsTime())
	require.Equal(t, "该号码的呼叫按规则“attempts-a-day”已计 6 次，达到上限 6 "+
		"次（按自然日计），2026-03-03 00:00（北京时间）前请勿拨打。", a.GetSentenceZh())
	require.Empty(t, s.FreezesOf(t, n), "it only denies")
	midnight := a.GetUntil().AsTime()
	require.False(t, s.Ask(t, n, at(midnight.Add(-time.Microsecond))).GetAllowed())
	require.True(t, s.Ask(t, n, at(midnight)).GetAllowed())
	clock.Later(midnight.Sub(tenOClock))
	require.True(t, s.Ask(t, n).GetAllowed())
}
