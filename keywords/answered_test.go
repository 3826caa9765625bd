package keywords

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

// saidInTurn is a transcript of utterances, one every five seconds.
func saidInTurn(texts ...string) asr.Transcript {
	t := asr.Transcript{Side: asr.Customer, Duration: time.Duration(len(texts)+1) * 5 * time.Second}
	for i, text := range texts {
		at := asr.Span{Start: time.Duration(5*i+1) * time.Second, End: time.Duration(5*i+4) * time.Second}
		t.Segments = append(t.Segments, asr.Segment{Span: at, Text: text, Utterance: at, MeanLogProb: -0.1})
		t.Utterances = append(t.Utterances, at)
	}
	return t
}

func TestAnsweredBy(t *testing.T) {
	t.Parallel()
	j := byDefault()
	for _, tt := range []struct {
		want    Answerer
		suspect bool
		said    []string
	}{
		{Announcement, false, []string{"您好，您拨打的用户正在通话中，请稍后再拨。",
			"Sorry, the subscriber you dialled is busy now, please redial later."}},
		{Announcement, false, []string{"您不打的用户暂时无法接听,请您稍后再播", "您不打的电话暂时无人接听,请稍后再播。"}},
		{Announcement, false, []string{"对不起，您拨打的号码是空号，请核对后再拨"}},
		{Announcement, false, []string{"您拨打的电话已停机"}},
		{Announcement, false, []string{"您拨打的用户已关机，不需要等待，请挂机"}},
		{Voicemail, false, []string{"您好，我现在不方便接电话，请在嘀声后留言。"}},
		{Voicemail, false, []string{"您拨打的用户无法接通，请留言，留言结束请挂机", "提示音后请留言"}},
		{Voicemail, false, []string{"转到语音信箱"}},
		{Assistant, false, []string{"您好，我是机主的智能助理，请问您找他有什么事？", "好的，机主不需要贷款，请不要再打了",
			"好的，再见"}},
		{Assistant, false, []string{"您好，我是来电助手", "请问您是哪位", "他没兴趣，我会转告他的"}},
		{Assistant, false, []string{"你好，我是小爱同学", "主人暂时不需要这个", "再见"}},
		{Assistant, false, []string{"机主现在不方便接听电话", "有什么事我可以帮您转告"}},

		{Human, true, []string{"喂，你好", "我没兴趣", "别再打了"}},
		{Human, true, []string{"我不是机主，你打错了，别再打这个电话了"}},
		{Human, true, []string{"我是他的助理", "我们不需要，以后别再打了"}},
		{Human, true, []string{"我家里有语音助手，不需要", "不用了谢谢"}},
		{Human, true, []string{"你跟我说一下什么已关机", "我没兴趣，别再打了"}},
		{Human, true, []string{"您拨打的用户正在通话中，请稍后再拨", "喂", "不需要，别再打了"}},
		{Human, true, []string{"您好，我是机主的智能助理", "喂，我是本人", "不要再给我打电话了"}},
		{Human, true, []string{"有什么事你转告他吧", "我不需要，别打了"}},
		{Human, false, []string{"好"}},
		{"", false, []string{"。"}},
		{"", false, nil},
	} {
		got := j.Transcript(saidInTurn(tt.said...), 0)
		require.Equal(t, tt.want, got.AnsweredBy, "%q", tt.said)
		require.Equal(t, tt.suspect, got.Suspect, "%q: %+v", tt.said, got.Hits)
	}
}

// What a machine said before the answer doesn't count, nor does an echo of the agent.
func TestAnsweredByWhatCounts(t *testing.T) {
	t.Parallel()
	j := byDefault()
	heard := saidInTurn("您拨打的用户正在通话中，请稍后再拨", "我没兴趣，别再打了")
	require.Equal(t, Human, j.Transcript(heard, 5*time.Second).AnsweredBy)
	echo := 1.0
	heard = saidInTurn("我是您的智能语音助手", "我没兴趣，别再打了")
	heard.Segments[0].AgentLikeness = &echo
	got := j.Transcript(heard, 0)
	require.Equal(t, Human, got.AnsweredBy)
	require.True(t, got.Suspect)
}

func TestAnsweredByTheSound(t *testing.T) {
	t.Parallel()
	j := byDefault()
	sec := func(from, to int) asr.Span {
		return asr.Span{Start: time.Duration(from) * time.Second, End: time.Duration(to) * time.Second}
	}
	for _, tt := range []struct {
		name           string
		want           Answerer
		talk           time.Duration // that has a pitch
		peak           float64
		speech, others []asr.Span
		said           []string
	}{
		{"music", Music, 20 * time.Second, -20, nil, []asr.Span{sec(1, 30)}, nil},
		{"music that a word was made of", Music, 20 * time.Second, -20, []asr.Span{sec(3, 4)},
			[]asr.Span{sec(4, 30)}, []string{"嗯"}},
		{"music behind a refusal", Human, 20 * time.Second, -20, []asr.Span{sec(3, 4)},
			[]asr.Span{sec(4, 30)}, []string{"不需要，别再打了"}},
		{"music behind a talk", Human, 20 * time.Second, -20, []asr.Span{sec(3, 14)},
			[]asr.Span{sec(14, 30)}, []string{"好的"}},
		{"noise", Nobody, 0, -20, nil, []asr.Span{sec(1, 30)}, nil},
		{"a line", Nobody, 0, -50, nil, []asr.Span{}, nil},
		{"a dead track", "", 0, -100, nil, []asr.Span{}, nil},
		{"speech without text", "", 2 * time.Second, -20, []asr.Span{sec(3, 5)}, []asr.Span{}, nil},
		{"nothing told it", "", 20 * time.Second, -20, []asr.Span{sec(3, 23)}, nil, nil},
		{"a song before the answer", Nobody, 0, -50, []asr.Span{sec(0, 1)}, []asr.Span{sec(0, 2)}, nil},
	} {
		heard := saidInTurn(tt.said...)
		heard.Utterances, heard.OtherSounds = tt.speech, tt.others
		heard.Sounds = &asr.Sounds{Customer: asr.Sound{Talk: tt.talk, Peak: tt.peak, Length: 30 * time.Second}}
		answer := time.Duration(0)
		if tt.name == "a song before the answer" {
			answer = 2 * time.Second
		}
		require.Equal(t, tt.want, j.Transcript(heard, answer).AnsweredBy, tt.name)
	}
}
