package keywords

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

var update = flag.Bool("update", false, "write the golden files anew")

// byDefault is a judge with the default lexicon and options.
// byRules judges as the default lexicon alone does.
var byRules = sync.OnceValue(func() *Judge {
	j, err := New(lexicon.Default(), Options{Unlearned: true})
	if err != nil {
		panic(err)
	}
	return j
})

var byDefault = sync.OnceValue(func() *Judge {
	j, err := New(lexicon.Default(), Options{})
	if err != nil {
		panic(err)
	}
	return j
})

// summary is a verdict on one line: "class text" for each hit, "!reason(passage)"
// behind a vetoed one.
func summary(v Verdict) string {
	hits := make([]string, 0, len(v.Hits))
	for _, h := range v.Hits {
		text := fmt.Sprintf("%s %s", h.Class, h.Text)
		if h.Veto != nil {
			text += fmt.Sprintf(" !%s(%s)", h.Veto.Reason, h.Veto.Text)
		}
		hits = append(hits, text)
	}
	return strings.Join(hits, "; ")
}

func TestHits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]Class{
		"没兴趣":                 {"not_interested"},
		"我对这个不是很感兴趣":          {"not_interested"},
		"你说的这些我不感冒":           {"not_interested"},
		"免谈，真的免谈":             {"not_interested"},
		"我不想听你讲这些":            {"dont_want_to_listen"},
		"别浪费我时间了":             {"dont_want_to_listen"},
		"滚！":                  {"dont_want_to_listen"},
		"你烦不烦啊":               {"stop_calling"},
		"不需要，谢谢":              {"no_need"},
		"不用，谢谢啊":              {"no_need"},
		"我真的不用":               {"no_need"},
		"不用不用不用":              {"no_need"},
		"这个我用不着":              {"no_need"},
		"以后再也别打了":             {"stop_calling"},
		"麻烦你把我号码删了":           {"stop_calling"},
		"挂了啊别打了":              {"stop_calling"},
		"你们怎么又打":              {"stop_calling"},
		"别给我们打电话了":            {"stop_calling"},
		"能不能别再打了？":            {"stop_calling"},
		"再打我就报警":              {"stop_calling", "complaint"},
		"我要投诉你们公司":            {"complaint"},
		"小心我投诉你们":             {"complaint"},
		"打12315举报你们":          {"complaint"},
		"你打错了吧？":              {"wrong_number"},
		"我不是本人":               {"wrong_number"},
		"沒興趣謝謝，不要再打來了":        {"not_interested", "stop_calling"},
		"不 需 要 谢 谢":           {"no_need"},
		"我，嗯，不，呃，不需要":         {"no_need"},
		"没嗯兴趣":                {"not_interested"},
		"没有，不需要":              {"no_need"},
		"我不是说了别打了吗":           {"stop_calling"},
		"我不是跟你说了不需要吗":         {"no_need"},
		"不需要听不懂吗":             {"no_need"},
		"不需要好吗":               {"no_need"},
		"不是，我不需要":             {"no_need"},
		"没兴趣你还打？":             {"not_interested"},
		"不会买的不需要":             {"not_interested", "no_need"},
		"不需要不需要，别打了":          {"no_need", "stop_calling"},
		"我已经说过不要再打了没兴趣":       {"stop_calling", "not_interested"},
		"is this a scam? 不需要": {"no_need"},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			v := byDefault().Text(text)
			require.Subset(t, counting(v), want, summary(v))
			require.True(t, v.Suspect, "score %v", v.Score)
		})
	}
}

// counting are the classes of the hits that count.
func counting(v Verdict) []Class {
	classes := []Class{}
	for _, h := range v.Hits {
		if h.Veto == nil {
			classes = append(classes, h.Class)
		}
	}
	return classes
}

func TestNoHits(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "。", "好的", "喂你好", "我考虑一下", "我在开车，晚点再打给我吧", "现在没空", "多少钱一个月",
		// inside or across words
		"他做事不用功", "不用心学习怎么行", "这两款有什么区别打折吗", "你们这个特别打动我", "你先别打断我",
		"我家孩子在兴趣班", "我们那没兴趣班", "不要紧的", "不用客气", "不用担心我会去的", "下次别打车了",
		"你们的投诉电话是多少", "再打折我就买", "这件事别打听了",
		// neither yes nor no
		"有没有必要办", "你看要不要",
		// a phrase that must be the whole clause
		"不用排队吧", "不要太贵的", "我投诉过物业", "不买也可以看看",
		// not over a comma, a lost character or a sentence's end
		"不，要", "没。兴趣", "不\xff需要", "不�需要",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			v := byRules().Text(text)
			require.Empty(t, counting(v), summary(v))
			require.NotNil(t, v.Hits)
			require.False(t, v.Suspect)
			require.Zero(t, v.Score)
		})
	}
}

