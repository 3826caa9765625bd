package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/models"
)

// engine is a speech engine with its model loaded.
type engine interface {
	asr.Transcriber
	// Close ends it. Nothing may be in flight.
	Close() error
}

// engineConfig says what an engine runs, and how.
type engineConfig struct {
	// ModelPath is the model's file.
	ModelPath string
	Model     asr.Model
	// States is how many windows are heard at once, from 1; Threads is how many threads hear
	// one of them, 0 for the processors divided among the states.
	States, Threads int
	// Language is the ISO 639-1 code of the speech.
	Language string
}

// openEngine loads a model. Its error says what is wrong with it.
type openEngine func(ctx context.Context, cfg engineConfig) (engine, error)

// hearer is an engine with its pipeline.
type hearer struct {
	engine   engine
	pipeline *asr.Pipeline
	// remove takes away what only this run needed.
	remove func()
}

func (e *hearer) close() {
	_ = e.engine.Close() // nothing is in flight any more
	e.remove()
}

// start finds the model and starts the speech process.
func (t *transcribing) start(ctx context.Context, o *transcribeOptions) (*hearer, error) {
	path, model, remove, err := t.model(cmp.Or(o.model, t.cfg.Speech.Model))
	if err != nil {
		return nil, err
	}
	if model.Demo {
		t.complain("the demo model is for trying and testing only; it does not understand real calls")
	}
	t.used = model
	states := cmp.Or(o.states, t.cfg.Speech.States, runtime.NumCPU())
	process, err := o.open(ctx, engineConfig{
		ModelPath: path, Model: model, States: states, Threads: o.threads, Language: t.cfg.Speech.Language,
	})
	if err != nil {
		remove()
		return nil, err
	}
	pipeline, err := asr.NewPipeline(process, asr.Config{Language: t.cfg.Speech.Language, Parallel: states})
	e := &hearer{process, pipeline, remove}
	if err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// model finds the model. The demo model has to lie in a file for whisper.cpp: in the
// user's cache, or else in a temporary folder that remove takes away. A command that
// only reads must leave nothing in the working directory.
func (t *transcribing) model(name string) (path string, model asr.Model, remove func(), err error) {
	remove = func() {}
	dir := t.cfg.Path("models")
	if models.IsDemo(name) {
		if dir, err = os.UserCacheDir(); err == nil {
			path, model, err = models.Resolve(name, filepath.Join(dir, "refrain", "models"))
		}
		if err == nil {
			return path, model, remove, nil
		}
		if dir, err = os.MkdirTemp("", "refrain-model-"); err != nil {
			return "", model, remove, fmt.Errorf("a place for the demo model: %w", err)
		}
		remove = func() { _ = os.RemoveAll(dir) }
	}
	path, model, err = models.Resolve(name, dir)
	if err != nil {
		remove()
	}
	return path, model, remove, err
}

// hear transcribes one file and judges it.
func (t *transcribing) hear(ctx context.Context, e *hearer, file string) (transcribedLine, error) {
	before := t.read
	defer func() {
		t.read = before + fileSize(file)
		t.bar.set(t.read)
	}()
	f, err := openFile(file)
	if err != nil {
		return transcribedLine{}, err
	}
	defer func() { _ = f.Close() }()
	info, err := audio.Inspect(contextReader{ctx, f})
	if err != nil {
		return transcribedLine{}, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return transcribedLine{}, fmt.Errorf("read it again: %w", err)
	}
	channel, err := t.channelOf(info)
	if err != nil {
		return transcribedLine{}, err
	}
	track, err := audio.OpenTrack(&countingReader{f, func(n int64) { t.bar.set(before + n) }, 0}, channel)
	if err != nil {
		return transcribedLine{}, err
	}
	defer func() { _ = track.Close() }()
	answered := fromSeconds(t.answered)
	if answered > info.Duration() {
		return transcribedLine{}, fmt.Errorf("--answer-offset is %v, but the audio ends at %v", answered, info.Duration().Round(time.Millisecond))
	}
	transcript, _, err := e.pipeline.Run(ctx, asr.Customer, track)
	if err != nil {
		return transcribedLine{}, err
	}
	line := newTranscribedLine(file, info, transcript, t.judge.Transcript(transcript, answered))
	line.Model, line.DemoModel = t.used.Name, t.used.Demo
	return line, nil
}

// channelOf is where the customer is heard.
func (t *transcribing) channelOf(info audio.Info) (audio.Channel, error) {
	switch mono := info.Channels == 1; {
	case t.channel == "" && mono:
		return audio.Mono, nil
	case t.channel == "":
		return audio.Right, nil
	case mono && t.channel != audio.Mono:
		return "", fmt.Errorf("--customer-channel is %s, but the file has one channel; if it is the customer's, say --customer-channel mono", t.channel)
	case !mono && t.channel == audio.Mono:
		return "", errors.New("--customer-channel is mono, but the file has two channels; say --customer-channel left or right")
	}
	return t.channel, nil
}

// cutOff tells of a file that ends early, "" where it does not.
func cutOff(truncated bool, length time.Duration) string {
	if !truncated {
		return ""
	}
	return fmt.Sprintf("; the file is cut off: %.1f s could be read", length.Seconds())
}

// countingReader tells how many bytes were read.
type countingReader struct {
	r    io.Reader
	tell func(int64)
	n    int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n += int64(n)
	r.tell(r.n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read it: %w", err)
	}
	return n, err
}

func sizeOf(files []string) (total int64) {
	for _, f := range files {
		total += fileSize(f)
	}
	return total
}
