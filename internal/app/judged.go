package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
)

// recallSpan is how far back a starting server looks at what the sources sent.
const recallSpan = 24 * time.Hour

// judged counts a recording and who answered, and says once when its source has broken.
func (a *App) judged(r recording.Recording, by keywords.Answerer) {
	ctx := context.Background() // it is nobody's request
	a.metrics.Judged(r, by)
	raised, ended := a.alarms.Judged(r.Source, r.Defects(), a.now())
	switch {
	case raised != nil:
		a.log.WarnContext(ctx, "the recordings of a source broke: their customers can't be heard, "+
			"or the sides are swapped; check the recorder", "source", r.Source,
			"broken", raised.Broken, "of_the_last", raised.Of, "latest", r.ID,
			"defects", r.Defects())
	case ended != nil:
		a.log.InfoContext(ctx, "the recordings of a source are well again", "source", r.Source,
			"broken", ended.Broken, "of_the_last", ended.Of)
	}
}

// recallSources tells the alarms what was judged before the server was stopped.
func (a *App) recallSources(ctx context.Context) error {
	return a.db.Recordings.EachJudged(ctx, a.now().Add(-recallSpan),
		func(source string, d recording.Defects, at time.Time) error {
			a.alarms.Judged(source, d, at)
			return nil
		})
}

// notes are what whoever asks whether the server is ready for a purpose should know.
func (a *App) notes(purpose string) []string {
	standing, _ := a.alarms.Standing()
	notes := slices.Concat(a.groundNotes(purpose), a.clockNotes(), a.certNotes())
	if a.damaged.Load() {
		notes = append(notes, "the database is damaged: restore the latest backup; the log says more")
	}
	for _, s := range standing {
		notes = append(notes, fmt.Sprintf("source %q: %d of its last %d recordings have a customer's side that is "+
			"dead, faint, noise or swapped; check the recorder", s.Source, s.Broken, s.Of))
	}
	return notes
}
