package keywords

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// TestLearned: what no phrase shows, and what a phrase only seems to show.
func TestLearned(t *testing.T) {
	t.Parallel()
	for text, suspect := range map[string]bool{
		"您还是把这份心思用在别人身上吧":         true,
		"我家三辆自行车，要车险给自行车上吗":       true,
		"你们轮流上阵啊，一天响八回":           true,
		"好的，那你把地址发给我":             false,
		"我想问一下几点开门":               false,
		"不是没兴趣，我在开车":              false,
		"寿险不需要，医疗险可以讲讲":           false,
		"没空听，你晚上八点再打":             false,
		"别再打了":                    true,
		"不需要，谢谢":                  true,
		strings.Repeat("好的，", 40): false,
	} {
		v := byDefault().Text(text)
		require.Equal(t, suspect, v.Suspect, "%s: %s", text, summary(v))
	}
}

func TestLearnedHitTellsWhere(t *testing.T) {
	t.Parallel()
	const text = "您还是把这份心思用在别人身上吧"
	v := byDefault().Text(text)
	require.NotEmpty(t, v.Hits)
	for _, h := range v.Hits {
		require.Equal(t, string([]rune(text)[h.Start:h.End]), h.Text)
	}
	own, err := New(small(t, ""), Options{})
	require.NoError(t, err)
	v = own.Text(text)
	require.Len(t, v.Hits, 1)
	h := v.Hits[0]
	require.Equal(t, MatchLearned, h.Match)
	require.Equal(t, Class("stop_calling"), h.Class, "the only class that the lexicon has")
	require.Empty(t, h.Phrase)
	require.Equal(t, string([]rune(text)[h.Start:h.End]), h.Text)
	require.InDelta(t, v.Score, h.Score, 1e-9)
	e := own.Explain(text)
	require.Len(t, e.Passages, 1)
	require.NotEmpty(t, e.Passages[0].For)
	require.Contains(t, e.String(), "by what was learned")
	require.InDelta(t, h.Score, e.Passages[0].Probability, 0.01)
}

// small is a lexicon of one class.
func small(t *testing.T, more string) *lexicon.Lexicon {
	t.Helper()
	lex, err := lexicon.Parse([]byte("version: v1\nclasses:\n- {id: stop_calling, label: 别打, freeze: 1d, phrases: [别打了]}\n" + more))
	require.NoError(t, err)
	return lex
}

func TestLexiconWeakensWhatWasLearned(t *testing.T) {
	t.Parallel()
	const text = "您还是把这份心思用在别人身上吧"
	score := func(more string) float64 {
		j, err := New(small(t, more), Options{Threshold: 0.05})
		require.NoError(t, err)
		return j.Text(text).Score
	}
	require.Greater(t, score(""), score("learned: 0.3\n"))
	require.Zero(t, score("learned: off\n"))
	require.InDelta(t, score(""), score("learned: on\n"), 1e-9)
	other, err := lexicon.Parse([]byte("version: v1\nclasses:\n- {id: a, label: 别打, freeze: 1d, phrases: [别打了]}\n"))
	require.NoError(t, err)
	j, err := New(other, Options{})
	require.NoError(t, err)
	require.Empty(t, j.Text(text).Hits, "none of its classes is one that the model knows")
}

func TestNobodySpoke(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"您好，我是机主的智能语音助手，您还是把这份心思用在别人身上吧",
		"您还是把这份心思用在别人身上吧，请不吝点赞订阅",
	} {
		v := byDefault().Text(text)
		require.False(t, v.Suspect, "%s: %s", text, summary(v))
		for _, h := range v.Hits {
			require.NotNil(t, h.Veto, summary(v))
		}
	}
}

func TestOthersInACallAskForMore(t *testing.T) {
	t.Parallel()
	judge := func(others int, confidence float64) float64 {
		j, err := New(small(t, ""), Options{Threshold: 0.001})
		require.NoError(t, err)
		segments := []asr.Segment{{Span: span(0, 2), Text: "您还是把这份心思用在别人身上吧", MeanLogProb: confidence}}
		for i := range others {
			start := float64(10 * (i + 1))
			segments = append(segments, asr.Segment{Span: span(start, start+1), Text: "好的"})
		}
		return j.Transcript(asr.Transcript{Segments: segments}, 0).Score
	}
	require.Greater(t, judge(0, 0), judge(9, 0))
	require.Greater(t, judge(0, 0), judge(0, -1))
}

func TestUnlikely(t *testing.T) {
	t.Parallel()
	lex, err := lexicon.Parse([]byte("version: v1\nclasses:\n" +
		"- {id: complaint, label: 投诉, freeze: 1d, phrases: [工号多少]}\n"))
	require.NoError(t, err)
	j, err := New(lex, Options{})
	require.NoError(t, err)
	v := j.Text("你工号多少，我记一下，下次好找你")
	require.NotEmpty(t, v.Hits)
	require.NotNil(t, v.Hits[0].Veto)
	require.Equal(t, VetoUnlikely, v.Hits[0].Veto.Reason)
	require.NotEmpty(t, v.Hits[0].Veto.Text)
	require.False(t, v.Suspect)
}

func TestHeaviest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		shares   []float64
		sign     float64
		from, to int
	}{
		{[]float64{1, -2, 3, 1, -1}, 1, 2, 4},
		{[]float64{1, -2, 3, 1, -1}, -1, 1, 2},
		{[]float64{-3, -1, -2}, 1, 1, 2},
		{[]float64{2}, 1, 0, 1},
	} {
		from, to := heaviest(c.shares, c.sign)
		require.Equal(t, []int{c.from, c.to}, []int{from, to})
	}
}
