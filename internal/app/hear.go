package app

import (
	"context"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/asr/whisper"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/models"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// modelPatience bounds the loading of a model at the start: the largest take some
// seconds from disk.
const modelPatience = 2 * time.Minute

// openSpeech finds the model and starts the speech process. A file that is no model
// stops the start; one that whisper.cpp can't load does not: see speech.
func (a *App) openSpeech(ctx context.Context) error {
	if err := whisper.SelfTest(); err != nil {
		return err
	}
	path, model, err := models.Resolve(a.cfg.Speech.Model, a.cfg.Path(modelsDir))
	if err != nil {
		return err
	}
	a.speech = &speech{cfg: whisper.Config{
		ModelPath: path, Model: model, States: a.cfg.States(), Threads: a.cfg.Speech.Threads, Language: a.cfg.Speech.Language,
		Executable: a.exec, Logger: a.log.WithGroup("speech"),
	}}
	a.onClose(a.speech.close)
	if model.Demo {
		a.log.WarnContext(ctx, "the demo model is for trying and testing only: it does not understand real calls")
	}
	ctx, cancel := context.WithTimeout(ctx, modelPatience)
	defer cancel()
	if _, err := a.speech.get(ctx); err != nil {
		a.log.ErrorContext(ctx, "no recording can be transcribed", "error", err)
	}
	return nil
}

// hear transcribes the customer's track of a recording.
func (a *App) hear(ctx context.Context, r recording.Recording) (asr.Transcript, error) {
	engine, err := a.speech.get(ctx)
	if err != nil {
		return asr.Transcript{}, err
	}
	f, err := a.blobs.Open(r.ID)
	if err != nil {
		return asr.Transcript{}, err
	}
	defer func() { _ = f.Close() }()
	track, err := audio.OpenTrack(f, r.CustomerChannel)
	if err != nil {
		return asr.Transcript{}, err
	}
	defer func() { _ = track.Close() }()
	p, err := asr.NewPipeline(engine, asr.Config{Language: engine.Language(), Parallel: engine.States(), Now: a.now})
	if err != nil {
		return asr.Transcript{}, err
	}
	t, stats, err := p.Run(ctx, asr.Customer, track)
	if err != nil {
		return asr.Transcript{}, err
	}
	a.log.DebugContext(ctx, "heard", "recording", r.ID, "audio", stats.Audio, "windows", stats.Windows,
		"took", stats.Total, "outside_model", stats.Outside())
	return t, nil
}

// judge reads a transcript by the lexicon in force, and makes a suspect of the recording
// where it says so.
func (a *App) judge(r recording.Recording, t asr.Transcript) (keywords.Verdict, *review.Suspect) {
	v := a.lexicons.Active().Transcript(t, r.AnswerOffset)
	s, ok := review.NewSuspect(review.Heard{RecordingID: string(r.ID), CallID: r.CallID, Part: r.Part, Number: r.Number, Agent: r.Agent}, v, a.now())
	if !ok {
		return v, nil
	}
	return v, &s
}
