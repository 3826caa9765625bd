package whisper

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
	"unsafe"

	binding "github.com/ggerganov/whisper.cpp/bindings/go"

	"github.com/refrain-asr/refrain/asr"
)

// errStateLost: whisper.cpp has freed the state under us; only a new process is safe.
var errStateLost = errors.New("whisper: whisper.cpp ran out of memory and gave up its state")

// stateLost is whisper_full's code for that.
const stateLost = -7

// recogniser is a model in memory and the states over it. It belongs in a child process:
// what it calls ends the process rather than fail.
type recogniser struct {
	ctx   *C.struct_whisper_context
	opts  recogniserOptions
	jobs  chan job
	facts facts
}

type recogniserOptions struct {
	ModelPath string
	Language  string
	States    int
	Threads   int
	// Demo models are decoded once: a second try at a higher temperature costs
	// time and changed nothing.
	Demo bool
}

// facts is what the recogniser tells of the model it has loaded.
type facts struct {
	Type       string
	Vocabulary int
}

// job is a window on its way through a state.
type job struct {
	ctx context.Context //nolint:containedctx // it travels with the window
	request
	done chan<- result
}

type result struct {
	phrases []asr.Phrase
	err     error
}

// newRecogniser loads the model and makes its states. The file must have been checked.
func newRecogniser(o recogniserOptions) (*recogniser, error) {
	err := loadBackends()
	if err != nil {
		return nil, err
	}
	path := C.CString(o.ModelPath)
	defer C.free(unsafe.Pointer(path))
	r := &recogniser{ctx: C.refrain_load(path), opts: o, jobs: make(chan job)}
	if r.ctx == nil {
		return nil, errors.New("whisper.cpp refused it")
	}
	r.facts = facts{
		Type:       C.GoString(C.whisper_model_type_readable(r.ctx)),
		Vocabulary: r.binding().Whisper_n_vocab(),
	}
	if o.Language != "en" && r.binding().Whisper_is_multilingual() == 0 {
		r.close()
		return nil, fmt.Errorf("it knows English only, not %q", o.Language)
	}
	err = r.startStates()
	return r, err
}

func (r *recogniser) binding() *binding.Context { return (*binding.Context)(unsafe.Pointer(r.ctx)) }

func (r *recogniser) startStates() error {
	for range r.opts.States {
		run := C.refrain_run_new(r.ctx, C.int(r.opts.Threads))
		if run == nil {
			r.close()
			return fmt.Errorf("no memory for %d states: ask for fewer", r.opts.States)
		}
		go r.work(run)
	}
	return nil
}

// close lets the states go. The model stays: its memory goes with the process.
func (r *recogniser) close() { close(r.jobs) }

// work runs windows on one state, always from the same thread: OpenMP keeps a team of
// threads for every thread that ever called it.
func (r *recogniser) work(run *C.refrain_run) {
	runtime.LockOSThread()
	for j := range r.jobs {
		phrases, err := r.run(run, j)
		j.done <- result{phrases, err}
	}
	C.refrain_run_free(run)
}

// transcribe hears one window with a free state, waiting for one if need be.
func (r *recogniser) transcribe(
	ctx context.Context, q request,
) ([]asr.Phrase, error) {
	done := make(chan result, 1)
	select {
	case r.jobs <- job{ctx, q, done}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	got := <-done
	return got.phrases, got.err
}

func (r *recogniser) run(run *C.refrain_run, j job) ([]asr.Phrase, error) {
	d := decoding{Language: r.opts.Language, Threads: r.opts.Threads, Slots: j.slots, Beams: j.beams,
		Fallback: !r.opts.Demo && j.beams == 0}
	params, err := d.params()
	if err != nil {
		return nil, err
	}
	run.aborted = 0 // nobody else holds the state now
	defer abortWhenDone(j.ctx, run)()
	samples := atLeastASecond(j.samples)
	rc := C.refrain_run_full(run, (*C.struct_whisper_full_params)(unsafe.Pointer(&params)),
		(*C.float)(&samples[0]), C.int(len(samples)),
		C.int(j.beams))
	switch {
	case rc == stateLost:
		return nil, errStateLost
	case j.ctx.Err() != nil:
		return nil, j.ctx.Err()
	case rc != 0:
		return nil, fmt.Errorf("whisper: whisper.cpp could not decode the window (code %d)", rc)
	}
	phrases := r.phrases(run, asr.Span{End: duration(len(j.samples))})
	if j.beams > 0 && len(phrases) > 0 {
		phrases[0].Readings = r.readings(run, phrases)
	}
	return phrases, nil
}

// abortWhenDone aborts the run when ctx ends. The function it returns must be called
// before the state is used again: after it no abort can arrive late.
func abortWhenDone(ctx context.Context, run *C.refrain_run) func() {
	aborted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		C.refrain_run_abort(run)
		close(aborted)
	})
	return func() {
		if !stop() {
			<-aborted
		}
	}
}

// atLeastASecond pads with silence: whisper.cpp ignores less than 0.1 s and is bad at
// less than a second.
func atLeastASecond(samples []float32) []float32 {
	if len(samples) >= asr.SampleRate {
		return samples
	}
	padded := make([]float32, asr.SampleRate)
	copy(padded, samples)
	return padded
}

func (r *recogniser) phrases(run *C.refrain_run, window asr.Span) []asr.Phrase {
	var out []asr.Phrase
	judged := unsafe.Slice(run.no_speech, int(run.judged))
	for i := range int(C.whisper_full_n_segments_from_state(run.state)) {
		span := segmentSpan(run, i, window)
		noSpeech := 0.0
		if i < len(judged) {
			noSpeech = max(0, float64(judged[i]))
		}
		p, ok := newPhrase(r.rawTokens(run, i), span, noSpeech)
		if ok && !p.Silent() {
			out = append(out, p)
		}
	}
	return out
}

func segmentSpan(run *C.refrain_run, segment int, window asr.Span) asr.Span {
	start := centiseconds(C.whisper_full_get_segment_t0_from_state(run.state, C.int(segment)))
	start = clamp(start, window)
	end := centiseconds(C.whisper_full_get_segment_t1_from_state(run.state, C.int(segment)))
	return asr.Span{Start: start, End: clamp(end, asr.Span{Start: start, End: window.End})}
}

// rawTokens are the segment's tokens that spell text.
func (r *recogniser) rawTokens(run *C.refrain_run, segment int) []rawToken {
	var out []rawToken
	end := C.whisper_token_eot(r.ctx) // all special tokens follow
	for i := range C.whisper_full_n_tokens_from_state(run.state, C.int(segment)) {
		data := C.whisper_full_get_token_data_from_state(run.state, C.int(segment), i)
		if data.id >= end {
			continue
		}
		out = append(out, rawToken{
			text:  r.binding().Whisper_token_to_str(binding.Token(data.id)),
			prob:  float64(data.p),
			start: centiseconds(data.t0),
			end:   centiseconds(data.t1),
		})
	}
	return out
}

func centiseconds(t C.int64_t) time.Duration { return time.Duration(t) * 10 * time.Millisecond }

func duration(samples int) time.Duration {
	return time.Duration(samples) * time.Second / asr.SampleRate
}
