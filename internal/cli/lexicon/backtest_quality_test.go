package lexicon

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords"
)

// What it is compared with need not be what the server found.
func TestTestedAgainst(t *testing.T) {
	t.Parallel()
	r := newReport("new", 1)
	r.tested = newTested(time.UTC)
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	// A suspect that the other lexicon would have lost, and a missed refusal that it would have found.
	r.add(pastCall{at: at, found: true, decision: &decision{confirmed: true}}, keywords.Verdict{Suspect: true})
	r.add(pastCall{at: at, human: true, suspect: true, decision: &decision{sample: true, confirmed: true}},
		keywords.Verdict{})
	r.done()
	require.Nil(t, r.Quality.PrecisionBefore)
	require.InDelta(t, 1, r.Quality.Precision.Value, 0)
	require.InDelta(t, 0.5, r.Quality.RecallBefore.Value, 0)
	require.InDelta(t, 0.5, r.Quality.Recall.Value, 0)
}

func TestTested(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	yes, no := keywords.Verdict{Suspect: true, Hits: []keywords.Hit{
		{Phrase: "没兴趣"}, {Match: "learned"}, {Phrase: "不要", Veto: &keywords.Veto{}}}}, keywords.Verdict{}
	confirmed := &decision{confirmed: true, phrases: map[string]bool{"没兴趣": true, "不要": false}}
	dismissed := &decision{phrases: map[string]bool{"不要": false}}
	r := newReport("new", 1)
	r.tested = newTested(time.UTC)
	add := func(day, times int, suspect bool, d *decision, now keywords.Verdict) {
		for range times {
			r.add(pastCall{at: monday.AddDate(0, 0, day), human: true, suspect: suspect, found: suspect, decision: d}, now)
		}
	}
	add(-3, 500, false, nil, no) // before the first sample
	add(1, 8, true, confirmed, yes)
	add(1, 2, true, confirmed, no)
	add(1, 4, true, dismissed, no)
	add(1, 1, true, dismissed, yes)
	add(1, 89, false, nil, no)
	add(1, 1, false, nil, yes)
	add(1, 1, false, &decision{sample: true, confirmed: true}, yes)
	add(1, 1, false, &decision{sample: true, confirmed: true}, no)
	add(1, 1, false, &decision{sample: true}, yes)
	add(1, 7, false, &decision{sample: true}, no)
	r.done()
	q := r.Quality
	require.Equal(t, Reviewed{Confirmed: 10, Dismissed: 5, ConfirmedLost: 2, DismissedLost: 4}, q.Decided)
	require.InDelta(t, 0.6667, q.PrecisionBefore.Value, 1e-9)
	require.InDelta(t, 0.8889, q.Precision.Value, 1e-9)
	require.Equal(t, []int{10, 2, 1, 1}, []int{q.Samples, q.SamplesConfirmed, q.SamplesGained, q.SamplesRaised})
	// 100 calls without a suspect, in two of ten of which a refusal was missed
	require.InDelta(t, 10/(10+20.0), q.RecallBefore.Value, 1e-4)
	require.InDelta(t, (8+10)/(10+20.0), q.Recall.Value, 1e-4)
	require.InDelta(t, 4, q.Days, 0)
	require.InDelta(t, 3.8, q.SuspectsPerDayBefore, 0)
	require.InDelta(t, 3, q.SuspectsPerDay, 0)
	require.Equal(t, map[string]Phrase{
		"没兴趣":       {Reviewed: Reviewed{Confirmed: 10, ConfirmedLost: 2}, Gained: 3},
		"不要":        {Reviewed: Reviewed{Dismissed: 15, DismissedLost: 6}},
		"(learned)": {Gained: 3},
	}, q.ByPhrase)
	require.Contains(t, strings.Join(r.text(), "\n"), "recall by blind samples: 0.333 (")
}