func TestVetoed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]VetoReason{
		"不是没兴趣，我在开车":              VetoNegated,
		"我没说不需要":                  VetoNegated,
		"我不是真的没兴趣":                VetoNegated,
		"谁说我没兴趣":                  VetoNegated,
		"怎么会不需要呢":                 VetoNegated,
		"也不是对你们的产品不感兴趣":           VetoNegated,
		"没兴趣我早就挂了，你讲吧":            VetoNegated,
		"不需要吗？":                   VetoQuestion,
		"不需要？":                    VetoQuestion,
		"你是不是没兴趣":                 VetoQuestion,
		"需不需要":                    VetoQuestion,
		"你看需要不需要":                 VetoQuestion,
		"你感不感兴趣":                  VetoQuestion,
		"那利息就不用了是吧":               VetoQuestion,
		"这个不需要押金吗":                VetoSetPhrase,
		"退订费要多少":                  VetoSetPhrase,
		"要是没兴趣的话我会告诉你":            VetoCondition,
		"他说他不想听":                  VetoReported,
		"我同事老说不需要":                VetoReported,
		"其他的不需要，给我来一份这个":          VetoNarrowed,
		"寿险我不需要，医疗险可以讲讲":          VetoNarrowed,
		"没空听，你晚上八点再打":             VetoDeferred,
		"请不吝点赞 订阅 转发 不用了":         VetoHallucination,
		"不需要 字幕由志愿者提供":            VetoHallucination,
		strings.Repeat("不用了", 20): VetoHallucination,
		"您好，我是机主的智能语音助手，不需要贷款":    VetoAnnouncement,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			v := byRules().Text(text)
			reasons := []VetoReason{}
			for _, h := range v.Hits {
				require.NotNil(t, h.Veto, summary(v))
				reasons = append(reasons, h.Veto.Reason)
			}
			require.Contains(t, reasons, want, summary(v))
			require.False(t, v.Suspect)
			require.Zero(t, v.Score)
		})
	}
}

func TestRefusalElsewhereStillCounts(t *testing.T) {
	t.Parallel()
	v := byRules().Text("不是没兴趣，是真的不需要，别再打了")
	require.Equal(t, VetoNegated, v.Hits[0].Veto.Reason)
	require.Subset(t, counting(v), []Class{"no_need", "stop_calling"})
	require.True(t, v.Suspect)
}

func TestEveryPhraseIsFound(t *testing.T) {
	t.Parallel()
	for _, class := range lexicon.Default().Classes {
		for _, phrase := range class.Phrases {
			e := byRules().Explain(phrase.Pattern.Example())
			found := slices.ContainsFunc(e.Steps, func(s Step) bool { return s.Phrase == phrase.Text })
			covered := slices.ContainsFunc(e.Dropped, func(d Dropped) bool { return d.Phrase == phrase.Text })
			require.True(t, found || covered, "%s at line %d:\n%s", phrase.Text, phrase.Line, e)
		}
	}
}

// plainly is a judge of two phrases and what a test adds to the lexicon.
func plainly(t *testing.T, more string) *Judge {
	t.Helper()
	lex, err := lexicon.Parse([]byte(`version: v1
classes:
  - {id: not_interested, label: 没兴趣, freeze: 60d, weight: 0.9, phrases: [没兴趣, {text: 我先挂了, weight: 0.3}, {text: 没意思, weight: 0.4}]}
  - {id: stop_calling, label: 别再打, freeze: 1d, weight: 0.95, phrases: [别打了]}
` + more))
	require.NoError(t, err)
	j, err := New(lex, Options{Unlearned: true})
	require.NoError(t, err)
	return j
}

func TestHitTellsWhere(t *testing.T) {
	t.Parallel()
	v := plainly(t, "").Text("嗯\xff喂，我沒 興趣。別打了")
	require.Equal(t, []Hit{
		{Class: "not_interested", Phrase: "没兴趣", Text: "沒 興趣", Start: 5, End: 9, Match: MatchExact, Score: 0.9},
		{Class: "stop_calling", Phrase: "别打了", Text: "別打了", Start: 10, End: 13, Match: MatchExact, Score: 0.95},
	}, v.Hits)
	require.InDelta(t, 0.99, v.Score, 0.001)
	require.LessOrEqual(t, v.Score, 0.99)
	require.Equal(t, "v1+", v.Lexicon[:3])
}

func TestScore(t *testing.T) {
	t.Parallel()
	j := plainly(t, "")
	require.Zero(t, j.Text("好").Score)
	weak := j.Text("好，我先挂了")
	require.Less(t, weak.Score, DefaultThreshold)
	require.False(t, weak.Suspect)
	require.InDelta(t, weak.Score, j.Text("我先挂了，我先挂了，我先挂了").Score, 1e-9, "the same phrase counts once")
	both := j.Text("没意思，我先挂了")
	require.Greater(t, both.Score, weak.Score)
	require.True(t, both.Suspect)
	require.InDelta(t, 0.6*0.9, score(0.9, MatchExact, 0), 1e-9)
	require.Less(t, score(0.9, MatchPinyin, 1), score(0.9, MatchExact, 1))
}

