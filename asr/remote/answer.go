package remote

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/refrain-asr/refrain/asr"
)

// answer is a transcription as servers give it. Words stand beside the segments (OpenAI) or
// within them (faster-whisper, whisper.cpp); some servers tell neither, or only the text.
type answer struct {
	Text     *string   `json:"text"`
	Segments []segment `json:"segments"`
	Words    []word    `json:"words"`
	// Error is what some servers answer instead, with status 200.
	Error json.RawMessage `json:"error"`
}

// segment and word count time in seconds from the window's start. What is absent is nil.
type segment struct {
	Start        *float64 `json:"start"`
	End          *float64 `json:"end"`
	Text         string   `json:"text"`
	Words        []word   `json:"words"`
	AvgLogProb   *float64 `json:"avg_logprob"`
	NoSpeechProb *float64 `json:"no_speech_prob"`
}

type word struct {
	Word        string   `json:"word"`
	Start       *float64 `json:"start"`
	End         *float64 `json:"end"`
	Probability *float64 `json:"probability"`
}

// errNoTimes: utterances share a window, and no telling which of them a word was heard in.
var errNoTimes = errors.New("gives no times to words, so that utterances can't share a window: " +
	"set speech.http.packs to false")

// answerKind tells what follows from an answer that is no transcription.
func answerKind(err error) kind {
	if errors.Is(err, errNoTimes) {
		return turned
	}
	return odd
}

// phrases reads an answer. The errors don't quote it: it may hold what a customer said.
func (f form) phrases(body []byte) ([]asr.Phrase, error) {
	if len(body) > mostAnswer {
		return nil, fmt.Errorf("answers with more than %d MiB", mostAnswer>>20)
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, fmt.Errorf("does not answer with a transcription in JSON: %w", unquoted(err))
	}
	if a.Text == nil && a.Segments == nil {
		return nil, errors.New("answers with JSON that has neither text nor segments; is it a " +
			"transcription server?")
	}
	var out []asr.Phrase
	for _, s := range a.parts() {
		p, timed := s.phrase(f.window)
		if p.Text == "" || p.Silent() {
			continue
		}
		if f.packed && !timed {
			return nil, errNoTimes
		}
		out = append(out, p)
	}
	return out, nil
}

// unquoted leaves out of an error of JSON what it quotes.
func unquoted(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s is no %s", e.Field, e.Type)
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("it stops being JSON at byte %d", e.Offset)
	}
	return errors.New("it is not understood")
}

// tags are what SenseVoice puts before its text, such as <|zh|><|NEUTRAL|>.
var tags = regexp.MustCompile(`<\|[^|<>]*\|>`)

func (s *segment) clean() {
	s.Text = strings.TrimSpace(tags.ReplaceAllString(strings.ToValidUTF8(s.Text, "\uFFFD"), ""))
}

// parts are the segments with the words of each. An answer without segments is one.
func (a answer) parts() []segment {
	text := false
	for i := range a.Segments {
		a.Segments[i].clean()
		text = text || a.Segments[i].Text != ""
	}
	if text {
		a.deal()
		return a.Segments
	}
	if a.Text == nil {
		return nil
	}
	whole := segment{Text: *a.Text, Words: a.Words}
	whole.clean()
	return []segment{whole}
}

// deal gives words that stand beside the segments to the segments they were said in: to the
// last one that had begun by the middle of the word.
func (a answer) deal() {
	for _, s := range a.Segments {
		if len(s.Words) > 0 || s.Start == nil {
			return
		}
	}
	at := 0
	for _, w := range a.Words {
		if !w.timed() {
			return
		}
		for at+1 < len(a.Segments) && *a.Segments[at+1].Start <= (*w.Start+*w.End)/2 {
			at++
		}
		a.Segments[at].Words = append(a.Segments[at].Words, w)
	}
}

func (w word) timed() bool { return w.Start != nil && w.End != nil }
