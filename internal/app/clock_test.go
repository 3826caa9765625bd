package app_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Whatever the clock does, what was ordered holds, and people are told to look at it.
func TestTheClockGoesBack(t *testing.T) {
	t.Parallel()
	log, clock := newLogbook(), newClock()
	s := start(t, testConfig(t.TempDir()), logTo(log), goBy(clock), func(o *app.Options) {
		o.Elapsed = func() time.Duration { return time.Hour } // it was set in no time
	})
	read := func(path string) string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			"http://"+s.app.HTTPAddr()+path, http.NoBody)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		return string(body)
	}
	require.Equal(t, "ready\n", read("/readyz"))
	_, err := s.Freezes.CreateFreeze(as(t.Context(), "ops"),
		&pb.CreateFreezeRequest{Number: phone(1), Reason: "a letter"})
	require.NoError(t, err)
	for _, by := range []time.Duration{-5 * time.Second, -time.Hour, -30 * 24 * time.Hour} {
		clock.Later(by)
		require.Equal(t, pb.Answer_REASON_FROZEN, s.Ask(t, phone(1)).GetReason(), by)
		reserved, err := s.Reserve(t.Context(), "r"+by.String(), phone(1))
		require.NoError(t, err)
		require.Equal(t, pb.Answer_REASON_FROZEN, reserved.GetAnswer().GetReason(), by)
		require.Contains(t, read("/readyz"), "warning: the system's clock is ")
	}
	require.Contains(t, read("/readyz"), "the system's clock was set by -720h0m0s (back)")
	require.Contains(t, read("/metrics"), `refrain_clock_steps_total{direction="back"} 2`)
	require.Contains(t, read("/metrics"), "refrain_clock_behind_ledger_seconds 2.595605e+06")
	require.Len(t, log.Lines("the system's clock was set"), 2)
	require.Len(t, log.Lines("is behind the ledger's last entry"), 1, "once")

	clock.Later(30*24*time.Hour + time.Hour + 5*time.Second)
	text := read("/readyz")
	require.NotContains(t, text, "behind the ledger")
	require.Contains(t, text, "(forward, or the machine slept)")
	require.Len(t, log.Lines("is not behind the ledger any more"), 1)
}

// What was ordered while the clock was a day ahead holds when it is right again, also after
// a restart; and of rules and lexicons those hold that were activated last.
func TestTheClockWasAhead(t *testing.T) {
	t.Parallel()
	clock, cfg := newClock(), testConfig(t.TempDir())
	s := start(t, cfg, goBy(clock))
	activate := func(rules, lexicon string) {
		_, err := s.Rules.ActivateRules(as(t.Context(), "ops"), &pb.ActivateRulesRequest{
			Rules: &pb.ActivateRulesRequest_Source{Source: "name: " + rules + "\n"}})
		require.NoError(t, err)
		_, err = s.Lexicons.ActivateLexicon(as(t.Context(), "ops"), &pb.ActivateLexiconRequest{
			Lexicon: &pb.ActivateLexiconRequest_Source{Source: "version: " + lexicon + "\nclasses:\n" +
				"  - {id: x, label: x, freeze: 60d, phrases: [不要]}\n"}})
		require.NoError(t, err)
	}
	inForce := func() []string {
		rules, err := s.Rules.GetRules(t.Context(), &pb.GetRulesRequest{})
		require.NoError(t, err)
		lexicon, err := s.Lexicons.GetLexicon(t.Context(), &pb.GetLexiconRequest{})
		require.NoError(t, err)
		return []string{rules.GetRules().GetVersion()[:5], lexicon.GetLexicon().GetVersion()[:4]}
	}
	clock.Later(24 * time.Hour)
	_, err := s.Freezes.CreateFreeze(as(t.Context(), "ops"),
		&pb.CreateFreezeRequest{Number: phone(1), Reason: "a letter"})
	require.NoError(t, err)
	activate("ruleA", "lexA")
	clock.Later(-24 * time.Hour)
	require.Equal(t, []string{"ruleA", "lexA"}, inForce())
	activate("ruleB", "lexB")
	for range 2 {
		require.Equal(t, []string{"ruleB", "lexB"}, inForce())
		require.Equal(t, pb.Answer_REASON_FROZEN, s.Ask(t, phone(1)).GetReason())
		require.True(t, s.FreezesOf(t, phone(1))[0].GetActive())
		clock.Later(25 * time.Hour)
		require.Equal(t, []string{"ruleB", "lexB"}, inForce())
		clock.Later(-25 * time.Hour)
		require.NoError(t, s.stop())
		s = start(t, cfg, goBy(clock))
	}
}

// What rules denied before the clock ran ahead they deny again once it is right: the gate had put
// tomorrow's in its place.
func TestDenialsGoByTheClockThatWasSet(t *testing.T) {
	t.Parallel()
	clock, look := newClock(), make(chan time.Time)
	s := start(t, testConfig(t.TempDir()), goBy(clock), func(o *app.Options) {
		o.Elapsed = func() time.Duration { return time.Hour } // it was set in no time
		o.Every = func(d time.Duration) (<-chan time.Time, func()) {
			if d == 5*time.Second {
				return look, func() {}
			}
			return nil, func() {}
		}
	})
	s.AlmostUp(t, clock, phone(1))
	s.Report(t, unanswered("sixth", phone(1), clock.Now().Add(-10*time.Second)))
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, s.Ask(t, phone(1)).GetReason())

	clock.Later(24 * time.Hour)
	s.Report(t, unanswered("tomorrow", phone(1), clock.Now().Add(-time.Minute)))
	require.True(t, s.Ask(t, phone(1)).GetAllowed())
	clock.Later(-24 * time.Hour)
	for range 2 { // with the second one the first has been dealt with
		look <- time.Now()
	}
	require.Equal(t, pb.Answer_REASON_RULE_LIMIT, s.Ask(t, phone(1)).GetReason())
}

// What was reserved was called, whatever the clock says since: setting it back permits no more.
func TestReservationsOutliveTheClock(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), goBy(clock))
	reserve := func(i int) pb.Answer_Reason {
		got, err := s.Reserve(t.Context(), fmt.Sprint("r", i), phone(1))
		require.NoError(t, err)
		return got.GetAnswer().GetReason()
	}
	for i := range 6 {
		require.Equal(t, pb.Answer_REASON_NONE, reserve(i))
	}
	for i, back := range []time.Duration{time.Minute, time.Hour, 24 * time.Hour} {
		clock.Later(-back)
		require.Equal(t, pb.Answer_REASON_RULE_LIMIT, reserve(6+i), back)
	}
	clock.Later(25*time.Hour + time.Minute + 24*time.Hour)
	require.Equal(t, pb.Answer_REASON_NONE, reserve(9), "tomorrow")
}
