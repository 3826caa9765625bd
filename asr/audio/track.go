package audio

import (
	"context"
	"errors"
	"io"
)

// TrackRate is the rate, in hertz, of tracks: what recognition hears.
const TrackRate = 16000

// Channel names one channel of a recording.
type Channel string

// The channels. Mono is the only channel of a recording that holds one side.
const (
	Left  Channel = "left"
	Right Channel = "right"
	Mono  Channel = "mono"
)

// Valid reports whether c is one of the channels.
func (c Channel) Valid() bool { return c == Left || c == Right || c == Mono }

// Other is the opposite channel, on which the other side is; Mono has none and gives Mono.
func (c Channel) Other() Channel {
	switch c {
	case Left:
		return Right
	case Right:
		return Left
	case Mono:
	}
	return c
}

// Track is one channel of a recording, streamed at TrackRate. Close it after use.
// It is not safe for concurrent use.
type Track struct{ s *stream }

// OpenTrack reads r's header and readies channel c. The error is an *Error where
// the file can't be used or has no such channel. Fake stereo isn't noticed here:
// that takes reading all of it, see Inspect.
func OpenTrack(r io.Reader, c Channel) (*Track, error) {
	return Files{}.OpenTrack(context.Background(), r, c)
}

// Read fills dst with the next samples, -1..1, and returns how many; io.EOF where
// there are no more. Only the last samples come in less than dst holds.
func (t *Track) Read(dst []float32) (int, error) { return t.s.read(dst) }

// Info tells what is known of the recording so far.
func (t *Track) Info() Info { return t.s.r.Info() }

// Close frees the resampler. It never fails.
func (t *Track) Close() error { return t.s.close() }

// Tracks is both channels of a recording, streamed in step at TrackRate, for comparing
// them. Close it after use. It is not safe for concurrent use.
type Tracks struct{ s *stream }

// OpenTracks is OpenTrack for channel c of a stereo recording and the other one beside it.
func OpenTracks(r io.Reader, c Channel) (*Tracks, error) {
	return Files{}.OpenTracks(context.Background(), r, c)
}

// ReadBoth fills own, of the channel that was asked for, and other, of equal length, like
// Track.Read.
func (t *Tracks) ReadBoth(own, other []float32) (int, error) {
	if len(own) != len(other) {
		return 0, errors.New("audio: slices to read tracks into differ in length")
	}
	return t.s.read(own, other)
}

// Info tells what is known of the recording so far.
func (t *Tracks) Info() Info { return t.s.r.Info() }

// Close frees the resamplers. It never fails.
func (t *Tracks) Close() error { return t.s.close() }

// channelIndex finds c among n channels.
func channelIndex(c Channel, n int) (int, error) {
	switch {
	case !c.Valid():
		return 0, refuse(BadChannels, "%q names no channel: use left, right or mono", string(c))
	case c == Mono && n != 1:
		return 0, refuse(BadChannels, "the recording has %d channels: say whether the speaker is "+
			"on the left or the right one", n)
	case c != Mono && n == 1:
		return 0, refuse(BadChannels, "the recording has one channel and no %s one: declare "+
			"whose side it is, or send both sides", c)
	case c == Right:
		return 1, nil
	}
	return 0, nil
}
