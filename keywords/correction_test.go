package keywords

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// correctedJudge judges by the default lexicon with a correction.
func correctedJudge(t *testing.T, c lexicon.Correction) *Judge {
	t.Helper()
	lex, err := lexicon.Parse(lexicon.WithCorrection(lexicon.Default().Source(), &c))
	require.NoError(t, err)
	require.Empty(t, lex.Odd)
	j, err := New(lex, Options{})
	require.NoError(t, err)
	return j
}

func items(list ...lexicon.Item) lexicon.Correction {
	return lexicon.Correction{Made: time.Unix(0, 0), Items: list}
}

func TestCorrectionWeighs(t *testing.T) {
	t.Parallel()
	const text = "孩子都大了，早就不喝奶粉了"
	odds := func(j *Judge) float64 { return j.Explain(text).Passages[0].LogOdds }
	plain := odds(byDefault())
	for name, tt := range map[string]struct {
		correction lexicon.Correction
		want       float64
	}{
		"a run":          {items(lexicon.Item{Kind: lexicon.Run, Text: "奶粉", Weight: -1.5}), -1.5},
		"over a clause":  {items(lexicon.Item{Kind: lexicon.Run, Text: "了早就", Weight: -1.5}), 0},
		"another run":    {items(lexicon.Item{Kind: lexicon.Run, Text: "牛奶", Weight: -1.5}), 0},
		"its length":     {items(lexicon.Item{Kind: lexicon.Length, Text: "12", Weight: 0.5}), 0.5},
		"another length": {items(lexicon.Item{Kind: lexicon.Length, Text: "16", Weight: 0.5}), 0},
		"its class":      {items(lexicon.Item{Kind: lexicon.OfClass, Text: "no_need", Weight: 1}), 1},
		"no phrase":      {items(lexicon.Item{Kind: lexicon.Unnamed, Weight: 1}), 1},
		"the shift":      {lexicon.Correction{Made: time.Unix(0, 0), Shift: 0.5}, 0.5},
		"never over 3": {items(lexicon.Item{Kind: lexicon.Run, Text: "奶粉", Weight: 2},
			lexicon.Item{Kind: lexicon.Run, Text: "早就", Weight: 2}), 3},
		"never under 6": {items(lexicon.Item{Kind: lexicon.Run, Text: "奶粉", Weight: -3},
			lexicon.Item{Kind: lexicon.Run, Text: "早就", Weight: -3},
			lexicon.Item{Kind: lexicon.Unnamed, Weight: -3}), -6},
		"switched off": {lexicon.Correction{Made: time.Unix(0, 0), Shift: 0.5, Off: true}, 0},
	} {
		require.InDelta(t, plain+tt.want, odds(correctedJudge(t, tt.correction)), 1e-9, name)
	}
	against := correctedJudge(t, items(lexicon.Item{Kind: lexicon.Run, Text: "奶粉", Weight: -3}))
	require.True(t, byDefault().Text(text).Suspect)
	require.False(t, against.Text(text).Suspect)
	e := against.Explain(text)
	require.Contains(t, e.String(), "奶粉 -3.00")
	require.Contains(t, e.String(), "-3.00 by what was learned here")
	require.NotContains(t, byDefault().Explain(text).String(), "here")
}

// TestCorrectionRaises: what the model alone wouldn't suspect becomes a hit of its own.
func TestCorrectionRaises(t *testing.T) {
	t.Parallel()
	const text = "家里的奶粉还有三罐"
	require.False(t, byDefault().Text(text).Suspect)
	v := correctedJudge(t, items(lexicon.Item{Kind: lexicon.Run, Text: "奶粉", Weight: 3},
		lexicon.Item{Kind: lexicon.Unnamed, Weight: 3})).Text(text)
	for _, h := range v.Hits {
		require.Equal(t, MatchLearned, h.Match)
	}
}

// TestCorrectionUnprotects: a phrase that ordinary talk hardly ever has is kept over the threshold
// unless decisions speak against it; the shift alone, which is for all passages, does not.
func TestCorrectionUnprotects(t *testing.T) {
	t.Parallel()
	const text = "这种事儿我不掺和我在开会"
	e := byDefault().Explain(text)
	require.True(t, e.Passages[0].Kept)
	require.True(t, e.Verdict.Suspect)
	require.True(t, correctedJudge(t, lexicon.Correction{Made: time.Unix(0, 0),
		Shift: -2}).Text(text).Suspect)
	phrase := lexicon.Item{Kind: lexicon.OfPhrase, Text: e.Steps[0].Phrase, Weight: -0.6}
	require.False(t, correctedJudge(t, items(phrase)).Text(text).Suspect)
}

// TestWithoutCorrection: a lexicon without one, or with one that is off, judges the same.
func TestWithoutCorrection(t *testing.T) {
	t.Parallel()
	c := items(lexicon.Item{Kind: lexicon.Run, Text: "不需", Weight: -3})
	c.Off = true
	off := correctedJudge(t, c)
	for _, text := range []string{"不需要，谢谢", "好的", "别再打了", "孩子都大了，早就不喝奶粉了"} {
		want, got := byDefault().Text(text), off.Text(text)
		got.Lexicon = want.Lexicon
		require.Equal(t, want, got)
	}
}

func TestRunsMustBeNormal(t *testing.T) {
	t.Parallel()
	c := items(lexicon.Item{Kind: lexicon.Run, Text: "師傅", Weight: 1})
	lex, err := lexicon.Parse(lexicon.WithCorrection(lexicon.Default().Source(), &c))
	require.NoError(t, err)
	_, err = New(lex, Options{})
	require.ErrorContains(t, err, `run "師傅" is read as "师傅": write it so`)
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	list, v := byDefault().Describe(asr.Transcript{Segments: []asr.Segment{
		{Span: span(0, 2), Text: "好的，你说"}, {Span: span(9, 11), Text: "不需要，谢谢"}}}, asr.Transcript{}, 0)
	require.True(t, v.Suspect)
	require.Len(t, list, 2)
	require.False(t, list[0].Counts)
	require.Equal(t, []string{"好的", "你说"}, list[0].Runs)
	require.True(t, list[1].Counts)
	require.Equal(t, []Class{"no_need"}, list[1].Classes)
	require.Len(t, list[1].Phrases, 1)
	require.Equal(t, 5, list[1].Length)
}

// TestDescribeMachines: what a machine says is described as what counts for nothing, so that nothing is
// learned from it.
func TestDescribeMachines(t *testing.T) {
	t.Parallel()
	call := asr.Transcript{Side: asr.Customer, Segments: []asr.Segment{
		{Span: asr.Span{End: 3 * time.Second}, Text: "您好，您拨打的电话已关机，请稍后再拨"},
		{Span: asr.Span{Start: 5 * time.Second, End: 6 * time.Second}, Text: "不需要"},
	}}
	list, v := byDefault().Describe(call, asr.Transcript{}, 0)
	require.Equal(t, byDefault().Call(call, asr.Transcript{}, 0), v)
	require.False(t, v.Suspect)
	for _, d := range list {
		require.False(t, d.Counts, d.Text)
	}
}
