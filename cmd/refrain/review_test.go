package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/recording"
	"github.com/refrain-asr/refrain/internal/cli/review"
	"github.com/refrain-asr/refrain/internal/config"
)

// A reviewer works the queue off by the ends of ids; what is unclear goes to a supervisor.
func TestReviewQueue(t *testing.T) {
	t.Parallel()
	u := newUser(t, func(*config.Config) {})
	must := func(args ...string) string {
		t.Helper()
		got := u.run(args...)
		require.Equal(t, console.ExitDone, got.code, got.errors)
		return got.out
	}
	require.Contains(t, must("review", "next"), "no suspect waits")
	require.Empty(t, must("review", "next", "--format", "json"))
	for _, call := range []string{"one", "two"} {
		must("send", filepath.Join(samplesDir, "01-not-interested.wav"), "--number", "13800138011", "--agent", "a17",
			"--call-id", call, "--customer-channel", "right", "--answer-offset", "7", "--wait")
	}
	next := lines[review.ShownLine](t, must("review", "next", "--agent", "a17", "--format", "json"))[0]
	require.Equal(t, "one", next.CallID)
	require.Equal(t, "claimed", next.State)
	require.EqualValues(t, 1, next.Siblings)
	require.Len(t, next.ShortID, 8)
	require.NotEmpty(t, next.Transcript.Segments)
	said := lines[recording.Said](t, must("recording", "show", "one", "--transcript", "--format", "json"))[0]
	require.Equal(t, next.Transcript, said.Transcript)
	require.Equal(t, next.Hits, said.Hits)
	require.Equal(t, "one", said.CallID)
	require.Contains(t, must("recording", "show", "two", "--transcript"), next.Hits[0].Class+" \"")
	unreported := u.run("call", "show", "one")
	require.Equal(t, console.ExitFailed, unreported.code)
	require.Contains(t, unreported.errors, "no report of how")
	require.Contains(t, unreported.errors, `refrain recording list --call-id "one"`)
	short := strings.ToLower(next.ShortID)
	require.Contains(t, must("review", "list", "--mine"), review.SuspectID(next.Suspect))
	require.Contains(t, must("review", "release", short), "is open again")
	require.Contains(t, must("review", "claim", short), "is claimed by")
	require.Contains(t, must("review", "next", "--mine"), next.Suspect)
	require.Equal(t, 2, strings.Count(must("review", "list", "--same-number-as", next.Suspect), "138****8011"))
	require.Contains(t, must("review", "pass", short, "--note", "a dialect"), "is left to a supervisor")
	require.Contains(t, must("review", "list", "--passed"), review.SuspectID(next.Suspect))
	require.Contains(t, must("review", "show", short), "a dialect")
	require.Contains(t, must("review", "confirm", short, "--for", "30d"), "is frozen")
	const past = "2026-01-01T00:00:00Z"
	require.Contains(t, must("review", "list", "--decided-since", past), review.SuspectID(next.Suspect))
	require.Contains(t, must("review", "list", "--decided-until", past), "no suspects")
	waiting := u.run("review", "list", "--decided-since", past, "--state", "open")
	require.Equal(t, console.ExitUsage, waiting.code)
	require.Contains(t, waiting.errors, "those wait for a decision")
	require.Contains(t, must("review", "next"), "its number is frozen until")
	require.Contains(t, must("review", "appeal", short, "--reason", "he asked when"), "somebody else will decide")
	again := u.run("review", "appeal", short, "--reason", "he asked when")
	require.Equal(t, console.ExitFailed, again.code)
	require.Contains(t, again.errors, "a supervisor can still revert it")
	none := u.run("review", "show", "ZZZZZZZZ")
	require.Equal(t, console.ExitFailed, none.code)
	require.Contains(t, none.errors, "no suspect whose id ends in ZZZZZZZZ")
}
