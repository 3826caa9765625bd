package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/internal/config"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// threeRejections are reports that bring a number to the limit of the shipped rule. Their
// ids are c0-4321, c1-4321 and c2-4321 for a number that ends in 4321.
func threeRejections(number string) []*pb.Call {
	var reports []*pb.Call
	for i := range 3 {
		reports = append(reports, rejected(fmt.Sprintf("c%d-%s", i, number[7:]), number, tenOClock.Add(-time.Hour+time.Duration(i)*10*time.Minute)))
	}
	return reports
}

// The gate refuses a number as soon as the report that brought it to a limit is
// acknowledged, and says what it is by which day. A correction lets it go, the next
// one takes it back.
func TestReportFreezesAndCorrectionReleases(t *testing.T) {
	t.Parallel()
	clock := newClock()
	log := newLogbook()
	s := start(t, testConfig(t.TempDir()), clock.option, log.option)
	n, other := phone(1), phone(2)
	reports := threeRejections(n)
	reports[1] = talked(reports[1].GetCallId(), n, reports[1].GetStartTime().AsTime(), 15*time.Second)
	for _, r := range s.report(t, reports[0], reports[1], rejected("o", other, tenOClock)) {
		require.Empty(t, r.GetFreezes())
		require.Equal(t, pb.CallResult_STATUS_CREATED, r.GetStatus())
	}
	require.Equal(t, pb.Answer_REASON_NONE, s.ask(t, n).GetReason())

	resp, err := s.calls.ReportCall(t.Context(), &pb.ReportCallRequest{Call: reports[2]})
	require.NoError(t, err)
	require.Len(t, resp.GetResult().GetFreezes(), 1)
	a := s.ask(t, "+86 "+n)
	require.False(t, a.GetAllowed())
	require.Equal(t, pb.Answer_REASON_FROZEN, a.GetReason())
	require.Equal(t, resp.GetResult().GetFreezes()[0], a.GetFreeze())
	require.Equal(t, "rule", a.GetFreezeReason())
	require.Equal(t, "rejected-or-short", a.GetRule())
	require.Equal(t, "calendar day, Asia/Shanghai", a.GetDay())
	require.Equal(t, reports[2].GetStartTime().AsTime().AddDate(0, 0, 30), a.GetUntil().AsTime())
	require.Equal(t, "该号码因达到规则“rejected-or-short”的上限已冻结至 2026-04-01 09:20（北京时间），请勿拨打。", a.GetSentenceZh())
	require.Equal(t, `This number is frozen until 2026-04-01 09:20 (Beijing time), because calls reached the limit of rule "rejected-or-short". Do not call it.`,
		a.GetSentenceEn())
	require.True(t, s.ask(t, other).GetAllowed())
	require.Len(t, log.lines("a rule froze a number", "138****", a.GetFreeze()), 1)

	f := s.freezesOf(t, n)[0]
	require.True(t, f.GetActive())
	require.Equal(t, []string{"c0-0001", "c1-0001", "c2-0001"}, f.GetCallIds())
	require.Equal(t, calls.Default().Version, f.GetRuleVersion())

	longer := talked("c1-0001", n, reports[1].GetStartTime().AsTime(), time.Minute)
	longer.Revision = 2
	require.Equal(t, pb.CallResult_STATUS_UPDATED, s.report(t, longer)[0].GetStatus())
	require.True(t, s.ask(t, n).GetAllowed())
	f = s.freezesOf(t, n)[0]
	require.Equal(t, "corrected", f.GetRelease().GetCause())
	require.Equal(t, "rules", f.GetRelease().GetActor())
	require.Len(t, log.lines("a rule's freeze was released", "138****", f.GetName()), 1)
	require.Empty(t, log.lines(n), "a number went into the log")

	require.Equal(t, pb.CallResult_STATUS_STALE, s.report(t, reports[1])[0].GetStatus(), "an older revision has no effect")
	require.True(t, s.ask(t, n).GetAllowed())
	reports[1].Revision = 3
	require.Len(t, s.report(t, reports[1])[0].GetFreezes(), 1, "the third call reached the limit because of it")
	require.False(t, s.ask(t, n).GetAllowed())
	require.Len(t, s.freezesOf(t, n), 2)
	require.EqualValues(t, 3, s.sound(t).GetEntries())
}

