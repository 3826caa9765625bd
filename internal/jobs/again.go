package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
)

// Busy reports whether recordings are worked on.
func (r *Runner) Busy() bool { return r.worker.underWay.Load() > 0 }

// Again hears a recording again, as it would be heard now, and judges it by j. It keeps nothing,
// and the recording stays as it is. The customer's transcript comes first. Where the speech
// process dies it is heard once more, alone, since another recording may have killed it.
func (r *Runner) Again(
	ctx context.Context, rec recording.Recording, j *keywords.Judge,
) ([]asr.Transcript, keywords.Verdict, error) {
	if !r.hears {
		return nil, keywords.Verdict{}, fmt.Errorf("this server hears nothing itself (speech.engine is workers), and workers hear "+
			"what is new: hear past calls again on a server that hears: %w", asr.ErrUnavailable)
	}
	rec.Priority = recording.Rejudge
	ctx, cancel := context.WithTimeout(ctx, limit(rec))
	defer cancel()
	heard, v, err := r.worker.again(ctx, rec, j)
	if errors.Is(err, asr.ErrDied) {
		rec.Deaths = recording.MaxDeaths - 1
		heard, v, err = r.worker.again(ctx, rec, j)
	}
	return heard, v, err
}

func (w *worker) again(
	ctx context.Context, rec recording.Recording, j *keywords.Judge,
) ([]asr.Transcript, keywords.Verdict, error) {
	t, err := w.hear(ctx, rec, asr.Track{Side: asr.Customer, Channel: rec.CustomerChannel})
	if err != nil {
		return nil, keywords.Verdict{}, err
	}
	heard := []asr.Transcript{t}
	v := j.Call(t, asr.Transcript{}, rec.AnswerOffset)
	if agent, ok := w.hearAgent(ctx, rec, t, v); ok {
		heard = append(heard, agent)
		v = j.Call(t, agent, rec.AnswerOffset)
	}
	return heard, v, ctx.Err()
}
