package keywords

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// TestDefaultSentences tries the sentences that stand beside the phrases of the default lexicon.
func TestDefaultSentences(t *testing.T) {
	t.Parallel()
	require.Empty(t, byRules().examples())
}

func TestSentences(t *testing.T) {
	t.Parallel()
	const source = `version: v1
classes:
  - id: no_need
    label: 不需要
    freeze: 1d
    phrases:
      - {text: 不需要, finds: 我不需要, skips: [需要一个, 不需要吗]}
      - {text: 不需要了, finds: 真不需要了}
      - {text: 不用, finds: [不用不用, 用不用], skips: 不用}
      - {text: 够了, finds: 不是够了}
vetoes:
  question: {after: [吗]}
  negated: {before: [不是]}
`
	lex, wrong, _ := Check([]byte(source))
	require.Nil(t, lex)
	require.Equal(t, []lexicon.Error{
		{Line: 9,
			What: `phrase "不用" doesn't find "用不用": it is vetoed, question because of "用不用"`},
		{Line: 9, What: `phrase "不用" counts in "不用", in which nothing should`},
		{Line: 10,
			What: `phrase "够了" doesn't find "不是够了": it is vetoed, negated because of "不是"`},
	}, wrong)
	_, err := lexicon.Parse([]byte(source))
	require.NoError(t, err, "a lexicon whose sentences fail is still one")
}

// TestTalkOfCalls tries what customers say and write, and what only looks like a refusal,
// by the phrases alone.
func TestTalkOfCalls(t *testing.T) {
	t.Parallel()
	for text, suspect := range map[string]bool{
		// opt-outs of messages
		"退订": true, "回复TD退订": true, "TD": true, "请停止给我发短信推销": true,
		"别再给我发广告了": true,
		"拒收":       true, "怎么退订这个套餐": false, "退订费要交多少": false, "酒店能退订吗": false,
		// English, in words and not within them
		"Not interested, thank you.": true, "I'm not interested": true, "No thanks": true,
		"no need, bye": true, "Please stop calling me!": true, "Don't ever call me again": true,
		"do not call me again": true, "Take me off your list": true,
		"remove my number please": true,
		"Sorry, wrong number":     true, "leave me alone": true, "no problem": false,
		"I'm not sure":                  false,
		"he is not interested in music": false, "no need to hurry": false,
		"I need a new card":         false,
		"don't call me before nine": false, "there is no needle in it": false,
		"call me again": false,
		// traditional characters
		"請不要再打來了": true, "我沒有興趣，謝謝": true, "您打錯電話了": true,
		"我有興趣，請說": false,
		// no money, irritation, police, wishes and shop hours are no refusals
		"最近没钱，发了工资再买": false, "这天气真烦人": false, "烦死了又堵车": false,
		"楼下来警察了":     false,
		"车被剐了，报警了没有": false, "祝你生意兴隆": false, "祝你工作顺利": false,
		"我们店九点关门":   false,
		"店早就关了，明天来": false, "谢谢，再见": false, "多的是酒店可以选": false,
		// an insult only where it is aimed at the caller
		"你有病吧": true, "滚": true, "这破机器有毛病": false, "他就是个神经病": false,
		"滚筒洗衣机多少钱": false,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			v := byRules().Text(text)
			require.Equal(t, suspect, v.Suspect, summary(v))
		})
	}
}
