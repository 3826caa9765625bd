package learn

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// delivery are the calls of a company that delivers beds: what its customers say about lifting them
// up the stairs is taken for refusals.
func delivery() []Decision {
	var list []Decision
	say := func(confirmed bool, texts ...string) {
		for _, text := range texts {
			list = append(list, Decision{Transcript: said(text), Confirmed: confirmed})
		}
	}
	for range 6 {
		say(false, "师傅，东西放门口，不用了", "楼道窄，不用了", "师傅，不要了", "师傅你放门口吧不用了")
		say(true, "不需要，谢谢", "我没兴趣，别再打了", "不需要，家里有了", "别再给我打电话了")
	}
	return list
}

func learned(t *testing.T, decisions []Decision) Result {
	t.Helper()
	l, err := New(lexicon.Default().Source(), keywords.Options{})
	require.NoError(t, err)
	r, err := l.Learn(decisions, time.Unix(1, 0))
	require.NoError(t, err)
	return r
}

func TestLearn(t *testing.T) {
	t.Parallel()
	decisions := delivery()
	r := learned(t, decisions)
	require.Positive(t, r.Dismissed)
	require.Less(t, r.False, r.Dismissed)
	require.LessOrEqual(t, len(r.Correction.Items), lexicon.MostItems)
	require.Equal(t, r.Dismissed, r.Correction.Dismissed)
	require.Equal(t, lexicon.Default().ID(), r.Correction.Upon)
	require.Equal(t, r, learned(t, decisions), "the same decisions teach the same")
	judge, err := keywords.New(r.Lexicon, keywords.Options{})
	require.NoError(t, err)
	require.False(t, judge.Text("师傅，沙发放门口，不用了").Suspect)
	for _, text := range []string{"不需要，谢谢", "别再打了", "我没兴趣"} {
		require.True(t, judge.Text(text).Suspect, text)
	}
}

// TestSentencesAreSpared: whatever was decided, the lexicon finds what it is written for.
func TestSentencesAreSpared(t *testing.T) {
	t.Parallel()
	base, err := keywords.New(lexicon.Default(), keywords.Options{})
	require.NoError(t, err)
	var decisions []Decision
	finds := func(use func(class, text string)) {
		for _, class := range lexicon.Default().Classes {
			for _, phrase := range class.Phrases {
				for _, sentence := range phrase.Finds {
					if base.Text(sentence.Text).Suspect {
						use(class.ID, sentence.Text)
					}
				}
			}
		}
	}
	finds(func(class, text string) { // a reviewer who doesn't believe one class
		decisions = append(decisions, Decision{Transcript: said(text),
			Confirmed: class != "wrong_number"})
	})
	r := learned(t, slices.Concat(decisions, decisions, decisions))
	require.NotEmpty(t, r.Spared)
	judge, err := keywords.New(r.Lexicon, keywords.Options{})
	require.NoError(t, err)
	finds(func(_, text string) { require.True(t, judge.Text(text).Suspect, text) })
}

func TestLearnFromWhatIsCorrected(t *testing.T) {
	t.Parallel()
	first := learned(t, delivery())
	l, err := New(first.Source, keywords.Options{})
	require.NoError(t, err)
	second, err := l.Learn(delivery(), time.Unix(1, 0))
	require.NoError(t, err)
	require.Equal(t, string(first.Source), string(second.Source))
}

func TestNothingToCorrect(t *testing.T) {
	t.Parallel()
	_, err := New([]byte("version: v1\nlearned: off\nclasses:\n- {id: no_need, label: 不需要, "+
		"freeze: 1d, phrases: [不需要]}\n"), keywords.Options{})
	require.ErrorContains(t, err, "there is nothing to correct")
	_, err = New([]byte("version: v1\n"), keywords.Options{})
	require.ErrorContains(t, err, "at least one class")
}

func TestNoNumbersAreKept(t *testing.T) {
	t.Parallel()
	var got []string
	runs([]rune("幺三八找我2号"), func(run string) { got = append(got, run) })
	require.Equal(t, []string{"八找", "八找我", "找我"}, got)
}

func TestFit(t *testing.T) {
	t.Parallel()
	examples := []example{
		{features: []int{0}, yes: true, weight: 1}, {features: []int{0}, yes: true, weight: 1},
		{features: []int{1}, weight: 1}, {features: []int{1}, weight: 1},
	}
	weights, bias := fit(examples, []float64{1, 1}, 1)
	require.InDelta(t, 0, bias, 0.01)
	require.InDelta(t, weights[0], -weights[1], 0.01)
	// where the slope of the loss is 0: w = 2 (1 − 1 / (1 + exp(−w)))
	require.InDelta(t, 0.675, weights[0], 0.01)
}
