package asr_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

// writes is an Engine and a Transcriber that hears the same in each window.
type writes []asr.Phrase

func (w writes) Open(context.Context) (asr.Transcriber, error) { return w, nil }
func (w writes) Close() error                                  { return nil }

func (w writes) Traits() asr.Traits { return asr.Traits{Language: "zh", Parallel: 1} }

func (w writes) Transcribe(context.Context, asr.Window) ([]asr.Phrase, error) {
	return w, nil
}

// simple is a script in which a character depends on its neighbour.
func simple(text string) string {
	return strings.NewReplacer("乾坤", "乾坤", "乾", "干", "興", "兴").Replace(text)
}

func TestInScript(t *testing.T) {
	t.Parallel()
	heard := writes{{Text: "乾坤，沒興趣乾", Tokens: []asr.Token{
		{Text: "乾"}, {Text: "坤，沒"}, {Text: "興趣"}, {Text: "乾"}}}, {Text: "喂"}}
	transcriber, err := asr.InScript(heard, simple).Open(t.Context())
	require.NoError(t, err)
	got, err := transcriber.Transcribe(t.Context(), asr.Window{})
	require.NoError(t, err)
	require.Equal(t, "乾坤，沒兴趣干", got[0].Text)
	require.Equal(t, []asr.Token{{Text: "乾"}, {Text: "坤，沒"}, {Text: "兴趣", Original: "興趣"},
		{Text: "干", Original: "乾"}}, got[0].Tokens)
	require.Equal(t, asr.Phrase{Text: "喂"}, got[1])
	require.Equal(t, "zh", transcriber.Traits().Language)
}

func TestInScriptOfAnotherLength(t *testing.T) {
	t.Parallel()
	longer := func(text string) string { return text + text }
	transcriber, err := asr.InScript(writes{{Text: "喂", Tokens: []asr.Token{{Text: "喂"}}}},
		longer).Open(t.Context())
	require.NoError(t, err)
	got, err := transcriber.Transcribe(t.Context(), asr.Window{})
	require.NoError(t, err)
	require.Equal(t, []asr.Token{{Text: "喂"}}, got[0].Tokens)
}
