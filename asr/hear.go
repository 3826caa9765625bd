package asr

import (
	"context"
	"io"
	"time"

	"github.com/refrain-asr/refrain/asr/audio"
)

// Engine is what recognises speech: what the configuration names, whether it runs in
// this process, in another or on another machine. Implementations are safe for
// concurrent use.
type Engine interface {
	// Open gives the engine's Transcriber, and starts it where it does not run yet; ctx
	// bounds that. All who open it share it. Where the start fails, with ErrModel if the
	// model is to blame, the next Open tries again. ErrClosed after Close.
	Open(ctx context.Context) (Transcriber, error)
	// Close stops the engine at once: windows in flight fail with ErrClosed.
	Close() error
}

// Track is one side of a recording, as audio.
type Track struct {
	Side Side
	// Audio is the recording's file, read once from its beginning.
	Audio io.Reader
	// Files reads it; the zero value reads WAV only.
	Files audio.Files
	// Channel is where in it the side is heard.
	Channel audio.Channel
	// Answered is where in it the answered call begins: what sounds before tells nothing of
	// the two sides.
	Answered time.Duration
	// Only are the stretches of the agent's track to be heard, in order and none overlapping;
	// none for the whole track. A customer's is always heard as a whole.
	Only []Span
}

// Hear makes the transcript of a track with an engine, and tells what it took. A
// customer's on one channel of two is compared with the agent's on the other. The
// error is an *audio.Error where the audio can't be used, else that of the engine or
// of reading, or ctx's once it has ended.
func Hear(ctx context.Context, e Engine, cfg Config, t Track) (Transcript, Stats, error) {
	transcriber, err := e.Open(ctx)
	if err != nil {
		return Transcript{}, Stats{}, err
	}
	if t.Side == Agent {
		cfg.brief, cfg.Second = true, nil
	}
	p, err := NewPipeline(transcriber, cfg)
	if err != nil {
		return Transcript{}, Stats{}, err
	}
	if t.Side == Agent {
		return p.hearAgent(ctx, t)
	}
	source, listened, err := listenTo(ctx, t)
	if err != nil {
		return Transcript{}, Stats{}, err
	}
	defer func() { _ = listened.close() }() // it never fails
	transcript, stats, err := p.Run(ctx, t.Side, source)
	if err == nil && listened.finished {
		transcript.Sounds = &listened.heard
	}
	return transcript, stats, err
}

// hearAgent hears the agent's track by itself: nobody's echo is looked for on it, and its sound
// was measured beside the customer's.
func (p *Pipeline) hearAgent(ctx context.Context, t Track) (Transcript, Stats, error) {
	track, err := t.Files.OpenTrack(ctx, t.Audio, t.Channel)
	if err != nil {
		return Transcript{}, Stats{}, err
	}
	defer func() { _ = track.Close() }() // it never fails
	transcript, stats, err := p.Run(ctx, t.Side, hearOnly(track, t.Only))
	transcript.Heard = t.Only
	return transcript, stats, err
}