// What a person releases stays so for the calls that were made before: only later ones
// count.
func TestAfterReleaseOnlyLaterCallsCount(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), clock.option)
	n := phone(1)
	s.report(t, threeRejections(n)...)
	require.False(t, s.ask(t, n).GetAllowed())
	require.Equal(t, "released", s.release(t, n)[0].GetRelease().GetCause())
	require.True(t, s.ask(t, n).GetAllowed())
	_, err := s.freezes.ReleaseFreeze(as(t.Context(), "ops"), &pb.ReleaseFreezeRequest{
		Target: &pb.ReleaseFreezeRequest_Number{Number: n}, Reason: "again"})
	require.Equal(t, "NOT_FROZEN", reason(err))

	clock.later(time.Hour)
	s.report(t, rejected("late", n, tenOClock.Add(-time.Minute)))
	require.True(t, s.ask(t, n).GetAllowed(), "it was made before the release, and told late")
	for i := range 3 {
		require.NotEqual(t, pb.Answer_REASON_FROZEN, s.ask(t, n).GetReason())
		s.report(t, rejected(fmt.Sprint("new", i), n, tenOClock.Add(time.Duration(i+1)*time.Minute)))
	}
	require.Equal(t, pb.Answer_REASON_FROZEN, s.ask(t, n).GetReason())
	require.Equal(t, []string{"new0", "new1", "new2"}, s.freezesOf(t, n)[0].GetCallIds())
	require.Equal(t, pb.Answer_REASON_NONE, s.ask(t, n, at(tenOClock.Add(time.Second))).GetReason())
	require.Equal(t, pb.Answer_REASON_FROZEN, s.ask(t, n, at(tenOClock.Add(-time.Second))).GetReason(), "before the release")
	s.sound(t)
}

// The allow list is above freezes and what rules deny; it ends by itself, or by hand.
func TestAllowList(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), clock.option)
	frozen, denied := phone(1), phone(2)
	s.report(t, threeRejections(frozen)...)
	for i := range 6 {
		s.report(t, unanswered(fmt.Sprint("d", i), denied, tenOClock.Add(-time.Hour)))
	}
	_, err := s.freezes.AllowNumber(as(ctx, "ops"), &pb.AllowNumberRequest{Number: frozen, Reason: "asked for it"})
	require.Equal(t, codes.InvalidArgument, status.Code(err), "without an end")
	allow := func(n string) *pb.Allowance {
		resp, err := s.freezes.AllowNumber(as(ctx, "ops"), &pb.AllowNumberRequest{Number: n, Reason: "asked for it",
			End: &pb.AllowNumberRequest_Period{Period: durationpb.New(time.Hour)}, RequestId: n})
		require.NoError(t, err)
		return resp.GetAllowance()
	}
	entry := allow(frozen)
	require.Equal(t, entry.GetName(), allow(frozen).GetName(), "the repetition of a request whose answer was lost")
	a := s.ask(t, frozen)
	require.True(t, a.GetAllowed())
	require.Equal(t, pb.Answer_REASON_ALLOW_LISTED, a.GetReason())
	require.Equal(t, entry.GetName(), a.GetAllowance())
	require.Contains(t, a.GetSentenceZh(), "在允许名单中，2026-03-02 11:00（北京时间）前可以拨打")
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, s.ask(t, denied).GetReason())
	allow(denied)
	require.Equal(t, pb.Answer_REASON_ALLOW_LISTED, s.ask(t, denied).GetReason())
	require.Equal(t, pb.Answer_REASON_NONE, s.ask(t, phone(3)).GetReason())

	ended, err := s.freezes.EndAllowance(as(ctx, "ops"), &pb.EndAllowanceRequest{Name: entry.GetName(), Reason: "a mistake"})
	require.NoError(t, err)
	require.False(t, ended.GetAllowance().GetActive())
	require.Equal(t, pb.Answer_REASON_FROZEN, s.ask(t, frozen).GetReason())
	clock.later(time.Hour)
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, s.ask(t, denied).GetReason())
	for show, want := range map[bool]int{false: 0, true: 2} {
		list, err := s.freezes.ListAllowances(ctx, &pb.ListAllowancesRequest{ShowEnded: show})
		require.NoError(t, err)
		require.Len(t, list.GetAllowances(), want)
	}
	s.sound(t)
}

