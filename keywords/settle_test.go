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
		"您还是把这份热心留给别的客户吧":         true,
		"孩子都大了，早就不喝奶粉了":           true,
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
	const text = "孩子都大了，早就不喝奶粉了"
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
	lex, err := lexicon.Parse([]byte("version: v1\nclasses:\n" +
		"- {id: stop_calling, label: 别打, freeze: 1d, phrases: [别打了]}\n" + more))
	require.NoError(t, err)
	return lex
}

func TestLexiconWeakensWhatWasLearned(t *testing.T) {
	t.Parallel()
	const text = "孩子都大了，早就不喝奶粉了"
	score := func(more string) float64 {
		j, err := New(small(t, more), Options{Threshold: 0.05})
		require.NoError(t, err)
		return j.Text(text).Score
	}
	require.Greater(t, score(""), score("learned: 0.3\n"))
	require.Zero(t, score("learned: off\n"))
	require.InDelta(t, score(""), score("learned: on\n"), 1e-9)
	other, err := lexicon.Parse([]byte("version: v1\nclasses:\n" +
		"- {id: a, label: 别打, freeze: 1d, phrases: [别打了]}\n"))
	require.NoError(t, err)
	j, err := New(other, Options{})
	require.NoError(t, err)
	require.Empty(t, j.Text(text).Hits, "none of its classes is one that the model knows")
}

func TestNobodySpoke(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"您好，我是机主的智能语音助手，孩子都大了，早就不喝奶粉了",
		"孩子都大了，早就不喝奶粉了，请不吝点赞订阅",
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
		segments := []asr.Segment{{Span: span(0, 2), Text: "孩子都大了，早就不喝奶粉了",
			MeanLogProb: confidence}}
		for i := range others {
			start := float64(10 * (i + 1))
			segments = append(segments, asr.Segment{Span: span(start, start+1), Text: "好的"})
		}
		return j.Transcript(asr.Transcript{Segments: segments}, 0).Score
	}
	require.Greater(t, judge(0, 0), judge(9, 0))
	require.Greater(t, judge(0, 0), judge(0, -1))
}

// TestNeverSilenced: the model may lower the score of a phrase that ordinary talk doesn't have,
// but the call stays a suspect, whatever stands beside the phrase.
func TestNeverSilenced(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"退订吧", "请别打扰", "请不要打扰我们", "骚扰电话啊",
		"又是骚扰电话", "投诉啊", "别发广告", "不要打搅", "怎么一天到晚打"} {
		v := byDefault().Text(text)
		require.True(t, v.Suspect, "%s: %s", text, summary(v))
	}
}

// TestOrdinaryTalk: what people say all day is no refusal.
func TestOrdinaryTalk(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"没有了哦", "他出去了", "你是机器人吧", "我要去睡觉",
		"我已经到楼下了", "车买了", "孩子睡着了", "钱打过去了",
		"你叫什么名字", "电话号码呢", "你好，好，再见"} {
		v := byDefault().Text(text)
		require.False(t, v.Suspect, "%s: %s", text, summary(v))
	}
}

// TestEvidenceIsWhole: what a reviewer is shown is clauses, or whole words of long ones.
func TestEvidenceIsWhole(t *testing.T) {
	t.Parallel()
	j, err := New(small(t, ""), Options{})
	require.NoError(t, err)
	for _, text := range []string{"孩子都大了，早就不喝奶粉了", "你们轮流上阵啊，一天响八回",
		"我家三辆自行车，要车险给自行车上吗"} {
		for _, h := range j.Text(text).Hits {
			characters := []rune(text)
			require.True(t, h.Start == 0 || characters[h.Start-1] == '，', "%s: %s", text, h.Text)
			require.True(t, h.End == len(characters) || characters[h.End] == '，', "%s: %s", text,
				h.Text)
		}
	}
}

// TestEnglish: customers who answer in English are understood, and what they say about something
// else is no refusal.
func TestEnglish(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"not interested": true, "I'm not interested": true, "no need thank you": true,
		"please don't call me again": true,
		"stop calling me":            true, "no 不需要": true,
		"Please stop calling this number": true, "take me off your list": true,
		"you have the wrong number": true, "no thanks, I don't need it": true,
		"I'm busy right now, call me later": false, "what is the interest rate": false,
		"please call me back at three": false,
		"I need a new card":            false, "is this a robot": false,
		"yes I am interested": false, "OK bye": false,
		"I have an iPhone and the app doesn't work":               false,
		"no need to hurry, take your time":                        false,
		"that is not interesting, let me tell you about my order": false,
		"can you send it to my email":                             false,
	} {
		v := byDefault().Text(text)
		require.Equal(t, want, v.Suspect, "%s: %s", text, summary(v))
	}
}

func TestHeaviest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		shares   []float64
		from, to int
	}{
		{[]float64{1, -2, 3, 1, -1}, 2, 4},
		{[]float64{-3, -1, -2}, 1, 2},
		{[]float64{2}, 0, 1},
	} {
		from, to := heaviest(c.shares)
		require.Equal(t, []int{c.from, c.to}, []int{from, to})
	}
}

// TestLoops: what a recogniser says over and over was said by nobody, whatever it is and
// wherever in it the phrase stands, also the last time round.
func TestLoops(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		unit  string
		times int
		after string
		said  bool
	}{
		{"不需要", 8, "", false},
		{"我不需要", 12, "", false},
		{"我不想听", 20, "好吧", false},
		{"我没有兴趣", 20, "", false},
		{"真的不要再打了", 4, "", false},
		{"您好我是这边的工作人员请不要再打了", 4, "", false},
		{"不用了。", 9, "", false},
		{"不需要", 3, "", true},
		{"别打了", 4, "", true},
		{"没兴趣，", 4, "", true},
	} {
		v := byDefault().Text(strings.Repeat(c.unit, c.times) + c.after)
		require.Equal(t, c.said, v.Suspect, "%s: %s", c.unit, summary(v))
		for _, h := range v.Hits {
			if !c.said {
				require.NotNil(t, h.Veto, summary(v))
				require.Equal(t, VetoHallucination, h.Veto.Reason)
			}
		}
	}
}
