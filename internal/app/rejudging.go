package app

import (
	"context"
	"runtime"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/rejudge"
)

// againEvery is how often it is looked whether more suspects of past calls may be opened, and how
// soon what failed is tried again.
const againEvery = 30 * time.Second

// openRejudging readies what judges past calls again.
func (a *App) openRejudging(context.Context) error {
	a.rejudge = rejudge.NewService(rejudge.Config{
		Runs: a.db.Runs, Archive: a.db.Runs, Outcomes: a.db.Runs, Judge: a.judgeOf, Tried: a.triedJudge,
		Hear:   a.hearAgain,
		PerDay: a.cfg.Review.PastPerDay, Workers: a.idleCores, Zone: a.zone, Now: a.now, Logger: a.log,
	})
	return nil
}

// rejudging carries out runs until ctx ends.
func (a *App) rejudging(ctx context.Context) error {
	ticks, stop := a.every(againEvery)
	defer stop()
	return a.rejudge.Run(ctx, ticks)
}

// judgeOf is the judge of a lexicon by its version, "" for the one in force.
func (a *App) judgeOf(ctx context.Context, version string) (*keywords.Judge, error) {
	active := a.lexicons.Active()
	if version == "" || active.Lexicon().ID() == version {
		return active, nil
	}
	lex, _, err := a.lexicons.Version(ctx, version)
	if err != nil {
		return nil, err
	}
	return a.lexicons.New(lex)
}

// triedJudge is the judge of a lexicon that is tried, by its source.
func (a *App) triedJudge(source string) (*keywords.Judge, error) {
	lex, err := lexicon.Parse([]byte(source))
	if err != nil {
		return nil, err
	}
	return a.lexicons.New(lex)
}

// hearAgain hears a recording again and judges it.
func (a *App) hearAgain(
	ctx context.Context, id recording.ID, j *keywords.Judge,
) ([]asr.Transcript, keywords.Verdict, error) {
	r, err := a.db.Recordings.Get(ctx, id)
	if err != nil {
		return nil, keywords.Verdict{}, err
	}
	return a.runner.Again(ctx, r, j)
}

// idleCores is how many past calls may be judged at once: one while recordings are heard, since
// they go first.
func (a *App) idleCores() int {
	if a.runner.Busy() {
		return 1
	}
	return runtime.GOMAXPROCS(0)
}
