package hearing

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/refrain-asr/refrain/asr"
)

// Meter counts what an engine did. It is safe for concurrent use.
type Meter struct {
	now                      func() time.Time
	windows, encoder, voices atomic.Int64
}

// Windows is how many windows were recognised.
func (m *Meter) Windows() int64 { return m.windows.Load() }

// Encoder is the time that took, summed over windows that ran side by side; waiting for a state
// counts too.
func (m *Meter) Encoder() time.Duration { return time.Duration(m.encoder.Load()) }

// Voices is the time that it took to tell voices from other sounds.
func (m *Meter) Voices() time.Duration { return time.Duration(m.voices.Load()) }

// metered is an engine that is counted.
type metered struct {
	asr.Engine
	meter *Meter
}

// Open implements asr.Engine.
func (e metered) Open(ctx context.Context) (asr.Transcriber, error) {
	t, err := e.Engine.Open(ctx)
	if err != nil {
		return nil, err
	}
	return meteredTranscriber{t, e.meter}, nil
}

type meteredTranscriber struct {
	asr.Transcriber
	meter *Meter
}

// Transcribe implements asr.Transcriber.
func (t meteredTranscriber) Transcribe(ctx context.Context, w asr.Window) ([]asr.Phrase, error) {
	from := t.meter.now()
	defer func() {
		t.meter.windows.Add(1)
		t.meter.encoder.Add(int64(t.meter.now().Sub(from)))
	}()
	return t.Transcriber.Transcribe(ctx, w)
}

// Traits implements asr.Transcriber.
func (t meteredTranscriber) Traits() asr.Traits {
	traits := t.Transcriber.Traits()
	if traits.Voices != nil {
		traits.Voices = meteredVoices{traits.Voices, t.meter}
	}
	return traits
}

type meteredVoices struct {
	asr.VoiceFinder
	meter *Meter
}

// Voices implements asr.VoiceFinder.
func (v meteredVoices) Voices(ctx context.Context, w asr.Window) ([]float32, error) {
	from := v.meter.now()
	defer func() { v.meter.voices.Add(int64(v.meter.now().Sub(from))) }()
	return v.VoiceFinder.Voices(ctx, w)
}
