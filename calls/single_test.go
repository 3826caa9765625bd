package calls_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/refrain-asr/refrain/calls"
)

// attempt is a call that begins so many seconds into a day.
func attempt(id string, second int, o calls.Outcome, talk int) calls.Call {
	return calls.Call{ID: id, Start: date("2026-03-02T02:00:00Z").Add(time.Duration(second) *
		time.Second), Outcome: o, Talk: time.Duration(talk) * time.Second, Revision: 1}
}

// Attempts within seconds of one another are one call, whichever of them is told first;
// that which tells most of what the called person did counts.
func TestSameCall(t *testing.T) {
	t.Parallel()
	rule := "\n  - {name: %s, when: %q, limit: 1, window: 1h, deny: true}"
	source := "rules:"
	for name, when := range map[string]string{"all": "true", "rejected": "call.outcome == 'rejected'",
		"short": "call.outcome == 'answered' && call.talk <= duration('15s')"} {
		source += fmt.Sprintf(rule, name, when)
	}
	timeline := calls.Timeline{{RuleSet: parse(t, source+"\n")}}
	const no, busy, rang, failed, talked = calls.Rejected, calls.Busy, calls.NoAnswer, calls.Failed,
		calls.Answered
	for _, tt := range []struct {
		name                 string
		calls                []calls.Call
		all, rejected, short int
	}{
		{"two legs", []calls.Call{attempt("a", 0, no, 0), attempt("b", 1, no, 0)}, 1, 1, 0},
		{"at one moment", []calls.Call{attempt("a", 0, no, 0), attempt("b", 0, no, 0)}, 1, 1, 0},
		{"the next gateway", []calls.Call{attempt("a", 0, failed, 0), attempt("b", 4, no, 0)}, 1, 1, 0},
		{"gateways in a row", []calls.Call{attempt("a", 0, failed, 0), attempt("b", 8, rang, 0),
			attempt("c", 16, no, 0), attempt("d", 24, no, 0)}, 1, 1, 0},
		{"the last moment", []calls.Call{attempt("a", 0, no, 0), attempt("b", 10, no, 0)}, 1, 1, 0},
		{"later", []calls.Call{attempt("a", 0, no, 0), attempt("b", 11, no, 0)}, 2, 2, 0},
		{"legs of a talk", []calls.Call{attempt("a", 0, talked, 40), attempt("b", 3, talked, 30)},
			1, 0, 0},
		{"the longest talk counts", []calls.Call{attempt("a", 0, talked, 9),
			attempt("b", 2, talked, 20)}, 1, 0, 0},
		{"answered after a rejection", []calls.Call{attempt("a", 0, no, 0),
			attempt("b", 5, talked, 60)}, 1, 0, 0},
		{"dialled again after a short talk", []calls.Call{attempt("a", 0, talked, 5),
			attempt("b", 8, no, 0)}, 2, 1, 1},
		{"busy between two rejections", []calls.Call{attempt("a", 0, no, 0),
			attempt("b", 8, busy, 0), attempt("c", 16, no, 0)}, 2, 2, 0},
		{"a reservation is one more", []calls.Call{attempt("a", 0, no, 0), attempt("b", 0, "", 0),
			attempt("c", 0, "", 0)}, 3, 1, 0},
		{"one beside a reservation", []calls.Call{attempt("a", 0, "", 0), attempt("b", 5, failed, 0)},
			2, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := map[string]int{"all": tt.all, "rejected": tt.rejected, "short": tt.short}
			rapid.Check(t, func(t *rapid.T) {
				got := map[string]int{"all": 0, "rejected": 0, "short": 0}
				list := rapid.Permutation(tt.calls).Draw(t, "order")
				at := date("2026-03-02T02:05:00Z")
				for _, d := range timeline.Denials(calls.History{Calls: list}, at) {
					got[d.Rule] = d.Count
				}
				require.Equal(t, want, got)
			})
		})
	}
}

// A talk time that nobody told is neither short nor long.
func TestUnknownTalk(t *testing.T) {
	t.Parallel()
	timeline := calls.Timeline{{RuleSet: parse(t, `rules:
  - {name: short, when: "call.outcome == 'rejected' || (call.outcome == 'answered' && call.talk <= duration('15s'))", limit: 1, window: 1h, deny: true}
  - {name: not-short, when: "!(call.talk <= duration('15s'))", limit: 1, window: 1h, deny: true}
  - {name: long, when: "call.talk > duration('15s')", limit: 1, window: 1h, deny: true}
  - {name: answered, when: "call.outcome == 'answered'", limit: 1, window: 1h, deny: true}
`)}}
	unknown := attempt("a", 0, calls.Answered, 0)
	unknown.TalkUnknown = true
	for name, tt := range map[string]struct {
		call calls.Call
		want []string
	}{
		"unknown":  {unknown, []string{"answered"}},
		"0 s":      {attempt("a", 0, calls.Answered, 0), []string{"short", "answered"}},
		"16 s":     {attempt("a", 0, calls.Answered, 16), []string{"not-short", "long", "answered"}},
		"rejected": {attempt("a", 0, calls.Rejected, 0), []string{"short"}},
	} {
		var got []string
		for _, d := range timeline.Denials(calls.History{Calls: []calls.Call{tt.call}},
			tt.call.Start) {
			got = append(got, d.Rule)
		}
		require.Equal(t, tt.want, got, name)
	}
	three := []calls.Call{unknown, unknown, unknown}
	for i := range three {
		three[i].ID, three[i].Start = fmt.Sprint(i), three[i].Start.Add(time.Duration(i)*time.Hour)
	}
	require.Empty(t, allFirings(calls.Timeline{{RuleSet: calls.Default()}}, three...))
}

// What is merged of unknown talk times: outcomes without a talk have none to be unknown.
func TestMergeOfUnknownTalk(t *testing.T) {
	t.Parallel()
	in := report(t)
	in.Outcome, in.Talk, in.TalkUnknown = calls.NoAnswer, 0, true
	got, _, err := calls.Merge(nil, in)
	require.NoError(t, err)
	require.False(t, got.TalkUnknown)
	in.Outcome = calls.Answered
	known, _, err := calls.Merge(nil, in)
	require.NoError(t, err)
	require.True(t, known.TalkUnknown)
	told := report(t)
	_, _, err = calls.Merge(&known, told)
	require.ErrorContains(t, err, "known with another talk")
	told.Revision = 2
	got, status, err := calls.Merge(&known, told)
	require.NoError(t, err)
	require.Equal(t, calls.Updated, status)
	require.Equal(t, told, got)
	told.TalkUnknown = true
	require.ErrorContains(t, told.Check(told.Start), "said to be unknown")
}
