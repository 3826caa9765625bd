package whisper

import (
	"context"
	"errors"
	"runtime"

	"github.com/refrain-asr/refrain/asr"
)

var _ asr.VoiceFinder = (*Supervisor)(nil)

// VoicesName implements asr.VoiceFinder.
func (s *Supervisor) VoicesName() string { return sileroName }

// Voices implements asr.VoiceFinder, in the child. Sounds are judged one after the other,
// beside the windows, of which none has to end first.
func (s *Supervisor) Voices(ctx context.Context, w asr.Window) ([]float32, error) {
	w.Context = 0
	if err := s.check(w); err != nil {
		return nil, err
	}
	c, err := s.ask(ctx, w, true)
	if err != nil {
		return nil, err
	}
	out := make([]float32, len(c.voices))
	for i, v := range c.voices {
		out[i] = float32(v) / 255
	}
	return out, nil
}

// voices is the child's silero, on a thread of its own: OpenMP keeps a team of threads for
// every thread that ever called it.
type voices struct{ sounds chan sound }

// sound is what voices are looked for in.
type sound struct {
	samples []float32
	done    chan<- heard
}

type heard struct {
	voices []byte
	err    error
}

func startVoices() (*voices, error) {
	s, err := newSilero()
	if err != nil {
		return nil, err
	}
	v := &voices{sounds: make(chan sound)}
	go v.work(s)
	return v, nil
}

// work never ends: its memory goes with the process.
func (v *voices) work(s silero) {
	runtime.LockOSThread()
	for next := range v.sounds {
		p, err := s.probabilities(next.samples)
		next.done <- heard{inBytes(p), err}
	}
}

func (v *voices) tell(ctx context.Context, samples []float32) ([]byte, error) {
	done := make(chan heard, 1)
	select {
	case v.sounds <- sound{samples, done}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	got := <-done
	return got.voices, got.err
}

// inBytes are probabilities from 0 to 255, never nil.
func inBytes(p []float32) []byte {
	out := make([]byte, len(p))
	for i, v := range p {
		out[i] = byte(255*max(0, min(1, v)) + 0.5)
	}
	return out
}

func (c *child) tellVoices(ctx context.Context, r request) {
	defer c.end(r.id)
	a := reply{id: r.id}
	var err error
	if a.voices, err = c.voices.tell(ctx, r.samples); err != nil {
		a = reply{id: r.id, failure: errors.Join(errVoices, err).Error()}
	}
	if err := c.write(encodeReply(a)); err != nil {
		c.breakWith(err)
	}
}

var errVoices = errors.New("whisper: voices can't be told")