func TestOptions(t *testing.T) {
	t.Parallel()
	strict, err := New(lexicon.Default(), Options{Threshold: 0.98, Unlearned: true})
	require.NoError(t, err)
	require.False(t, strict.Text("这个我信不过").Suspect)
	require.True(t, strict.Text("别再打了，不需要，没兴趣").Suspect)
	exact, err := New(lexicon.Default(), Options{Exact: true, Unlearned: true})
	require.NoError(t, err)
	require.False(t, exact.Text("没性趣").Suspect)
	require.Equal(t, MatchPinyin, byDefault().Text("没性趣").Hits[0].Match)
	for _, bad := range []Options{{Threshold: -0.1}, {Threshold: 1.1}, {MaxPause: -1}} {
		_, err := New(lexicon.Default(), bad)
		require.Error(t, err)
	}
}

func TestNewNamesTheLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ phrases, want string }{
		"the same after normalisation": {"[没兴趣, 没興趣]", `line 7: phrase "没興趣" reads the same as that at line 7`},
		"nothing left":                 {"[嗯。]", `line 7: nothing of "嗯。" remains`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lex, err := lexicon.Parse([]byte("version: v1\nclasses:\n- id: a\n  label: A\n  freeze: 1d\n  weight: 1\n  phrases: " + c.phrases))
			require.NoError(t, err)
			_, err = New(lex, Options{})
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for i := range 50 {
				text := strings.Repeat("好的，", i) + "我不需要"
				h := byDefault().Text(text).Hits[0]
				if h.Start != 3*i+1 || h.Text != "不需要" {
					t.Errorf("%q: hit %+v", text, h)
				}
			}
		})
	}
	wait.Wait()
}

// TestLinear feeds texts that would cost the square of their length if anything
// looked too far: 16 times the text may take sixty times as long, not 256. It runs
// alone, and takes the best of three, so that a busy machine is forgiven.
func TestLinear(t *testing.T) {
	for name, unit := range map[string]string{
		"one phrase": "不需要", "whole phrases": "不用", "denied": "不是", "compounds": "不要紧", "pauses": "不 需 要 ",
		"letters": "a", "marks": "\u0301", "inventions": "字幕由不需要", "asked": "不需要吗", "fillers": "那个", "around": "谢谢不用",
		"gaps": "别给我再打", "wishes": "不需要给我来", "later": "不用了晚点再打", "conditions": "如果不需要", "others": "他说不需要",
		"sounds": "没性趣", "exclusions": "不需要押金", "announced": "您拨打的用户不需要", "firsts": "别", "forms": "不要不要了",
	} {
		t.Run(name, func(t *testing.T) {
			const short, long = 1000, 16000
			length := utf8.RuneCountInString(unit)
			once := bestTime(strings.Repeat(unit, short/length))
			require.Less(t, bestTime(strings.Repeat(unit, long/length)), 60*once+150*time.Millisecond)
		})
	}
}

func bestTime(text string) time.Duration {
	best := time.Duration(1 << 62)
	for range 3 {
		start := time.Now()
		byDefault().Text(text)
		best = min(best, time.Since(start))
	}
	return best
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"我不需要，谢谢", "不是沒興趣\xff别打了?", "不用不用 不用吗", "字幕由 不需要", "a不需要b", "不，要不用了是吧", "别…给我打了没性趣", "如果他说不需要押金，给我来一个，晚点再打", "您拨打的\n不用"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v := byDefault().Text(text)
		characters := []rune(text)
		last := 0
		for _, h := range v.Hits {
			require.GreaterOrEqual(t, h.Start, last)
			require.Less(t, h.Start, h.End)
			require.LessOrEqual(t, h.End, len(characters))
			require.Equal(t, string(characters[h.Start:h.End]), string([]rune(h.Text)))
			require.Greater(t, h.Score, 0.0)
			last = h.Start
		}
		require.GreaterOrEqual(t, v.Score, 0.0)
		require.LessOrEqual(t, v.Score, 0.99)
	})
}

func TestGolden(t *testing.T) {
	t.Parallel()
	lines, err := os.ReadFile("testdata/lines.txt")
	require.NoError(t, err)
	var got strings.Builder
	for line := range strings.Lines(string(lines)) {
		line = strings.TrimSpace(line)
		v := byDefault().Text(line)
		fmt.Fprintf(&got, "%s\t%.2f\t%s\n", line, v.Score, summary(v))
	}
	if *update {
		require.NoError(t, os.WriteFile("testdata/lines.golden", []byte(got.String()), 0o644))
	}
	want, err := os.ReadFile("testdata/lines.golden")
	require.NoError(t, err)
	require.Equal(t, string(want), got.String(), "run with -update and look at the difference")
}
