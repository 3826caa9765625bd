package keywords

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

func span(start, end float64) asr.Span {
	return asr.Span{Start: seconds(start), End: seconds(end)}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// said is a segment without tokens.
func said(start, end float64, text string) asr.Segment {
	return asr.Segment{Span: span(start, end), Text: text}
}

// listening is a judge of a small lexicon.
func listening(t *testing.T) *Judge {
	t.Helper()
	lex, err := lexicon.Parse([]byte(`version: v1
classes:
  - {id: not_interested, label: 没兴趣, freeze: 60d, phrases: [没兴趣]}
  - {id: no_need, label: 不需要, freeze: 60d, phrases: [不需要, 不用了]}
  - {id: stop_calling, label: 别再打, freeze: 1d, phrases: [别打了, 别再打, 别再打了, 以后别再]}
vetoes:
  question: {after: [吗]}
  hallucination: [谢谢观看]
`))
	require.NoError(t, err)
	j, err := New(lex, Options{Unlearned: true})
	require.NoError(t, err)
	return j
}

func TestTranscript(t *testing.T) {
	t.Parallel()
	j := listening(t)
	for name, c := range map[string]struct {
		segments []asr.Segment
		answered float64
		want     string
		suspect  bool
	}{
		"nothing":              {nil, 0, "", false},
		"no text":              {[]asr.Segment{said(0, 1, "")}, 0, "", false},
		"one":                  {[]asr.Segment{said(0, 1, "喂"), said(3, 4, "我不需要")}, 0, "no_need 不需要", true},
		"over a short break":   {[]asr.Segment{said(0, 1, "以后别"), said(1.5, 3, "再打了")}, 0, "stop_calling 以后别 再", true},
		"not over a long one":  {[]asr.Segment{said(0, 1, "以后别"), said(2.5, 3, "再打了")}, 0, "", false},
		"not over a full stop": {[]asr.Segment{said(0, 1, "以后别。"), said(1.2, 3, "再打了")}, 0, "", false},
		"over an empty one":    {[]asr.Segment{said(0, 1, "没"), said(1, 1.2, ""), said(1.3, 2, "兴趣")}, 0, "not_interested 没  兴趣", true},
		"overlapping segments": {[]asr.Segment{said(0, 2, "别再"), said(1, 3, "打了")}, 0, "stop_calling 别再 打了", true},
		"asked in the next":    {[]asr.Segment{said(0, 1, "不需要"), said(4, 5, "吗？")}, 0, "no_need 不需要", true},
		"before the answer":    {[]asr.Segment{said(0, 2, "不需要"), said(4, 5, "喂你好")}, 3, "no_need 不需要 !before_answer()", false},
		"after the answer":     {[]asr.Segment{said(0, 2, "不需要"), said(4, 5, "别打了")}, 3, "no_need 不需要 !before_answer(); stop_calling 别打了", true},
		"right at the answer":  {[]asr.Segment{said(2.8, 4, "不需要")}, 3, "no_need 不需要", true},
		"invented":             {[]asr.Segment{said(0, 2, "谢谢观看 不用了"), said(4, 5, "喂")}, 0, "no_need 不用了 !hallucination(谢谢观看)", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := j.Transcript(asr.Transcript{Side: asr.Customer, Segments: c.segments}, seconds(c.answered))
			require.Equal(t, c.want, summary(v))
			require.Equal(t, c.suspect, v.Suspect)
		})
	}
}

func TestTranscriptTellsWhere(t *testing.T) {
	t.Parallel()
	v := listening(t).Transcript(asr.Transcript{Segments: []asr.Segment{
		said(0, 2, "喂\xff你好"),
		said(10, 14, "我真没兴趣啊，别"),
		said(14.5, 15.5, "再打了吧"),
	}}, 0)
	require.Len(t, v.Hits, 2)
	first, second := v.Hits[0], v.Hits[1]
	require.Equal(t, []any{1, 2, 5, span(11, 12.5)}, []any{first.Segment, first.Start, first.End, first.Time})
	// The second one runs on: its place ends with the segment, its time doesn't.
	require.Equal(t, []any{1, 7, 8, "别 再打了"}, []any{second.Segment, second.Start, second.End, second.Text})
	require.Equal(t, span(13.5, 15.25), second.Time)
}