// A freeze of a line refuses calls on that line, and those that name none.
func TestFreezeOfALine(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), clock.option)
	n := phone(1)
	resp, err := s.freezes.CreateFreeze(as(t.Context(), "ops"), &pb.CreateFreezeRequest{Number: n, Reason: "wants no loans", Line: "loans",
		End: &pb.CreateFreezeRequest_Period{Period: durationpb.New(48 * time.Hour)}})
	require.NoError(t, err)
	require.Equal(t, "manual", resp.GetFreeze().GetReason())
	require.True(t, s.ask(t, n, onLine("cards")).GetAllowed())
	a := s.ask(t, n, onLine("loans"))
	require.False(t, a.GetAllowed())
	require.Equal(t, "该号码因人工操作在线路“loans”上已冻结至 2026-03-04 10:00（北京时间），请勿拨打。", a.GetSentenceZh())
	require.False(t, s.ask(t, n).GetAllowed(), "who does not say which line might use it")
	require.True(t, s.ask(t, n, onLine("cards"), at(tenOClock)).GetAllowed())
	require.False(t, s.ask(t, n, onLine("loans"), at(tenOClock)).GetAllowed())

	list, err := s.freezes.ListFreezes(t.Context(), &pb.ListFreezesRequest{Line: "loans"})
	require.NoError(t, err)
	require.Len(t, list.GetFreezes(), 1)
	_, err = s.freezes.ExtendFreeze(as(t.Context(), "li"), &pb.ExtendFreezeRequest{Name: resp.GetFreeze().GetName(), Reason: "still"})
	require.NoError(t, err)
	require.Nil(t, s.ask(t, n, onLine("loans")).GetUntil(), "until somebody releases it")
	clock.later(49 * time.Hour)
	require.False(t, s.ask(t, n, onLine("loans")).GetAllowed())
	s.sound(t)
}

// After six attempts on one day nobody calls before midnight in the rules' zone.
func TestAttemptsADay(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), clock.option)
	n := phone(1)
	for i := range 6 {
		require.True(t, s.ask(t, n).GetAllowed(), "after %d", i)
		s.report(t, unanswered(fmt.Sprint("a", i), n, tenOClock.Add(-time.Duration(i)*time.Second)))
	}
	a := s.ask(t, n)
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, a.GetReason())
	require.Equal(t, "attempts-a-day", a.GetRule())
	require.EqualValues(t, 6, a.GetCount())
	require.EqualValues(t, 6, a.GetLimit())
	require.Equal(t, "calendar day, Asia/Shanghai", a.GetDay())
	require.Equal(t, time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC), a.GetUntil().AsTime())
	require.Equal(t, "该号码的呼叫按规则“attempts-a-day”已计 6 次，达到上限 6 次（按自然日计），2026-03-03 00:00（北京时间）前请勿拨打。", a.GetSentenceZh())
	require.Empty(t, s.freezesOf(t, n), "it only denies")
	midnight := a.GetUntil().AsTime()
	require.False(t, s.ask(t, n, at(midnight.Add(-time.Microsecond))).GetAllowed())
	require.True(t, s.ask(t, n, at(midnight)).GetAllowed())
	clock.later(midnight.Sub(tenOClock))
	require.True(t, s.ask(t, n).GetAllowed())
}

