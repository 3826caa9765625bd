package transcribe

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/models"
)

// Engine is a speech engine with its model loaded.
type Engine interface {
	asr.Transcriber
	// Close ends it. Nothing may be in flight.
	Close() error
}

// EngineConfig says what an engine runs, and how.
type EngineConfig struct {
	// ModelPath is the model's file.
	ModelPath string
	Model     asr.Model
	// States is how many windows are heard at once, from 1; Threads is how many threads hear
	// one of them, 0 for the processors divided among the states.
	States, Threads int
	// Language is the ISO 639-1 code of the speech.
	Language string
}

// OpenEngine loads a model. Its error says what is wrong with it.
type OpenEngine func(ctx context.Context, cfg EngineConfig) (Engine, error)

// speech is an engine with its pipeline.
type speech struct {
	engine   Engine
	pipeline *asr.Pipeline
	// remove takes away what only this run needed.
	remove func()
}

func (e *speech) close() {
	_ = e.engine.Close() // nothing is in flight any more
	e.remove()
}

// start finds the model and starts the speech process.
func (t *transcriber) start(ctx context.Context, o *options) (*speech, error) {
	path, model, remove, err := t.model(cmp.Or(o.model, t.cfg.Speech.Model))
	if err != nil {
		return nil, err
	}
	if model.Demo {
		t.Errorf("the demo model is for trying and testing only; it does not understand real calls")
	}
	t.used = model
	states := cmp.Or(o.states, t.cfg.Speech.States, runtime.NumCPU())
	process, err := o.open(ctx, EngineConfig{
		ModelPath: path, Model: model, States: states, Threads: o.threads,
		Language: t.cfg.Speech.Language,
	})
	if err != nil {
		remove()
		return nil, err
	}
	pipeline, err := asr.NewPipeline(process,
		asr.Config{Language: t.cfg.Speech.Language, Parallel: states})
	e := &speech{process, pipeline, remove}
	if err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// model finds the model. The demo model has to lie in a file for whisper.cpp: in the
// user's cache, or else in a temporary folder that remove takes away. A command that
// only reads must leave nothing in the working directory.
func (t *transcriber) model(name string) (path string, model asr.Model, remove func(), err error) {
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
