package transcribe

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/models"
)

// NewEngine readies a speech engine, with the model in the file at path where it needs one. It
// runs once it is opened, with States windows at once and Threads for each; 0 threads for the processors
// divided among the states.
type NewEngine func(path string, m asr.Model, s config.Speech) (asr.Engine, error)

// speech is an engine that runs.
type speech struct {
	asr.Engine
	files int        // how many are heard at the same time
	mixer *asr.Mixer // nil where they share no windows
	// remove takes away what only this run needed.
	remove func()
}

func (e *speech) close() {
	_ = e.Close() // nothing is in flight any more
	e.remove()
}

// start finds the model and starts the speech engine.
func (t *transcriber) start(ctx context.Context, o *options) (*speech, error) {
	settings := t.cfg.Speech
	settings.Model = cmp.Or(o.model, settings.Model)
	if err := settings.Validate(); err != nil {
		return nil, fmt.Errorf("the configuration is wrong:\n%w", err)
	}
	path, model, remove, err := t.model(settings)
	if err != nil {
		return nil, err
	}
	if model.Demo {
		t.Errorf("the demo model is for trying and testing only; it does not understand real calls")
	}
	t.used = model
	settings.States = cmp.Or(o.states, settings.States, runtime.NumCPU())
	settings.HTTP.Parallel = cmp.Or(o.states, settings.HTTP.Parallel)
	if settings.Engine == config.EngineHTTP {
		settings.States = settings.HTTP.Parallel
	}
	settings.Threads = o.threads
	engine, err := o.engine(path, model, settings)
	if err != nil {
		remove()
		return nil, err
	}
	e := &speech{Engine: engine, remove: remove}
	e.files, _ = settings.Recordings(settings.States, model.Packs)
	if settings.ShareWindows {
		e.mixer = asr.NewMixer()
	}
	if _, err := engine.Open(ctx); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// model finds the model; a server has its own. One that the program carries has to lie in a file for whisper.cpp: in
// the user's cache, or else in a temporary folder that remove takes away. A command that
// only reads must leave nothing in the working directory.
func (t *transcriber) model(
	s config.Speech,
) (path string, model asr.Model, remove func(), err error) {
	remove = func() {}
	if s.Engine == config.EngineHTTP {
		return "", asr.Model{Name: s.HTTP.Model, Packs: s.HTTP.Packs}, remove, nil
	}
	name := s.Model
	dir := t.cfg.Path("models")
	if models.IsInside(name) {
		if dir, err = os.UserCacheDir(); err == nil {
			path, model, err = models.Resolve(name, filepath.Join(dir, "refrain", "models"))
		}
		if err == nil {
			return path, model, remove, nil
		}
		if dir, err = os.MkdirTemp("", "refrain-model-"); err != nil {
			return "", model, remove, fmt.Errorf("a place for the model: %w", err)
		}
		remove = func() { _ = os.RemoveAll(dir) }
	}
	path, model, err = models.Resolve(name, dir)
	if err != nil {
		remove()
	}
	return path, model, remove, err
}