// One line turns the calling hours on, for everybody, the allow list too.
func TestCallingHours(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, config.FileName)
	require.NoError(t, os.WriteFile(file, []byte("rules: {hours: {enabled: true}}\n"), 0o600))
	cfg, err := config.Load(file)
	require.NoError(t, err)
	with := testConfig(dir)
	with.Rules = cfg.Rules
	clock := newClock()
	s := start(t, with, clock.option)
	n := phone(1)
	_, err = s.freezes.AllowNumber(as(t.Context(), "ops"), &pb.AllowNumberRequest{Number: n, Reason: "asked for it",
		End: &pb.AllowNumberRequest_Period{Period: durationpb.New(24 * time.Hour)}})
	require.NoError(t, err)
	require.True(t, s.ask(t, n).GetAllowed())
	clock.later(11 * time.Hour) // 21:00
	a := s.ask(t, n)
	require.Equal(t, pb.Answer_REASON_HOURS, a.GetReason())
	require.Equal(t, time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC), a.GetUntil().AsTime())
	require.Equal(t, "不在允许外呼的时段（08:00-21:00，北京时间），请于 2026-03-03 08:00（北京时间）起拨打。", a.GetSentenceZh())
	require.True(t, s.ask(t, n, at(tenOClock)).GetAllowed())
	reserved, err := s.gate.ReserveCall(t.Context(), &pb.ReserveCallRequest{CallId: "c", Number: n})
	require.NoError(t, err)
	require.Equal(t, pb.Answer_REASON_HOURS, reserved.GetAnswer().GetReason())
	require.Nil(t, reserved.GetExpireTime())

	got, err := s.rules.GetRules(t.Context(), &pb.GetRulesRequest{})
	require.NoError(t, err)
	require.Equal(t, "08:00-21:00", got.GetRules().GetHours())
	require.Equal(t, "configuration", got.GetRules().GetActor())
	require.Len(t, got.GetRules().GetRules(), 2, "the shipped rules go on")
	_, err = s.rules.ActivateRules(as(t.Context(), "li"), &pb.ActivateRulesRequest{Rules: &pb.ActivateRulesRequest_Version{Version: "shipped"}})
	require.Equal(t, "RULES_CONFIGURED", reason(err))

	require.NoError(t, s.stop())
	s = start(t, with, clock.option)
	versions, err := s.rules.ListRuleVersions(t.Context(), &pb.ListRuleVersionsRequest{})
	require.NoError(t, err)
	require.Len(t, versions.GetVersions(), 1, "a restart with the same rules changes nothing")
	require.NoError(t, s.stop())
	s = start(t, testConfig(dir), clock.option)
	require.Equal(t, pb.Answer_REASON_NONE, s.ask(t, n).GetReason(), "the line was taken out")
	_, err = s.rules.ActivateRules(as(t.Context(), "li"), &pb.ActivateRulesRequest{Rules: &pb.ActivateRulesRequest_Version{Version: got.GetRules().GetVersion()}})
	require.NoError(t, err)
	require.Equal(t, pb.Answer_REASON_HOURS, s.ask(t, n).GetReason())
}

// All that refuses or allows a number outlives the server.
func TestRestartKeepsWhatWasDecided(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	cfg := testConfig(t.TempDir())
	s := start(t, cfg, clock.option)
	ruled, denied, reserved, corrected, freed, scoped, allowed := phone(1), phone(2), phone(3), phone(4), phone(5), phone(6), phone(7)
	for _, n := range []string{ruled, corrected, freed, allowed} {
		s.report(t, threeRejections(n)...)
	}
	fixed := talked("c0-0004", corrected, tenOClock.Add(-time.Hour), time.Minute)
	fixed.Revision = 2
	s.report(t, fixed)
	s.release(t, freed)
	for i := range 6 {
		s.report(t, unanswered(fmt.Sprint("d", i), denied, tenOClock))
		_, err := s.gate.ReserveCall(ctx, &pb.ReserveCallRequest{CallId: fmt.Sprint("r", i), Number: reserved})
		require.NoError(t, err)
	}
	_, err := s.freezes.CreateFreeze(as(ctx, "ops"), &pb.CreateFreezeRequest{Number: scoped, Reason: "x", Line: "loans"})
	require.NoError(t, err)
	_, err = s.freezes.AllowNumber(as(ctx, "ops"), &pb.AllowNumberRequest{Number: allowed, Reason: "x",
		End: &pb.AllowNumberRequest_Period{Period: durationpb.New(time.Hour)}})
	require.NoError(t, err)

	look := func(s *server) (answers []string) {
		for _, n := range []string{ruled, denied, reserved, corrected, freed, scoped, allowed} {
			for _, line := range []string{"", "loans", "cards"} {
				answers = append(answers, s.ask(t, n, onLine(line)).String())
			}
		}
		return answers
	}
	before := look(s)
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, s.ask(t, reserved).GetReason())
	require.NoError(t, s.stop())
	s = start(t, cfg, clock.option)
	require.Equal(t, before, look(s))
	s.sound(t)
}
