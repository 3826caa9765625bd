package asr

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/asr/vad"
)

// Source is a track as a stream of mono audio at SampleRate. Read fills samples
// with what comes next, -1..1, and returns how many; io.EOF, with none, at the end.
type Source interface {
	Read(samples []float32) (int, error)
}

// Pair is a customer's track as a Source, with the agent's beside it.
type Pair interface {
	Source
	// ReadBoth is Read for both tracks: other, as long as own, is filled with the agent's.
	ReadBoth(own, other []float32) (int, error)
}

// Config says how a Pipeline works.
type Config struct {
	// VAD tunes the finding of utterances; the zero value stands for vad.DefaultParams, or
	// where the Transcriber's traits have Voices, for vad.AnySoundParams.
	VAD vad.Params
	// Mixer lets the recording share windows with those that are heard with the same one, and says
	// whose go first; nil for windows of its own that go when they come.
	Mixer *Mixer
	// Place is the recording's place in the Mixer where that is a sheaf; see NewSheaf.
	Place int
	// Priority says whose windows go first, where several wait: those of the lowest.
	Priority int
	// Alone has each window heard while the Transcriber hears no other; see Window. Such a
	// recording shares no windows.
	Alone bool
	// Second says which utterances of the customer's are heard a second time, where the engine can
	// tell Readings; nil for none.
	Second Second
	// brief has windows that are half empty heard in half of the time.
	brief bool
	// Now is the clock for Stats; without it no times are measured.
	Now func() time.Time
}

// Pipeline makes transcripts of tracks with one Transcriber. It is safe for
// concurrent use.
type Pipeline struct {
	transcriber Transcriber
	cfg         Config
	settings    Settings
}

// NewPipeline checks the configuration and readies a Pipeline.
func NewPipeline(t Transcriber, cfg Config) (*Pipeline, error) {
	traits := t.Traits()
	if cfg.VAD == (vad.Params{}) {
		cfg.VAD = defaultVAD(traits.Voices)
	}
	if err := cfg.VAD.Check(); err != nil {
		return nil, err
	}
	settings := Settings{Model: traits.Model, Engine: traits.Engine, Language: traits.Language,
		VAD: vadName(traits.Voices, cfg.VAD), Shared: cfg.Mixer.mixes() && traits.Model.Packs && !cfg.Alone}
	if !traits.Readings || cfg.Alone { // what may have killed the engine is heard as simply as can be
		cfg.Second = nil
	}
	if cfg.Second != nil {
		settings.Second = secondBeams
	}
	return &Pipeline{transcriber: t, cfg: cfg, settings: settings}, nil
}

// Settings is what the pipeline's transcripts are made with.
func (p *Pipeline) Settings() Settings { return p.settings }

// Run reads the source to its end and gives the transcript of that side, with what
// it took. Where the source is a Pair, segments say how much of them is the agent's echo.
// When ctx ends, it returns ctx's error promptly. Other errors are those of the source or
// the Transcriber; there are no partial transcripts.
func (p *Pipeline) Run(ctx context.Context, side Side, src Source) (Transcript, Stats, error) {
	r := newRun(ctx, p)
	defer r.party.leave()
	err := r.listen(src)
	if err == nil {
		err = r.party.wait()
	}
	// When a window fails, reading is only told to stop: the window's is the cause.
	if errors.Is(err, context.Canceled) {
		err = r.party.failure(err)
	}
	if err != nil {
		return Transcript{}, Stats{}, fmt.Errorf("transcribing the %s's track: %w", side, err)
	}
	return r.transcript(side), r.watch.stats(r), nil
}

// run is the work on one track.
type run struct {
	p       *Pipeline
	party   *party
	packer  packer
	echoes  packer  // of the agent's: words of theirs must not be placed among the customer's
	beside  *beside // nil where the source is no Pair
	watch   stopwatch
	samples int64
	voices  *voices
	pieces  []*piece
}

func newRun(ctx context.Context, p *Pipeline) *run {
	own := packer{model: p.settings.Model}
	r := &run{p: p, packer: own, echoes: own, watch: stopwatch{now: p.cfg.Now},
		voices: voicesBy(p.transcriber.Traits().Voices, p.cfg.Alone)}
	r.watch.start()
	m := p.cfg.Mixer
	if m == nil || p.cfg.Alone {
		m = NewMixer()
	}
	r.party = m.join(ctx, p.transcriber, p.cfg, &r.watch)
	return r
}

// listen takes the source in, block by block, and hands its utterances on.
func (r *run) listen(src Source) error {
	defer r.watch.ready()
	detector := vad.New(r.p.cfg.VAD)
	block := make([]float32, SampleRate)
	if pair, ok := src.(Pair); ok {
		r.beside = newBeside(pair)
		src = r.beside
	}
	for {
		if err := r.party.ctx.Err(); err != nil {
			return err
		}
		n, err := src.Read(block)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading audio at %v: %w", sampleTime(r.samples), err)
		}
		r.samples += int64(n)
		if failed := r.takeAll(detector.Push(block[:n])); failed != nil {
			return failed
		}
		if err != nil {
			return r.finish(detector.Flush())
		}
	}
}

func (r *run) finish(found []vad.Utterance) error {
	if err := r.takeAll(found); err != nil {
		return err
	}
	return r.hand(func() error { return r.party.finish(append(r.packer.rest(), r.echoes.rest()...)) })
}

// takeAll takes what of the sounds that were found is speech.
func (r *run) takeAll(found []vad.Utterance) error {
	for _, u := range found {
		spoken, err := r.voices.spoken(r.party.ctx, u)
		if err != nil {
			return err
		}
		if err := r.take(spoken); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) take(found []vad.Utterance) error {
	for _, u := range found {
		for _, t := range r.beside.parts(u) {
			p := newPiece(t)
			r.pieces = append(r.pieces, p)
			for _, full := range r.packerOf(p).add(p) {
				if err := r.hand(func() error { return r.party.put(full) }); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (r *run) packerOf(p *piece) *packer {
	if p.echo {
		return &r.echoes
	}
	return &r.packer
}

// hand hands something on, which waits while there is enough.
func (r *run) hand(on func() error) (err error) {
	r.watch.waiting(func() { err = on() })
	return err
}

func (r *run) transcript(side Side) Transcript {
	t := Transcript{
		Side:       side,
		Duration:   sampleTime(r.samples),
		Settings:   r.beside.settings(r.p.settings),
		Segments:   []Segment{},
		Utterances: make([]Span, len(r.pieces)),
		Windows:    r.party.windows,
	}
	if r.voices != nil {
		t.OtherSounds = r.voices.others
	}
	for i, p := range r.pieces {
		t.Utterances[i] = p.utterance
		t.Segments = append(t.Segments, p.segments...)
	}
	slices.SortStableFunc(t.Segments, func(a, b Segment) int {
		return cmp.Compare(a.Start, b.Start)
	})
	return t
}

func sampleTime(n int64) time.Duration {
	return time.Duration(n/SampleRate)*time.Second +
		time.Duration(n%SampleRate)*time.Second/SampleRate
}
