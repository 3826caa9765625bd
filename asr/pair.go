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
	ears *ears
	// read fills own and, unless there is one channel only, other.
	read     func(own, other []float32) (n int, err error)
	close    func() error
	finished bool
	heard    Sounds
}

// listenedPair is a listened whose other side is compared with it, too.
type listenedPair struct {
	*listened
	other []float32
}

// listenTo opens the track that t names, and where the file has it the other side.
func listenTo(ctx context.Context, t Track) (Source, *listened, error) {
	if t.Channel == audio.Left || t.Channel == audio.Right {
		return listenToBoth(ctx, t)
	}
	track, err := t.Files.OpenTrack(ctx, t.Audio, t.Channel)
	if err != nil {
		return nil, nil, err
	}
	l := &listened{ears: newEars(t.Answered, false), close: track.Close,
		read: func(own, _ []float32) (int, error) { return track.Read(own) }}
	return l, l, nil
}

func listenToBoth(ctx context.Context, t Track) (Source, *listened, error) {
	tracks, err := t.Files.OpenTracks(ctx, t.Audio, t.Channel)
	if err != nil {
		return nil, nil, err
	}
	l := &listened{ears: newEars(t.Answered, true), close: tracks.Close, read: tracks.ReadBoth}
	return &listenedPair{listened: l}, l, nil
}

// Read implements Source.
func (l *listened) Read(own []float32) (int, error) { return l.listen(own, nil) }

// Read implements Source.
func (p *listenedPair) Read(own []float32) (int, error) {
	p.other = append(p.other[:0], own...)
	return p.listen(own, p.other)
}

// ReadBoth implements Pair.
func (p *listenedPair) ReadBoth(own, other []float32) (int, error) { return p.listen(own, other) }

func (l *listened) listen(own, other []float32) (int, error) {
	n, err := l.read(own, other)
	if other != nil {
		other = other[:n]
	}
	l.ears.push(own[:n], other)
	if errors.Is(err, io.EOF) && !l.finished {
		l.finished, l.heard = true, l.ears.sounds()
	}
	return n, err
}
