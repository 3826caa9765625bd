package eval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/eval"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// What the parts kept for testing were judged like when these bounds were set, with a little room
// below: a change that falls out of them makes things worse.
const (
	leastHomophone = 0.90
	// mostAlarms is the share of ordinary telephone talk that may be taken for refusals, and
	// mostCalls that of whole ordinary calls; leastCalls is the share of calls with a refusal
	// that must be found.
	mostAlarms                 = 0.009
	mostCalls                  = 0.06
	leastCalls, leastCallsBoth = 0.62, 0.62
)

// leastF1 is each labelled part's own bound, so that a hard part doesn't hide what an easier one
// loses.
var leastF1 = map[string]float64{"first.tsv": 0.92, "second.tsv": 0.86, "third.tsv": 0.865}

// TestHeldBack fails when a change makes the parts worse that nobody learns from.
func TestHeldBack(t *testing.T) {
	var labelled, homophones eval.Count
	var alarms eval.Rate
	by := judge(t, keywords.Options{})
	for _, part := range load(t, held) {
		r := eval.Measure(part.List, by)
		if r.All.Right+r.All.Missed == 0 {
			alarms.Met += r.All.False
			alarms.Of += r.All.False + r.All.Rejected
			continue
		}
		require.Contains(t, leastF1, part.Name, "say how well the part must be judged")
		require.GreaterOrEqual(t, r.All.F1(), leastF1[part.Name], part.Name)
		labelled = labelled.Plus(r.All)
		if h := r.Kinds["homophone"]; h != nil {
			homophones = homophones.Plus(*h)
		}
	}
	wrongly, found := wholeCalls(t, held, customerAlone)
	wronglyBoth, foundBoth := wholeCalls(t, held, bothSides)
	t.Logf("unseen parts: %s; homophones found %.3f", brief(labelled), homophones.Recall())
	t.Logf("own ordinary talk taken for refusals %s", alarms.PerMille())
	t.Logf("whole ordinary calls wrongly suspect %s; calls with a refusal found %s",
		wrongly.Percent(), found.Percent())
	t.Logf("knowing what the agent said: %s; %s", wronglyBoth.Percent(), foundBoth.Percent())
	require.GreaterOrEqual(t, homophones.Recall(), leastHomophone)
	require.LessOrEqual(t, alarms.Share(), mostAlarms)
	require.LessOrEqual(t, wrongly.Share(), mostCalls)
	require.GreaterOrEqual(t, found.Share(), leastCalls)
	require.LessOrEqual(t, wronglyBoth.Share(), mostCalls)
	require.GreaterOrEqual(t, foundBoth.Share(), leastCallsBoth)
}

// customerAlone and bothSides judge a call by what the customer said, and knowing what the agent
// said.
func customerAlone(j *keywords.Judge, c eval.Call) bool { return suspects(j, customers(c)) }

func bothSides(j *keywords.Judge, c eval.Call) bool {
	customer, agent := tracks(c)
	return j.Call(customer, agent, 0).Suspect
}

// wholeCalls judges the dialogues in folder.
func wholeCalls(
	t *testing.T, folder string, judge func(j *keywords.Judge, c eval.Call) bool,
) (wrongly, found eval.Rate) {
	t.Helper()
	j, err := keywords.New(lexicon.Default(), keywords.Options{})
	require.NoError(t, err)
	for _, calls := range ownCalls(t, folder) {
		for _, call := range calls {
			if suspect := judge(j, call); call.Refusal >= 0 {
				found.Add(suspect)
			} else {
				wrongly.Add(suspect)
			}
		}
	}
	return wrongly, found
}
