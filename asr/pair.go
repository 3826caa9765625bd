package asr

import (
	"context"
	"errors"
	"io"

	"github.com/refrain-asr/refrain/asr/audio"
)

// listened is the customer's track of a recording as a Source, which lends its ears to
// both sides while it is read.
type listened struct {
	ears     *ears
	read     func(customer []float32) (agent []float32, n int, err error)
	close    func() error
	finished bool
	heard    Sounds
}

// listenTo opens the track that t names, and where the file has it the other side.
func listenTo(ctx context.Context, t Track) (*listened, error) {
	if t.Channel == audio.Left || t.Channel == audio.Right {
		return listenToBoth(ctx, t)
	}
	track, err := t.Files.OpenTrack(ctx, t.Audio, t.Channel)
	if err != nil {
		return nil, err
	}
	return &listened{ears: newEars(t.Answered, false), close: track.Close,
		read: func(dst []float32) ([]float32, int, error) {
			n, err := track.Read(dst)
			return nil, n, err
		}}, nil
}

func listenToBoth(ctx context.Context, t Track) (*listened, error) {
	tracks, err := t.Files.OpenTracks(ctx, t.Audio)
	if err != nil {
		return nil, err
	}
	var other []float32
	return &listened{ears: newEars(t.Answered, true), close: tracks.Close,
		read: func(dst []float32) ([]float32, int, error) {
			other = append(other[:0], dst...)
			left, right := dst, other
			if t.Channel == audio.Right {
				left, right = other, dst
			}
			n, err := tracks.Read(left, right)
			return other[:n], n, err
		}}, nil
}

// Read implements Source.
func (l *listened) Read(dst []float32) (int, error) {
	agent, n, err := l.read(dst)
	l.ears.push(dst[:n], agent)
	if errors.Is(err, io.EOF) && !l.finished {
		l.finished, l.heard = true, l.ears.sounds()
	}
	return n, err
}
