package asr

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

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
	// Parallel is how many windows of one recording may be with the Transcriber at
	// once; 0 for as many as it hears at once.
	Parallel int
	// Alone has each window heard while the Transcriber hears no other; see Window.
	Alone bool
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
	cfg.Parallel = max(1, cmp.Or(cfg.Parallel, traits.Parallel))
	settings := Settings{Model: traits.Model, Engine: traits.Engine, Language: traits.Language,
		VAD: vadName(traits.Voices, cfg.VAD)}
	return &Pipeline{transcriber: t, cfg: cfg, settings: settings}, nil
}

// Settings is what the pipeline's transcripts are made with.
func (p *Pipeline) Settings() Settings { return p.settings }

// Run reads the source to its end and gives the transcript of that side, with what
// it took. Where the source is a Pair, segments say how much of them is the agent's echo.
// When ctx ends, it returns ctx's error promptly. Other errors are those of the source or
// the Transcriber; there are no partial transcripts.
func (p *Pipeline) Run(ctx context.Context, side Side, src Source) (Transcript, Stats, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := newRun(ctx, p)
	err := r.listen(src)
	if err != nil {
		cancel() // the windows under way are for nothing
	}
	// When a window fails, reading is only told to stop: the window's is the cause.
	if failed := r.group.Wait(); failed != nil && (err == nil || errors.Is(err, context.Canceled)) {
		err = failed
	}
	if err != nil {
		return Transcript{}, Stats{}, fmt.Errorf("transcribing the %s's track: %w", side, err)
	}
	return r.transcript(side), r.watch.stats(r), nil
}

// run is the work on one track.
type run struct {
	p          *Pipeline
	ctx        context.Context
	group      *errgroup.Group
	packer     packer
	echoes     packer  // of the agent's: words of theirs must not be placed among the customer's
	beside     *beside // nil where the source is no Pair
	watch      stopwatch
	samples    int64
	voices     *voices
	utterances []Span
	segments   []*[]Segment // of each window, filled as they come back
}

func newRun(ctx context.Context, p *Pipeline) *run {
	own := packer{model: p.settings.Model}
	r := &run{p: p, packer: own, echoes: own, watch: stopwatch{now: p.cfg.Now},
		voices: voicesBy(p.transcriber.Traits().Voices, p.cfg.Alone)}
	r.group, r.ctx = errgroup.WithContext(ctx)
	r.group.SetLimit(p.cfg.Parallel)
	r.watch.start()
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
		if err := r.ctx.Err(); err != nil {
			return err
		}
		n, err := src.Read(block)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading audio at %v: %w", sampleTime(r.samples), err)
		}
		r.samples += int64(n)
		ended := err != nil
		if err := r.takeAll(detector.Push(block[:n])); err != nil {
			return err
		}
		if ended {
			err := r.takeAll(detector.Flush())
			r.send(append(r.packer.rest(), r.echoes.rest()...))
			return err
		}
	}
}

// takeAll takes what of the sounds that were found is speech.
func (r *run) takeAll(found []vad.Utterance) error {
	for _, u := range found {
		spoken, err := r.voices.spoken(r.ctx, u)
		if err != nil {
			return err
		}
		r.take(spoken)
	}
	return nil
}

func (r *run) take(found []vad.Utterance) {
	for _, u := range found {
		for _, p := range r.beside.parts(u) {
			r.utterances = append(r.utterances, Span{Start: p.Start, End: p.End})
			r.send(r.packerOf(p).add(p))
		}
	}
}

func (r *run) packerOf(p traced) *packer {
	if p.echo {
		return &r.echoes
	}
	return &r.packer
}

// send gives full windows to the Transcriber, waiting while it has enough.
func (r *run) send(windows []packed) {
	for _, w := range windows {
		slot := new([]Segment)
		r.segments = append(r.segments, slot)
		r.watch.waiting(func() {
			r.group.Go(func() error { return r.transcribe(w, slot) })
		})
	}
}

func (r *run) transcribe(w packed, slot *[]Segment) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	w.window.Alone = r.p.cfg.Alone
	done := r.watch.transcribing()
	phrases, err := r.p.transcriber.Transcribe(r.ctx, w.window)
	done()
	if err != nil {
		return fmt.Errorf("window at %v: %w", w.places[0].from, err)
	}
	*slot = w.segments(phrases)
	return nil
}

func (r *run) transcript(side Side) Transcript {
	t := Transcript{
		Side:       side,
		Duration:   sampleTime(r.samples),
		Settings:   r.beside.settings(r.p.settings),
		Segments:   []Segment{},
		Utterances: append([]Span{}, r.utterances...),
		Windows:    len(r.segments),
	}
	if r.voices != nil {
		t.OtherSounds = r.voices.others
	}
	for _, s := range r.segments {
		t.Segments = append(t.Segments, *s...)
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
