package asr

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Model says which model a Transcriber runs and how it likes to be fed.
type Model struct {
	// Name is the model's known name ("base", "refrain-demo-zh") or its file name.
	Name string `json:"name"`
	// SHA256 of the model file, lower-case hexadecimal.
	SHA256 string `json:"sha256"`
	// Demo marks the embedded model that is for trying and testing only.
	Demo bool `json:"demo,omitempty"`
	// Packs reports whether several utterances may share a 30 s window. Official
	// models can; the demo model hears one utterance at a time.
	Packs bool `json:"packs,omitempty"`
	// ShortContext reports that the encoder may be run on less than 30 s without
	// harm, in multiples of 256 slots of 20 ms. True only where it was measured.
	ShortContext bool `json:"short_context,omitempty"`
}

// Settings is what made a transcript: equal settings give an equal transcript of the same side of
// equal audio (but see Shared), as far as it was heard, so their Key is part of a result's identity.
type Settings struct {
	Model Model `json:"model"`
	// Engine names the recogniser and its version, such as "whisper.cpp 1.9.5".
	Engine string `json:"engine"`
	// Language is the ISO 639-1 code the model was told to expect.
	Language string `json:"language"`
	// VAD names the utterance finder and its parameters.
	VAD string `json:"vad"`
	// Echo names what looked for the agent's echo, empty where nothing did.
	Echo string `json:"echo,omitempty"`
	// Shared tells that windows were shared with other recordings. Which those were depends on the
	// moment, and a word here or there on them.
	Shared bool `json:"shared,omitempty"`
	// Second is how many hypotheses a second look at doubtful utterances followed, 0 where
	// there was none.
	Second int `json:"second,omitempty"`
}

// Key is a short stable name for the settings (16 hexadecimal digits).
func (s Settings) Key() string {
	b, err := json.Marshal(s)
	if err != nil {
		panic("asr: settings do not marshal: " + err.Error()) // plain strings and bools
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// Phrase is what a Transcriber recognised: a Segment before it is placed in the
// recording. Its times count from the start of the window it was heard in.
type Phrase struct {
	Span
	Text         string
	Tokens       []Token
	MeanLogProb  float64
	NoSpeechProb float64
	// Readings are what the whole window may say, the likeliest first; see Window.Beams.
	Readings []Reading
}

// The usual thresholds of Whisper's authors; see Silent.
const (
	silenceProb    = 0.6
	silenceLogProb = -1.0
)

// Silent tells that the phrase is to be taken for silence: the model says so, and was unsure
// of the text.
func (p Phrase) Silent() bool {
	return p.NoSpeechProb > silenceProb && p.MeanLogProb < silenceLogProb
}

// HalfContext is half of the encoder's context, 768 slots of 20 ms. Every model takes that, in
// half of the time, if a little worse: with Whisper base one or two characters in a hundred more
// are wrong.
const HalfContext = 768 * 20 * time.Millisecond

// MostBeams bounds Window.Beams; it is whisper.cpp's bound.
const MostBeams = 8

// Window is one call of the model.
type Window struct {
	// Samples is mono audio at SampleRate, -1..1, at least 1 s and at most 30 s.
	// The Transcriber does not keep or change it.
	Samples []float32
	// Context limits the encoder to that much time from the window's start, zero
	// for all 30 s. Less than HalfContext only for models with ShortContext.
	Context time.Duration
	// Beams is how many hypotheses the decoder follows side by side, at most MostBeams; the
	// first phrase then has Readings. 0 is the best alone, and all that an engine without
	// Traits.Readings knows.
	Beams int
	// Alone has the window heard while no other is, so that if the engine dies, this
	// window is why. It waits until the windows before it are done, and those after it
	// wait for it.
	Alone bool
}

// Traits tell what a Transcriber runs, and how much.
type Traits struct {
	Model Model
	// Engine names the recogniser and its version, such as "whisper.cpp 1.9.5".
	Engine string
	// Language is the ISO 639-1 code that the model is told to expect.
	Language string
	// Parallel is how many windows are heard at once, 1 or more.
	Parallel int
	// Readings says that windows with Beams are told by their Readings.
	Readings bool
	// Voices tells where in a sound somebody speaks; nil where package vad alone must do.
	Voices VoiceFinder
}

// Transcriber recognises speech in one window. Implementations are safe for
// concurrent use and hear as many windows at once as their Traits say; more
// wait. When ctx ends, Transcribe returns its error promptly, also from within a
// window. A window without speech gives no phrases and no error.
type Transcriber interface {
	Transcribe(ctx context.Context, w Window) ([]Phrase, error)
	// Traits tell what the transcriber runs; they stay as they are.
	Traits() Traits
}
