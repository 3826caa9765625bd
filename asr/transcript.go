package asr

import "time"

// SampleRate is the rate, in hertz, of all audio that a Transcriber hears: the
// one that Whisper models were trained at.
const SampleRate = 16000

// Side names who speaks on a track.
type Side string

// The two sides of a call.
const (
	Agent    Side = "agent"
	Customer Side = "customer"
)

// Span is a stretch of time. Within a Transcript it counts from the start of the
// recording; End is not before Start.
type Span struct {
	Start time.Duration `json:"start"`
	End   time.Duration `json:"end"`
}

// Duration is the span's length.
func (s Span) Duration() time.Duration { return s.End - s.Start }

// Token is the smallest run of a model's tokens that spells whole characters:
// official models split a character over several tokens, and these come joined.
// So Text is always valid UTF-8, and Prob (0..1) is the least of the run's.
type Token struct {
	Span
	Text string  `json:"text"`
	Prob float64 `json:"prob"`
	// Original is what the model wrote, where Text is in another script; see InScript.
	Original string `json:"original,omitempty"`
}

// Segment is recognised text with its time and what later judging needs.
type Segment struct {
	Span
	// Text is the concatenation of the tokens' texts, trimmed of white space.
	Text   string  `json:"text"`
	Tokens []Token `json:"tokens"`
	// Original is what the model wrote, where Text is in another script; else empty.
	Original string `json:"original,omitempty"`
	// MeanLogProb is the mean natural logarithm of the tokens' probabilities, 0 or less.
	MeanLogProb float64 `json:"mean_log_prob"`
	// NoSpeechProb is the model's own probability (0..1) that nobody spoke, computed
	// from the start token as Whisper's authors define it, not by whisper.cpp, whose
	// own value is left over from an earlier decode. With the demo model: below 0.001
	// on speech, above 0.98 on silence and noise.
	NoSpeechProb float64 `json:"no_speech_prob"`
	// Utterance is the stretch of speech that the segment was heard in.
	Utterance Span `json:"utterance"`
	// SNR is the utterance's signal-to-noise ratio in decibels, nil where not computed.
	SNR *float64 `json:"snr,omitempty"`
	// Readings are what the utterance may say, the likeliest first, where it was heard a second
	// time; Text is one of them.
	Readings []Reading `json:"readings,omitempty"`
	// AgentLikeness is how much (0..1) of the utterance is the agent's voice, given back by
	// the customer's loudspeaker; see package echo. It is nil where not computed: on the agent's
	// own track, and where the recording has no other.
	AgentLikeness *float64 `json:"agent_likeness,omitempty"`
}

// echoLikeness is how much of what was heard must be the agent's, given back by the customer's
// loudspeaker, for the customer not to have said it. In calls made up of 100 loudspeakers, 6 to
// 30 dB below the agent and up to 250 ms late, echoes that could be heard came to 0.47 or more
// (half of them to 0.88), and the customers' own words, also over the agent's, to 0.13 or less.
const echoLikeness = 0.4

// IsEcho reports whether what is so much the agent's, nil where that is not known, is their voice
// rather than the customer's.
func IsEcho(likeness *float64) bool { return likeness != nil && *likeness >= echoLikeness }

// Confidence is the geometric mean of the tokens' probabilities, 0..1.
func (s Segment) Confidence() float64 { return confidence(s.MeanLogProb) }

// Transcript is the segments of one track, in order of time, with the model and
// settings that made it.
type Transcript struct {
	Side     Side          `json:"side"`
	Duration time.Duration `json:"duration"`
	Settings Settings      `json:"settings"`
	Segments []Segment     `json:"segments"`
	// Utterances are all stretches in which somebody spoke, also those from which
	// the model made no text.
	Utterances []Span `json:"utterances"`
	// Heard are the stretches of the track that were heard, in order; none where all of it was.
	Heard []Span `json:"heard,omitempty"`
	// OtherSounds are the stretches of sound that was told to be nobody's voice, such as
	// music; nil where nothing told it.
	OtherSounds []Span `json:"other_sounds"`
	// Windows counts the calls of the model's encoder that the track had a part in.
	Windows int `json:"windows"`
	// Sounds is what there was to be heard on the recording's sides, taking the transcript's
	// for the customer's; nil in transcripts that were made before it was measured.
	Sounds *Sounds `json:"sounds,omitempty"`
}

// Text is the segments' texts, joined by single spaces.
func (t Transcript) Text() string { return joinTexts(t.Segments) }
