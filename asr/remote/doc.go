// Package remote recognises speech with a server that speaks the OpenAI-style
// POST /v1/audio/transcriptions, as FunASR, SenseVoice and faster-whisper servers do.
//
// Engine is the asr.Engine of one server. Each window goes there as a WAV file in a form,
// and comes back as JSON (answer.go) whose segments and words become phrases and tokens
// (phrase.go, align.go). Servers differ in what they tell: times, words and probabilities
// that are absent are replaced by what harms no judgement.
//
// What can go wrong is an *Error. Where the server is away, busy or turns us away it is an
// asr.ErrUnavailable, which is no fault of the recording: a server that does not answer is
// asked again after a pause (retry.go), and after several failures not at all for a while
// (breaker.go). Where the server refuses one window and hears another, it is the window's.
package remote
