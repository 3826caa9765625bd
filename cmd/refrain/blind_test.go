package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/lexicon"
	"github.com/refrain-asr/refrain/internal/cli/review"
	"github.com/refrain-asr/refrain/internal/config"
)

// A reviewer judges blind suspects by what is said, and what is decided tells how good another
// lexicon would be.
func TestBlindReviewAndBacktest(t *testing.T) {
	t.Parallel()
	u := newUser(t, func(c *config.Config) {
		c.Review.BlindShare, c.Review.SecondShare = 1, 1
	})
	must := func(args ...string) string {
		t.Helper()
		got := u.run(args...)
		require.Equal(t, console.ExitDone, got.code, got.errors)
		return got.out
	}
	must("send", filepath.Join(samplesDir, "05-interested.wav"), "--number", "13800138015",
		"--agent", "a17", "--call-id", "interested", "--customer-channel", "right", "--wait")
	must("send", filepath.Join(samplesDir, "01-not-interested.wav"), "--number", "13800138011",
		"--agent", "a17", "--call-id", "refuses", "--customer-channel", "right", "--answer-offset", "7",
		"--wait")

	shown := must("review", "list")
	require.Equal(t, 2, strings.Count(shown, "(blind)"))
	require.NotContains(t, shown, "not_interested")
	ids := map[string]string{}
	for _, l := range lines[review.Line](t, must("review", "list", "--format", "json")) {
		require.True(t, l.Blind)
		require.Nil(t, l.Kind)
		require.Empty(t, l.Hits)
		require.Empty(t, l.Class)
		require.Zero(t, l.Score)
		ids[l.CallID] = review.SuspectID(l.Suspect)
	}
	shown = must("review", "show", ids["refuses"])
	require.Contains(t, shown, "Judge by what is said")
	require.NotContains(t, shown, "score")

	got := u.run("review", "confirm", ids["refuses"])
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "class")
	must("review", "confirm", ids["refuses"], "--class", "not_interested")
	must("review", "confirm", ids["interested"], "--class", "no_need") // as if he had refused
	require.Contains(t, must("review", "show", ids["interested"]), "a sample")
	require.Contains(t, must("review", "show", ids["refuses"]), "not_interested  score")

	// The second looks are for somebody else.
	require.Contains(t, must("review", "list"), "no suspects wait")
	second := lines[review.Line](t, must("review", "list", "--as", "wang", "--format", "json"))
	require.Len(t, second, 2)
	for _, l := range second {
		must("review", "dismiss", review.SuspectID(l.Suspect), "--as", "wang")
	}
	require.Equal(t, 2, strings.Count(must("review", "list", "--disputed"), "(dismissed by wang)"))

	report := must("report")
	require.Contains(t, report, "recall")
	require.Contains(t, report, "0.500 (")
	require.Contains(t, must("report", "--format", "json"), `"samples_confirmed":1`)
	require.Contains(t, must("report", "--format", "csv"), "\"recall, low\",")

	u.write("other.yaml", otherLexicon)
	told := must("lexicon", "backtest", "@other.yaml")
	require.Contains(t, told, "of 1 confirmed suspects 1 would be lost, of 0 dismissed ones 0")
	require.Contains(t, told, "of 1 blind samples 1 have a refusal, of which 0 would be found")
	require.Contains(t, told, "suspects a day: 1.0 before, 0.0 now")
	require.Contains(t, told, "(confirmed)")
	all := strings.Split(strings.TrimSpace(must("lexicon", "backtest", "@other.yaml", "--format", "json")), "\n")
	sum := lines[lexicon.Report](t, all[len(all)-1])[0]
	require.Equal(t, lexicon.Reviewed{Confirmed: 1, ConfirmedLost: 1}, sum.Decided)
	require.InDelta(t, 0.5, sum.RecallBefore.Value, 1e-9)
	require.InDelta(t, 0, sum.Recall.Value, 1e-9)
	require.Nil(t, sum.Precision, "no suspect remains")
	require.InDelta(t, 1, sum.PrecisionBefore.Value, 0)
	require.Equal(t, lexicon.Reviewed{Confirmed: 1, ConfirmedLost: 1}, sum.ByClass["not_interested"].Reviewed)
	require.NotEmpty(t, sum.ByPhrase)
	require.Equal(t, "confirmed", lines[lexicon.Change](t, all[0])[0].Decision)
}
