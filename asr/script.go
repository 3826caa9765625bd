package asr

import (
	"context"
	"strings"
	"unicode/utf8"
)

// InScript is an engine whose text readers get in another script, as write puts it: character
// for character, as for characters that are simplified. What the model wrote stays in the
// tokens and segments, as Original.
func InScript(e Engine, write func(text string) string) Engine { return scriptEngine{e, write} }

type scriptEngine struct {
	Engine
	write func(text string) string
}

func (e scriptEngine) Open(ctx context.Context) (Transcriber, error) {
	t, err := e.Engine.Open(ctx)
	if err != nil {
		return nil, err
	}
	return scriptTranscriber{t, e.write}, nil
}

type scriptTranscriber struct {
	Transcriber
	write func(text string) string
}

func (t scriptTranscriber) Transcribe(ctx context.Context, w Window) ([]Phrase, error) {
	phrases, err := t.Transcriber.Transcribe(ctx, w)
	for i := range phrases {
		phrases[i].inScript(t.write)
	}
	return phrases, err
}

// inScript rewrites the phrase's text, and its tokens' by the whole of it, since a character
// may depend on its neighbours.
func (p *Phrase) inScript(write func(text string) string) {
	p.Text = write(p.Text)
	p.Readings = inScript(p.Readings, write)
	var spelt strings.Builder
	for _, t := range p.Tokens {
		spelt.WriteString(t.Text)
	}
	written := []rune(write(spelt.String()))
	if len(written) != utf8.RuneCountInString(spelt.String()) {
		return // not character for character: the tokens stay as they are
	}
	for i := range p.Tokens {
		t := &p.Tokens[i]
		length := utf8.RuneCountInString(t.Text)
		if text := string(written[:length]); text != t.Text {
			t.Original, t.Text = t.Text, text
		}
		written = written[length:]
	}
}

// original is what the model wrote of tokens, "" where they say it as it was written.
func original(tokens []Token) string {
	var text strings.Builder
	changed := false
	for _, t := range tokens {
		if t.Original == "" {
			text.WriteString(t.Text)
			continue
		}
		changed = true
		text.WriteString(t.Original)
	}
	if !changed {
		return ""
	}
	return strings.TrimSpace(text.String())
}

// inScript rewrites readings. Those that differed in the script alone are one.
func inScript(readings []Reading, write func(text string) string) []Reading {
	for i := range readings {
		readings[i].Text = write(readings[i].Text)
	}
	return MergeReadings(readings)
}