func TestTimesComeFromTokens(t *testing.T) {
	t.Parallel()
	token := func(start, end float64, text string) asr.Token {
		return asr.Token{Span: span(start, end), Text: text, Prob: 1}
	}
	for name, c := range map[string]struct {
		tokens []asr.Token
		want   asr.Span
	}{
		"one a character":    {[]asr.Token{token(1, 1.2, "我"), token(3, 3.2, "不"), token(3.2, 3.4, "需"), token(3.4, 3.9, "要"), token(7, 8, "啊")}, span(3, 3.9)},
		"with leading space": {[]asr.Token{token(1, 1.2, " 我"), token(3, 3.4, "不需"), token(3.4, 3.9, "要"), token(7, 8, "啊 ")}, span(3, 3.9)},
		"several characters": {[]asr.Token{token(1, 3, "我不"), token(3, 4, "需要"), token(7, 8, "啊")}, span(2, 4)},
		"without time":       {[]asr.Token{token(2, 3, "我"), token(3, 3, "不"), token(3, 3, "需"), token(3, 3, "要"), token(7, 8, "啊")}, span(3, 7)},
		"running backwards":  {[]asr.Token{token(3, 4, "我"), token(1, 5, "不需要"), token(2, 3, "啊")}, span(4, 5)},
		"beyond the segment": {[]asr.Token{token(0, 4, "我"), token(4, 20, "不需要啊")}, span(4, 8.5)},
		"other text":         {[]asr.Token{token(1, 2, "他"), token(2, 3, "走了")}, span(2, 8)},
		"none":               {nil, span(2, 8)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := byDefault().Transcript(asr.Transcript{Segments: []asr.Segment{
				{Span: span(0, 10), Text: "我不需要啊", Tokens: c.tokens},
			}}, 0)
			require.Len(t, v.Hits, 1)
			require.Equal(t, c.want, v.Hits[0].Time)
		})
	}
}

func TestConfidenceLowersTheScore(t *testing.T) {
	t.Parallel()
	at := func(meanLogProb float64) float64 {
		segment := said(0, 1, "不需要")
		segment.MeanLogProb = meanLogProb
		return listening(t).Transcript(asr.Transcript{Segments: []asr.Segment{segment}}, 0).Hits[0].Score
	}
	require.InDelta(t, 0.9, at(0), 1e-9)
	require.InDelta(t, 0.9*(0.6+0.4*0.5), at(math.Log(0.5)), 1e-9)
	require.InDelta(t, 0.9*0.6, at(math.Inf(-1)), 1e-9)
	require.InDelta(t, 0.9*0.6, at(math.NaN()), 1e-9)
}

func FuzzTranscript(f *testing.F) {
	f.Add("我别\xff|再打了，不需要|吗", int64(400), int64(100))
	f.Add("没||兴趣|啊", int64(-5), int64(2000))
	f.Fuzz(func(t *testing.T, texts string, length, pause int64) {
		var segments []asr.Segment
		at := time.Duration(0)
		for text := range strings.SplitSeq(texts, "|") {
			segment := asr.Segment{Span: asr.Span{Start: at, End: at + time.Duration(length)*time.Millisecond}, Text: text}
			for _, r := range text {
				segment.Tokens = append(segment.Tokens, asr.Token{Span: asr.Span{Start: at, End: at + 7}, Text: string(r)})
				at += time.Duration(length)
			}
			segments = append(segments, segment)
			at = segment.End + time.Duration(pause)*time.Millisecond
		}
		for _, h := range byDefault().Transcript(asr.Transcript{Segments: segments}, 5).Hits {
			characters := []rune(segments[h.Segment].Text)
			require.Less(t, h.Start, h.End)
			require.GreaterOrEqual(t, h.Start, 0)
			require.LessOrEqual(t, h.End, len(characters))
			require.True(t, strings.HasPrefix(string([]rune(h.Text)), string(characters[h.Start:h.End])))
			require.LessOrEqual(t, h.Time.Start, h.Time.End)
		}
	})
}

func TestWindowsAndTracks(t *testing.T) {
	t.Parallel()
	lex, err := lexicon.Parse([]byte(`version: v1
classes:
  - {id: a, label: A, freeze: 1d, first: 10s, last: 5s, phrases: [没兴趣]}
  - {id: b, label: B, freeze: 1d, track: agent, phrases: [不需要]}
  - {id: c, label: C, freeze: 1d, suffices: false, phrases: [别打了, 挂了]}
`))
	require.NoError(t, err)
	j, err := New(lex, Options{})
	require.NoError(t, err)
	hear := func(side asr.Side, segments ...asr.Segment) Verdict {
		return j.Transcript(asr.Transcript{Side: side, Duration: seconds(60), Segments: segments}, seconds(5))
	}
	require.Equal(t, "a 没兴趣; a 没兴趣 !window(); a 没兴趣",
		summary(hear(asr.Customer, said(14, 15, "没兴趣"), said(30, 31, "没兴趣"), said(56, 57, "没兴趣"))))
	require.Empty(t, summary(hear(asr.Customer, said(14, 15, "不需要"))))
	agent := hear(asr.Agent, said(14, 15, "不需要 没兴趣"))
	require.Equal(t, "b 不需要", summary(agent))
	require.True(t, agent.Suspect)
	require.True(t, agent.Review)
	require.False(t, hear(asr.Customer, said(14, 15, "别打了")).Suspect, "does not suffice alone")
	both := hear(asr.Customer, said(14, 15, "别打了"), said(16, 17, "挂了"))
	require.True(t, both.Suspect)
	require.True(t, both.Review)
}
