package remote

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

func ms(from, to int) asr.Span {
	return asr.Span{Start: time.Duration(from) * time.Millisecond,
		End: time.Duration(to) * time.Millisecond}
}

func token(text string, from, to int, prob float64) asr.Token {
	return asr.Token{Span: ms(from, to), Text: text, Prob: prob}
}

// The shapes of answers that there are, in a window of 3 s.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		want       []asr.Phrase
	}{
		{"text alone", `{"text":" 不用了。\n"}`, []asr.Phrase{{Span: ms(0, 3000), Text: "不用了。",
			Tokens: []asr.Token{token("不用了。", 0, 3000, 1)}}}},
		{"no segments", `{"text":"不用","segments":[]}`, []asr.Phrase{{Span: ms(0, 3000),
			Text: "不用", Tokens: []asr.Token{token("不用", 0, 3000, 1)}}}},
		{"no words, no probability", `{"text":"x","segments":[{"start":0.5,"end":1,"text":"不用"}]}`,
			[]asr.Phrase{{Span: ms(500, 1000), Text: "不用",
				Tokens: []asr.Token{token("不用", 500, 1000, 1)}}}},
		{"whisper.cpp", `{"text":"别打。\n","segments":[{"id":0,"text":"别打。","start":0.0,"end":0.8,
			"tokens":[268,713,112],"words":[{"word":"别","start":0.03,"end":0.11,"t_dtw":-1,
			"probability":0.9},{"word":"打","start":0.29,"end":0.33,"probability":0.8},
			{"word":"。","start":0.47,"end":0.73,"probability":0.7}],"temperature":0.0,
			"avg_logprob":-0.25,"no_speech_prob":0.1}]}`,
			[]asr.Phrase{{Span: ms(0, 800), Text: "别打。", MeanLogProb: -0.25, NoSpeechProb: 0.1,
				Tokens: []asr.Token{token("别", 30, 110, 0.9), token("打", 290, 330, 0.8),
					token("。", 470, 730, 0.7)}}}},
		{"OpenAI: words beside segments, without punctuation", `{"task":"transcribe","text":"",
			"segments":[{"start":0,"end":1,"text":"不，用。","avg_logprob":0},
			{"start":1,"end":3,"text":" 再见！","avg_logprob":0}],"words":[
			{"word":"不","start":0.1,"end":0.2},{"word":"用","start":0.5,"end":0.9},
			{"word":"再见","start":1.5,"end":2}]}`,
			[]asr.Phrase{
				{Span: ms(0, 1000), Text: "不，用。", Tokens: []asr.Token{token("不", 100, 200, 1),
					token("，用。", 500, 900, 1)}},
				{Span: ms(1000, 3000), Text: "再见！", Tokens: []asr.Token{token("再见！", 1500, 2000, 1)}}}},
		{"words beside text", `{"text":"no thanks","words":[{"word":"no","start":1,"end":1.5,
			"probability":0.5},{"word":"thanks","start":1.5,"end":2,"probability":0.5}]}`,
			[]asr.Phrase{{Span: ms(0, 3000), Text: "no thanks", MeanLogProb: math.Log(0.5),
				Tokens: []asr.Token{token("no", 1000, 1500, 0.5), token(" thanks", 1500, 2000, 0.5)}}}},
		{"null words", `{"text":"好","segments":[{"start":0,"end":1,"text":"好","words":null}],
			"words":null}`, []asr.Phrase{{Span: ms(0, 1000), Text: "好",
			Tokens: []asr.Token{token("好", 0, 1000, 1)}}}},
		{"a character split over words", "{\"segments\":[{\"start\":0,\"end\":2,\"text\":\"我嘛行\"," +
			"\"words\":[{\"word\":\"我\",\"start\":0,\"end\":0.5},{\"word\":\"\xe5\",\"start\":0.5," +
			"\"end\":0.6},{\"word\":\"\x98\x9b\",\"start\":0.6,\"end\":1},{\"word\":\"行\",\"start\":1," +
			"\"end\":2}]}]}",
			[]asr.Phrase{{Span: ms(0, 2000), Text: "我嘛行", Tokens: []asr.Token{token("我", 0, 500, 1),
				token("嘛行", 500, 2000, 1)}}}},
		{"words that don't fit", `{"segments":[{"start":0,"end":2,"text":"我不需要","words":[
			{"word":"我","start":0,"end":0.5},{"word":"xyz","start":0.5,"end":0.6}]}]}`,
			[]asr.Phrase{{Span: ms(0, 2000), Text: "我不需要",
				Tokens: []asr.Token{token("我不需要", 0, 2000, 1)}}}},
		{"times out of order and range", `{"segments":[{"start":-5,"end":1e300,"text":"不用","words":[
			{"word":"不","start":2,"end":1},{"word":"用","start":0,"end":9}]}]}`,
			[]asr.Phrase{{Span: ms(0, 3000), Text: "不用",
				Tokens: []asr.Token{token("不", 2000, 2000, 1), token("用", 2000, 3000, 1)}}}},
		{"SenseVoice's tags", `{"text":"<|zh|><|NEUTRAL|><|Speech|><|withitn|>别再打了。"}`,
			[]asr.Phrase{{Span: ms(0, 3000), Text: "别再打了。",
				Tokens: []asr.Token{token("别再打了。", 0, 3000, 1)}}}},
		{"silence", `{"text":""}`, nil},
		{"no speech", `{"segments":[{"start":0,"end":1,"text":"谢谢观看","avg_logprob":-1.5,
			"no_speech_prob":0.9}]}`, nil},
		{"absurd probabilities", `{"segments":[{"start":0,"end":1,"text":"好","avg_logprob":3,
			"no_speech_prob":7}]}`, []asr.Phrase{{Span: ms(0, 1000), Text: "好", NoSpeechProb: 1,
			Tokens: []asr.Token{token("好", 0, 1000, 1)}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := form{window: ms(0, 3000)}.phrases([]byte(tt.body))
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

// Utterances share a window only where words tell which of them they were heard in.
func TestPackedNeedsTimes(t *testing.T) {
	t.Parallel()
	f := form{window: ms(0, 3000), packed: true}
	for body, ok := range map[string]bool{
		`{"text":""}`: true,
		`{"text":"不用","words":[{"word":"不用","start":0,"end":1}]}`: true,
		`{"text":"不用"}`: false,
		`{"segments":[{"start":0,"end":1,"text":"不用"}]}`:          false,
		`{"text":"不用","words":[{"word":"不用"}]}`:                   false,
		`{"text":"不需要","words":[{"word":"不","start":0,"end":1}]}`: false,
	} {
		_, err := f.phrases([]byte(body))
		if ok {
			require.NoError(t, err, body)
			continue
		}
		require.ErrorIs(t, err, errNoTimes, body)
		e, _ := play(t, func(c *Config) { c.Model.Packs = true }, fails(200, body))
		_, err = hear(t, e)
		require.ErrorIs(t, err, asr.ErrUnavailable, "no recording is to blame")
		require.ErrorContains(t, err, "speech.http.packs")
	}
}

// FuzzAnswer: whatever a server answers gives an error or phrases that keep the contract.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"text":"不用"}`, `{"segments":[]}`, `{"error":{"message":"x"}}`, `[]`, `{"text":null}`,
		`{"text":"a b","segments":[{"start":0,"end":1,"text":"a b","avg_logprob":-1,
			"no_speech_prob":0.2,"words":[{"word":" a","start":0,"end":0.5,"probability":0.2}]}]}`,
		`{"segments":[{"start":2,"text":"好，不"},{"start":1,"text":"要"}],
			"words":[{"word":"好","start":2,"end":1e99},{"word":"不要","start":-1,"end":0}]}`,
		"{\"text\":\"\xff<|zh|>嘛\",\"words\":[{\"word\":\"\xe5\",\"start\":0,\"end\":0}]}",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, packed bool) {
		of := form{window: ms(0, 3000), packed: packed}
		phrases, err := of.phrases(body)
		if err != nil {
			return
		}
		for _, p := range phrases {
			requireKept(t, p, of.window)
		}
	})
}

// requireKept checks what whoever judges a phrase relies on.
func requireKept(t *testing.T, p asr.Phrase, window asr.Span) {
	t.Helper()
	require.NotEmpty(t, p.Text)
	require.True(t, utf8.ValidString(p.Text))
	require.True(t, p.MeanLogProb <= 0 && p.MeanLogProb > -30, p.MeanLogProb)
	require.True(t, p.NoSpeechProb >= 0 && p.NoSpeechProb <= 1)
	require.True(t, window.Start <= p.Start && p.Start <= p.End && p.End <= window.End)
	var text strings.Builder
	at := window.Start
	for _, token := range p.Tokens {
		require.True(t, at <= token.Start && token.Start <= token.End && token.End <= window.End)
		require.True(t, token.Prob >= 0 && token.Prob <= 1)
		at = token.End
		text.WriteString(token.Text)
	}
	require.Equal(t, p.Text, text.String())
}
