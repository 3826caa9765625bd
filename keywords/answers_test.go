package keywords

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// answered is a customer's answer to what the agent asks, between 1 s and 5 s and at 6 s.
func answered(text string) asr.Transcript {
	return asr.Transcript{Side: asr.Customer, Duration: seconds(60), Segments: []asr.Segment{
		{Span: span(6, 7), Text: text, MeanLogProb: -0.2}}}
}

func agentAsks(text string) asr.Transcript {
	return asr.Transcript{Side: asr.Agent, Segments: []asr.Segment{{Span: span(1, 5), Text: text}}}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		asked, said string
		suspect     bool
		match       MatchKind // of its one hit; empty for none
		veto        VetoReason
	}{
		{"您最近有资金方面的需求吗", "没有", true, MatchAnswer, ""},
		{"您最近有资金方面的需求吗", "没有没有，我挂了", true, MatchAnswer, ""},
		{"您需要贷款吗？", "没有。", true, MatchAnswer, ""},
		{"给您登记一下可以吗", "不行，我没打算弄", true, MatchAnswer, ""},
		{"需要为您介绍一下吗", "不用", true, MatchExact, ""}, // as without the question
		{"您还有其他问题吗", "没有", false, "", ""},
		{"您还有其他问题吗", "不用了，谢谢", false, MatchExact, VetoOtherQuestion},
		{"行程单需要邮寄吗", "不需要", false, MatchExact, VetoOtherQuestion},
		{"好的贷款办好了，请问需要发票吗", "不用", false, MatchExact, VetoOtherQuestion},
		{"需要发票吗，您考虑一下我们的理财产品吗", "不用", true, MatchExact, ""}, // the last one counts
		{"给您介绍一款保险，您家里有孩子吗", "没有", false, "", ""},           // 没有 answers that alone
		{"您最近有资金方面的需求吗", "没有，你晚点再打给我", false, MatchAnswer, VetoNarrowed},
		{"您最近有资金方面的需求吗", "有啊，没有我问你干嘛", false, "", ""}, // more than no
		{"今天天气怎么样", "没有", false, "", ""},
		// Misheard words of the agent's, as a small model writes them.
		{"请问您最近有自金方面的需求吗", "没有", true, MatchAnswer, ""},
		{"您好这里是行房给您介召一下需不需要代款", "没有", true, MatchAnswer, ""},
	} {
		v := byDefault().Call(answered(tt.said), agentAsks(tt.asked), 0)
		require.Equal(t, tt.suspect, v.Suspect, "%s %s: %s", tt.asked, tt.said, summary(v))
		if tt.match == "" {
			require.Empty(t, v.Hits, "%s %s", tt.asked, tt.said)
			continue
		}
		require.NotEmpty(t, v.Hits, "%s %s", tt.asked, tt.said)
		require.Equal(t, tt.match, v.Hits[0].Match, "%s %s", tt.asked, tt.said)
		require.Equal(t, tt.match == MatchAnswer, v.Hits[0].Asked != "", "it says why")
		require.Equal(t, tt.veto != "", v.Hits[0].Veto != nil, summary(v))
		if tt.veto != "" {
			require.Equal(t, tt.veto, v.Hits[0].Veto.Reason, "%s %s", tt.asked, tt.said)
		}
	}
}

// Without the agent's words, or where they are too long ago or come later, a customer's are judged
// as ever.
func TestAnswersWithoutQuestion(t *testing.T) {
	t.Parallel()
	offer, other := agentAsks("您需要贷款吗"), agentAsks("还有其他问题吗")
	j := byDefault()
	for _, said := range []string{"没有", "不需要", "不用，谢谢", "好的"} {
		want := j.Transcript(answered(said), 0)
		for _, a := range []asr.Transcript{offer, other} {
			for _, at := range []asr.Span{span(8, 10), span(0, 0)} {
				late := a
				late.Segments = []asr.Segment{{Span: at, Text: a.Segments[0].Text}}
				got := j.Call(answered(said), late, 0)
				if at.End == 0 { // 6 s before
					continue
				}
				require.Equal(t, want, got, said)
			}
		}
		require.Equal(t, want, j.Call(answered(said), asr.Transcript{Side: asr.Agent}, 0), said)
	}
	long := answered("没有")
	long.Segments[0].Span = span(20, 21)
	require.Empty(t, j.Call(long, offer, 0).Hits)

	plain, err := New(lexicon.Default(), Options{Unlearned: true})
	require.NoError(t, err)
	require.True(t, plain.Call(answered("没有"), offer, 0).Suspect, "the model is not needed for it")
}

// Where a no may mean either, the agent is listened to.
func TestListenToAnswers(t *testing.T) {
	t.Parallel()
	for said, hear := range map[string]bool{"没有": true, "不用": true, "不方便": true, "有的": false,
		"我没有时间听这个": false} {
		heard := answered(said)
		v := byDefault().Transcript(heard, 0)
		v.Hits = nil
		_, got := AgentShort.Listen(heard, v)
		require.Equal(t, hear, got, said)
	}
}

// A lexicon of one's own says what answers mean, and one without answers has none.
func TestAnswersOfOwnLexicon(t *testing.T) {
	t.Parallel()
	const classes = `version: own-1
learned: off
classes:
- {id: nope, label: 不, freeze: 1d, phrases: [不稀罕]}
`
	own, err := lexicon.Parse([]byte(classes + "answers: {class: nope, no: [免谈], offer: [买(花|草)吗$]}\n"))
	require.NoError(t, err)
	j, err := New(own, Options{})
	require.NoError(t, err)
	v := j.Call(answered("免谈"), agentAsks("您买花吗"), 0)
	require.True(t, v.Suspect)
	require.Equal(t, Class("nope"), v.Hits[0].Class)
	require.Equal(t, "买花吗", v.Hits[0].Asked)
	require.False(t, j.Call(answered("免谈"), agentAsks("您买花吗我说"), 0).Suspect)

	without, err := lexicon.Parse([]byte(classes))
	require.NoError(t, err)
	j, err = New(without, Options{})
	require.NoError(t, err)
	require.Empty(t, j.Call(answered("免谈"), agentAsks("您买花吗"), 0).Hits)

	_, err = lexicon.Parse([]byte(classes + "answers: {class: none, no: [免谈]}\n"))
	require.ErrorContains(t, err, `answers: class "none": name a class of this lexicon`)
}

func TestDialogueAnswers(t *testing.T) {
	t.Parallel()
	j := byDefault()
	ask := Turn{Side: asr.Agent, Text: "您需要贷款吗"}
	no := Turn{Side: asr.Customer, Text: "没有"}
	v := j.Dialogue([]Turn{ask, no}, 0)
	require.True(t, v.Suspect, "without times")
	require.Equal(t, 1, v.Hits[0].Segment)
	require.False(t, j.Dialogue([]Turn{no}, 0).Suspect)
	require.True(t, j.Answer(ask.Text, no.Text).Suspect)
	require.False(t, j.Answer("还有其他问题吗", no.Text).Suspect)
	require.False(t, j.Text(no.Text).Suspect)
	ask.Time, no.Time = span(0, 3), span(4, 5)
	require.True(t, j.Dialogue([]Turn{ask, no}, 0).Suspect)
	require.False(t, j.Dialogue([]Turn{{Side: asr.Agent, Text: "还有其他问题吗", Time: span(0, 3)},
		{Side: asr.Customer, Text: "不用了", Time: span(4, 5)}}, 0).Suspect)
}
