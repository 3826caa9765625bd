package audio

import "fmt"

// Kind says in which way a file can't be used. The values are stable names that
// may be shown to programs.
type Kind string

// The kinds of refusal.
const (
	// NotAudio is a file that begins like no sound file.
	NotAudio Kind = "not_audio"
	// OtherFormat is a sound file, or a file around one, that isn't WAV.
	OtherFormat Kind = "other_format"
	// BadHeader is a WAV header that can't be true; Error.Field says where.
	BadHeader Kind = "bad_header"
	// OtherCodec is a WAV file whose sound is coded in a way not read here.
	OtherCodec Kind = "other_codec"
	// BadRate is a sample rate outside MinRate..MaxRate.
	BadRate Kind = "bad_rate"
	// BadChannels is a number of channels other than 1 and 2 that carry sound, or a channel
	// asked for that the file hasn't got.
	BadChannels Kind = "bad_channels"
	// NoSamples is a sound file without a single whole sample.
	NoSamples Kind = "no_samples"
	// SameChannels is fake stereo: one sound written to both channels, alike or nearly, so
	// that the two sides of the call can't be told apart.
	SameChannels Kind = "same_channels"
	// MixedChannel is a channel asked for that carries both sides of the call.
	MixedChannel Kind = "mixed_channel"
	// Undecodable is a sound file of another format whose decoder can't read it, or not
	// within its limits.
	Undecodable Kind = "undecodable"
	// BadClip is a stretch that can't be cut from the recording.
	BadClip Kind = "bad_clip"
)

// Error tells why a file, or what was asked of it, is refused. Its text is an
// English sentence that says what is wrong and what to do. Failures to read from
// the source are never an Error: they come back wrapped as they are.
type Error struct {
	Kind Kind
	// Field names the header field at fault; only for BadHeader.
	Field string
	text  string
}

func (e *Error) Error() string { return e.text }

// Refuse makes an Error that isn't about a header's field.
func Refuse(k Kind, format string, args ...any) error { return refuse(k, format, args...) }

func refuse(k Kind, format string, args ...any) error {
	return &Error{Kind: k, text: fmt.Sprintf(format, args...)}
}

func badHeader(field, format string, args ...any) error {
	text := fmt.Sprintf("the WAV header is impossible: %s: %s; send the file as the recorder "+
		"wrote it",
		field, fmt.Sprintf(format, args...))
	return &Error{Kind: BadHeader, Field: field, text: text}
}
