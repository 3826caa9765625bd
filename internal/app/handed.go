package app

import (
	"context"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/recording"
)

const (
	// handedEvery is how often is looked for what workers handed over without being told of it.
	handedEvery = 5 * time.Second
	// handedAtOnce is how much of it is read at once.
	handedAtOnce = 50
)

// judgeHeard judges what workers heard, where this server leads, until ctx ends.
func (a *App) judgeHeard(ctx context.Context) error {
	ticks, stop := a.every(handedEvery)
	defer stop()
	for {
		select {
		case <-a.handed:
		case <-ticks:
		case <-ctx.Done():
			return nil
		}
		a.leading(ctx, a.judgeAllHeard)
	}
}

// judgeAllHeard judges what lies there. What fails is tried again with the next tick.
func (a *App) judgeAllHeard(ctx context.Context) {
	for ctx.Err() == nil {
		heard, err := a.db.Transcripts.Hearings(ctx, handedAtOnce)
		if err != nil {
			a.unjudged(ctx, "", err)
			return
		}
		for _, h := range heard {
			if err := a.judgeOneHeard(ctx, h); err != nil {
				a.unjudged(ctx, h.Of.ID, err)
				return
			}
		}
		if len(heard) < handedAtOnce {
			return
		}
	}
}

func (a *App) unjudged(ctx context.Context, id recording.ID, err error) {
	if ctx.Err() == nil {
		a.log.ErrorContext(ctx, "what a worker heard could not be judged; trying again in seconds", "recording", id, "error", err)
	}
}

// judgeOneHeard judges what a worker heard in a recording, and stores the result.
func (a *App) judgeOneHeard(ctx context.Context, h store.Hearing) error {
	at := slices.IndexFunc(h.Heard, func(t asr.Transcript) bool { return t.Side == asr.Customer })
	if h.Err != nil || at < 0 {
		a.log.ErrorContext(ctx, "what a worker heard can't be read; the recording is heard again", "recording", h.Of.ID,
			"error", h.Err)
		return a.db.Transcripts.Unreadable(ctx, h, recording.Problem{Reason: recording.AttemptFailed,
			Message: "what the worker handed over can't be read: is it of another version than the servers?"})
	}
	customer, agent := h.Heard[at], asr.Transcript{}
	if i := slices.IndexFunc(h.Heard, func(t asr.Transcript) bool { return t.Side == asr.Agent }); i >= 0 {
		agent = h.Heard[i]
	}
	v, suspect := a.judge(h.Of, customer, agent)
	defects := recording.HeardDefects(customer, h.Of.AnswerOffset)
	kept, err := a.db.Transcripts.Judged(ctx, h, v, suspect, defects)
	if err != nil || !kept {
		return err
	}
	a.heard(customer.Duration, h.Took)
	r := h.Of.Finished(defects)
	a.log.InfoContext(ctx, "recording judged", "recording", r.ID, "suspect", v.Suspect, "score", v.Score, "windows",
		customer.Windows, "lexicon", v.Lexicon, "answered_by", v.AnsweredBy, "defects", r.Defects(), "heard_by", "worker")
	a.judged(r, v.AnsweredBy)
	return nil
}
