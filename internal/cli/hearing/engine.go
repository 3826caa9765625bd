package hearing

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/echo"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/models"
)

// NewEngine readies a speech engine, with the model in the file at path where it needs one. It
// runs once it is opened, with States windows at once and Threads for each; 0 threads for the processors
// divided among the states.
type NewEngine func(path string, m asr.Model, s config.Speech) (asr.Engine, error)

// Hearer hears recordings with an engine that runs.
type Hearer struct {
	*Setup
	engine asr.Engine
	// Meter counts what the engine did.
	Meter *Meter
	// Traits tell what the engine runs.
	Traits asr.Traits
	// AtOnce is how many short recordings are heard at the same time so that all states are busy.
	AtOnce int
	// Shares tells that recordings may share windows.
	Shares bool
	// remove takes away what only this run needed.
	remove func()
}

// Settings tell all of the engine and its use that decides what is heard of a stereo recording.
func (h *Hearer) Settings(ctx context.Context) (asr.Settings, error) {
	t, err := h.engine.Open(ctx)
	if err != nil {
		return asr.Settings{}, err
	}
	cfg := asr.Config{Second: h.Second}
	if h.Shares {
		cfg.Mixer = asr.NewMixer()
	}
	p, err := asr.NewPipeline(t, cfg)
	if err != nil {
		return asr.Settings{}, err
	}
	s := p.Settings()
	s.Echo = echo.Name
	return s, nil
}

// Close ends the engine.
func (h *Hearer) Close() {
	_ = h.engine.Close() // nothing is in flight any more
	h.remove()
}

// Start finds the model and starts the speech engine.
func (s *Setup) Start(ctx context.Context, newEngine NewEngine) (*Hearer, error) {
	settings := s.cfg.Speech
	settings.Model = cmp.Or(s.flags.model, settings.Model)
	if err := settings.Validate(); err != nil {
		return nil, fmt.Errorf("the configuration is wrong:\n%w", err)
	}
	path, model, remove, err := s.model(settings)
	if err != nil {
		return nil, err
	}
	if model.Demo {
		s.console.Errorf(
			"the demo model is for trying and testing only; it does not understand real calls")
	}
	settings.States = cmp.Or(s.flags.states, settings.States, runtime.NumCPU())
	settings.HTTP.Parallel = cmp.Or(s.flags.states, settings.HTTP.Parallel)
	if settings.Engine == config.EngineHTTP {
		settings.States = settings.HTTP.Parallel
	}
	settings.Threads = s.flags.threads
	engine, err := newEngine(path, model, settings)
	if err != nil {
		remove()
		return nil, err
	}
	meter := &Meter{now: s.console.Now}
	h := &Hearer{Setup: s, engine: metered{engine, meter}, Meter: meter, remove: remove,
		Shares: settings.ShareWindows && model.Packs}
	h.AtOnce, _ = settings.Recordings(settings.States, model.Packs)
	t, err := h.engine.Open(ctx)
	if err != nil {
		h.Close()
		return nil, err
	}
	h.Traits = t.Traits()
	return h, nil
}

// model finds the model; a server has its own. One that the program carries has to lie in a file for whisper.cpp: in
// the user's cache, or else in a temporary folder that remove takes away. A command that
// only reads must leave nothing in the working directory.
func (s *Setup) model(
	speech config.Speech,
) (path string, model asr.Model, remove func(), err error) {
	remove = func() {}
	if speech.Engine == config.EngineHTTP {
		return "", asr.Model{Name: speech.HTTP.Model, Packs: speech.HTTP.Packs}, remove, nil
	}
	name := speech.Model
	dir := s.cfg.Path("models")
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
