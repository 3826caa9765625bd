package app

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/remote"
	"github.com/refrain-asr/refrain/asr/whisper"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/normal"
	"github.com/refrain-asr/refrain/models"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// modelPatience bounds the loading of a model at the start: the largest take some
// seconds from disk.
const modelPatience = 2 * time.Minute

// NewEngine readies the speech engine that the settings name. whisper.cpp takes the model in
// the file at path; a server has one of its own, which the settings name. o gives the Logger
// and Executable. It is the one place that knows which engines there are. Nothing is started
// until it is opened.
func NewEngine(path string, m asr.Model, s config.Speech, o Options) (asr.Engine, error) {
	ready := newWhisper
	if s.Engine == config.EngineHTTP {
		ready = newRemote
	}
	e, err := ready(path, m, s, o)
	if err == nil && s.Language == "zh" {
		// Whisper writes Chinese in either script, as it likes.
		e = asr.InScript(e, normal.Simplified)
	}
	return e, err
}

func newWhisper(path string, m asr.Model, s config.Speech, o Options) (asr.Engine, error) {
	if err := whisper.SelfTest(); err != nil {
		return nil, err
	}
	return whisper.NewEngine(whisper.Config{
		ModelPath: path, Model: m, States: s.States, Threads: s.Threads, Language: s.Language,
		Executable: o.Executable, Logger: o.Logger,
	}), nil
}

func newRemote(_ string, _ asr.Model, s config.Speech, o Options) (asr.Engine, error) {
	endpoint, err := s.HTTP.Endpoint()
	if err != nil {
		return nil, err
	}
	logger := o.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return remote.NewEngine(remote.Config{
		URL: endpoint, Key: string(s.HTTP.Key), Language: s.Language,
		Model: asr.Model{Name: s.HTTP.Model, Packs: s.HTTP.Packs}, Parallel: s.HTTP.Parallel,
		Timeout: s.HTTP.Timeout, Retries: s.HTTP.Retries, Logger: logger,
	}), nil
}

// openSpeech finds the model and starts the speech engine. A file that is no model stops
// the start; one that can't be loaded, or a server that is away, does not: the API, the
// reviewers and the gate need no model, every recording notes why it was not heard, and
// starting is tried again for each of them.
func (a *App) openSpeech(ctx context.Context) error {
	if a.cfg.Speech.Engine == config.EngineWorkers {
		return a.leaveToWorkers()
	}
	path, model, err := a.model()
	if err != nil {
		return err
	}
	settings := a.cfg.Speech
	settings.States = a.cfg.States()
	a.engine, err = NewEngine(path, model, settings,
		Options{Executable: a.exec, Logger: a.log.WithGroup("speech")})
	if err != nil {
		return err
	}
	if a.through != nil {
		a.engine = a.through(a.engine)
	}
	a.modelName = cmp.Or(model.Name, a.cfg.Speech.HTTP.Model)
	a.packs = model.Packs || a.cfg.Speech.Engine == config.EngineHTTP && a.cfg.Speech.HTTP.Packs
	a.onClose(a.engine.Close)
	if model.Demo {
		a.log.WarnContext(ctx,
			"the demo model is for trying and testing only: it does not understand real calls")
	}
	ctx, cancel := context.WithTimeout(ctx, modelPatience)
	defer cancel()
	t, err := a.engine.Open(ctx)
	if err != nil {
		a.log.ErrorContext(ctx, "no recording can be transcribed", "error", err)
		a.hears = errors.Is(err, asr.ErrUnavailable) // nothing is parked for that
		return nil
	}
	a.hears = true
	traits := t.Traits()
	a.isHeard(traits.Engine, traits.Model)
	return nil
}

// isHeard notes by which engine, and with which model, recordings are heard.
func (a *App) isHeard(engine string, m asr.Model) {
	a.heardBy = strings.Join([]string{a.version, engine, m.Name, m.SHA256}, "|")
	a.heardWith = store.Hears{Version: a.version, Model: cmp.Or(m.SHA256, m.Name)}
}

// leaveToWorkers finds out with which model workers are to hear, instead of hearing.
func (a *App) leaveToWorkers() error {
	model, err := a.workersModel()
	if err != nil {
		return err
	}
	a.modelName, a.hears = model.Name, true
	a.isHeard(config.EngineWorkers, model)
	return nil
}

// workersModel is the model that workers are to have, whose file need not be here where it is an official one's.
func (a *App) workersModel() (asr.Model, error) {
	s := a.cfg.Speech
	if s.HTTP.Model != "" {
		return asr.Model{Name: s.HTTP.Model}, nil
	}
	if known, ok := models.Find(s.Model); ok {
		return known.Model(), nil
	}
	_, m, err := models.Resolve(s.Model, a.cfg.Path(datadir.ModelsDir))
	return m, err
}

// sayWanted says of which model and version workers must be.
func (a *App) sayWanted(ctx context.Context) error {
	if a.alone() || a.heardWith == (store.Hears{}) {
		return nil
	}
	return a.db.Want(ctx, a.heardWith)
}

// mixer says whose windows go first, and has recordings share them where they are to.
func (a *App) mixer() *asr.Mixer {
	if !a.cfg.Speech.ShareWindows {
		return asr.NewUnmixed()
	}
	return asr.NewMixer()
}

// second says which utterances are heard again: the lexicon in force does. It is nil where
// none are.
func (a *App) second() asr.Second {
	if !a.cfg.Speech.SecondLook {
		return nil
	}
	return a.lexicons.Active()
}

// model finds the model in its file, where there is one.
func (a *App) model() (path string, m asr.Model, err error) {
	if a.cfg.Speech.Engine == config.EngineHTTP {
		return "", asr.Model{}, nil
	}
	return models.Resolve(a.cfg.Speech.Model, a.cfg.Path(datadir.ModelsDir))
}

// checkModel finds out that there is no such model before anything is made for it.
func (a *App) checkModel(context.Context) error {
	if a.cfg.Speech.Engine != config.EngineWhisper {
		return nil
	}
	return models.Check(a.cfg.Speech.Model, a.cfg.Path(datadir.ModelsDir))
}

// judge reads a customer's transcript by the lexicon in force, knowing the agent's, and makes
// a suspect of the recording where it says so, or else perhaps what may become a sample.
func (a *App) judge(
	r recording.Recording, customer, agent asr.Transcript,
) (keywords.Verdict, *review.Suspect) {
	v := a.lexicons.Active().Call(customer, agent, r.AnswerOffset)
	s, ok := a.sampling.Candidate(heardOf(r), v, a.now())
	if !ok {
		return v, nil
	}
	return v, &s
}

// heardOf is a recording as a suspect is made of it. What makes it a past call, whose freeze
// counts from the call (review.Heard.Archived), is told here and nowhere else.
func heardOf(r recording.Recording) review.Heard {
	return review.Heard{
		RecordingID: string(r.ID), CallID: r.CallID, Part: r.Part, Number: r.Number, Agent: r.Agent,
		Called: cmp.Or(r.StartedAt, r.CreatedAt), Archived: r.Priority != recording.Live,
	}
}
