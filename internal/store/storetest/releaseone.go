package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/request"
)

// releaseOne releases a freeze by its name.
func (b *bench) releaseOne(t *testing.T, id freeze.ID, req string) (freeze.Freeze, error) {
	t.Helper()
	return b.freeze.ReleaseOne(t.Context(), request.Request{Method: "ReleaseFreeze", ID: req}, id,
		"ops", "wants loans again")
}

// testReleaseOne: a freeze that is released by its name leaves the others on its number.
func testReleaseOne(t *testing.T, b *bench) {
	n := numberOf(t, 1)
	made, err := b.freeze.Order(t.Context(), request.Request{}, []freeze.Freeze{
		{Number: n, Reason: freeze.Manual, Line: "loans"},
		{Number: n, Reason: freeze.Manual, Line: "cards"}, {Number: n, Reason: freeze.Manual},
		{Number: n, Reason: freeze.Manual, Until: begin.Add(time.Hour)},
		{Number: n, Reason: freeze.Manual, From: begin.Add(time.Hour)}})
	require.NoError(t, err)
	got, err := b.releaseOne(t, made[0].ID, "r1")
	require.NoError(t, err)
	require.Equal(t, &freeze.Release{Cause: freeze.ByHandAlone, At: begin, Actor: "ops",
		Reason: "wants loans again", Seq: 6}, got.Release)
	again, err := b.releaseOne(t, made[0].ID, "r1")
	require.NoError(t, err)
	require.Equal(t, got, again, "the repetition of a request whose answer was lost")
	require.Equal(t, got, b.heardOf(t, got.ID))
	require.Len(t, b.frozen(t, 1), 3)
	_, err = b.releaseOne(t, made[4].ID, "")
	require.NoError(t, err, "what would yet begin")
	b.later(time.Hour)
	require.Equal(t, []freeze.Freeze{made[1], made[2]}, b.frozen(t, 1))
	for _, id := range []freeze.ID{made[0].ID, made[3].ID} {
		_, err = b.releaseOne(t, id, "")
		require.Equal(t, "NOT_STANDING", fault.ReasonOf(err))
	}
	_, err = b.releaseOne(t, "nobody", "")
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	_, err = b.releaseOne(t, made[1].ID, "r1")
	require.Equal(t, fault.Invalid, fault.KindOf(err), "one request is about one freeze")
	ended, err := b.release(t, 1, "")
	require.NoError(t, err)
	require.Len(t, ended, 2, "what is left")
	b.verify(t)
}

const twoRules = `
rules:
  - {name: three, when: "call.outcome == 'rejected'", limit: 3, window: day, freeze: 30d}
  - {name: two, when: "call.outcome == 'rejected'", limit: 2, window: 1h, freeze: 10d}
same_call: off
`

// testReleaseOneOfRules: after the release of a rule's freeze only later calls count for
// that rule; the freezes of other rules stand on, and so they do where somebody releases
// what no rule made.
func testReleaseOneOfRules(t *testing.T, b *bench) {
	b.setRules(parseRules(t, twoRules))
	made, err := b.freeze.Order(t.Context(), request.Request{},
		[]freeze.Freeze{{Number: numberOf(t, 1), Reason: freeze.Manual, Line: "loans"}})
	require.NoError(t, err)
	b.reported(t, call(t, "c1", 1, -4*time.Hour), call(t, "c2", 1, -2*time.Hour-time.Minute),
		call(t, "c3", 1, -2*time.Hour), call(t, "c4", 1, -time.Minute), call(t, "c5", 1, 0))
	require.Equal(t, []string{"", "three", "two", "two"}, b.rulesFreezing(t, 1))
	b.later(time.Second)
	_, err = b.releaseOne(t, made[0].ID, "")
	require.NoError(t, err)
	b.reported(t, call(t, "c6", 1, time.Second))
	require.Equal(t, []string{"three", "two", "two"}, b.rulesFreezing(t, 1))
	for _, f := range b.frozen(t, 1) {
		if f.Rule == "two" && f.From.Equal(begin) {
			_, err = b.releaseOne(t, f.ID, "")
			require.NoError(t, err)
		}
	}
	b.later(time.Minute)
	b.reported(t, call(t, "c7", 1, time.Minute))
	require.Equal(t, []string{"three", "two"}, b.rulesFreezing(t, 1), "c7 is the first that counts")
	b.reported(t, call(t, "c8", 1, time.Minute))
	require.Equal(t, []string{"three", "two", "two"}, b.rulesFreezing(t, 1))

	first := call(t, "c1", 1, -4*time.Hour)
	first.Outcome, first.Revision = calls.Failed, 2
	b.reported(t, first)
	require.Equal(t, []string{"three", "two", "two"}, b.rulesFreezing(t, 1))
	second := call(t, "c2", 1, -2*time.Hour-time.Minute)
	second.Outcome, second.Revision = calls.Failed, 2
	b.reported(t, second)
	require.Equal(t, []string{"three", "two"}, b.rulesFreezing(t, 1), "c2 was its evidence")
	b.verify(t)
}

func (b *bench) setRules(set *calls.RuleSet) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rules = calls.Timeline{{RuleSet: set}}
}

// rulesFreezing are the rules whose freezes stand on a number, "" for others' freezes.
func (b *bench) rulesFreezing(t *testing.T, n int) []string {
	t.Helper()
	var rules []string
	for _, f := range b.frozen(t, n) {
		rules = append(rules, f.Rule)
	}
	slices.Sort(rules)
	return rules
}
