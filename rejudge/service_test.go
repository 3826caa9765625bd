package rejudge

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// memory holds runs and what they find; internal/store is held to the contracts, and its tests
// carry out runs over it.
type memory struct {
	run     Run
	past    []Past
	kept    []Portion
	opened  int
	onKeep  func(*Run)
	failing error
}

func (m *memory) CreateRun(_ context.Context, _ request.Request, r Run) (Run, error) {
	m.run = r
	return r, nil
}

func (m *memory) ChangeRun(
	_ context.Context, _ ID, _ request.Request, change func(Run) (Run, error),
) (Run, error) {
	r, err := change(m.run)
	if err == nil {
		m.run = r
	}
	return m.run, err
}

func (m *memory) NextRun(context.Context) (Run, bool, error) {
	return m.run, m.run.State == Running || m.run.State == Queued, m.failing
}

func (m *memory) Survey(context.Context, Selection) (Survey, error) {
	if len(m.past) == 0 {
		return Survey{}, nil
	}
	return Survey{m.past[len(m.past)-1].ID(), len(m.past)}, nil
}

func (m *memory) Portion(
	_ context.Context, _ Selection, after, last recording.ID, limit int,
) (found []Past, err error) {
	for _, p := range m.past {
		if p.ID() > after && p.ID() <= last && len(found) < limit {
			found = append(found, p)
		}
	}
	return found, nil
}

func (m *memory) KeepPortion(_ context.Context, p Portion) (Run, error) {
	if m.onKeep != nil {
		m.onKeep(&m.run)
	}
	if m.run.State != Running {
		return m.run, nil
	}
	m.kept = append(m.kept, p)
	m.run = m.run.After(p, Tally{}, noon)
	return m.run, nil
}

func (m *memory) OpenSuspects(
	context.Context, time.Time, func(review.Heard, keywords.Verdict) (review.Suspect, bool),
) (int, error) {
	return m.opened, nil
}

// said is a recording of which the customer said that, and which was no suspect.
func said(id, text string) Past {
	return Past{Of: review.Heard{RecordingID: id}, Read: func() (Reading, error) {
		return Reading{Customer: asr.Transcript{Segments: []asr.Segment{{Text: text}}},
			Verdict: keywords.Verdict{Hits: []keywords.Hit{}}}, nil
	}}
}

func service(t *testing.T, m *memory) *Service {
	t.Helper()
	j, err := keywords.New(lexicon.Default(), keywords.Options{})
	require.NoError(t, err)
	return NewService(Config{Runs: m, Archive: m, Outcomes: m, PerDay: 200,
		Judge:   func(context.Context, string) (*keywords.Judge, error) { return j, nil },
		Workers: func() int { return 2 }, Zone: func() *time.Location { return time.UTC },
		Now: func() time.Time { return noon }, Logger: slog.New(slog.DiscardHandler)})
}

func TestCreate(t *testing.T) {
	t.Parallel()
	m := &memory{}
	s := service(t, m)
	r, err := s.Create(t.Context(), request.Request{}, Order{Apply: true}, "li")
	require.NoError(t, err)
	require.Equal(t, Run{ID: r.ID, State: Queued, Apply: true, PerDay: 200, Lexicon: lexicon.Default().ID(), Actor: "li",
		CreatedAt: noon, UpdatedAt: noon}, r)
	for _, tt := range []struct {
		o     Order
		field string
	}{
		{Order{PerDay: -1}, "max_suspects_per_day"},
		{Order{PerDay: MaxPerDay + 1}, "max_suspects_per_day"},
		{Order{Speech: true}, "speech"},
		{Order{Selection: Selection{Suspect: "x"}}, "suspect_state"},
	} {
		_, err := s.Create(t.Context(), request.Request{}, tt.o, "li")
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		require.ErrorContains(t, err, tt.field)
	}
}

// What is wrong with one recording is told, and the others go on.
func TestBrokenRecordings(t *testing.T) {
	t.Parallel()
	unreadable, buggy := said("b", ""), said("c", "")
	unreadable.Read = func() (Reading, error) { return Reading{}, errors.New("its transcript is gone") }
	buggy.Read = func() (Reading, error) { panic("nil map") }
	m := &memory{past: []Past{said("a", "我没兴趣，别再打了"), unreadable, buggy, said("d", "好的你说")}}
	s := service(t, m)
	_, err := s.Create(t.Context(), request.Request{}, Order{}, "li")
	require.NoError(t, err)
	require.NoError(t, s.Work(t.Context()))
	require.Equal(t, Done, m.run.State)
	require.Equal(t, 4, m.run.Done)
	require.Equal(t, 1, m.run.Tally.Gained)
	require.Equal(t, 2, m.run.Tally.Failed)
	texts := map[recording.ID]string{}
	for _, o := range m.kept[0].Outcomes {
		if o.Kind == Unreadable {
			texts[o.ID()] = o.Text
		}
	}
	require.Equal(t, map[recording.ID]string{"b": "its transcript is gone", "c": "a bug in refrain: nil map"}, texts)
}

// A run that is paused while it judges stops, and goes on where it was.
func TestPausedMeanwhile(t *testing.T) {
	t.Parallel()
	m := &memory{past: []Past{said("a", "好的"), said("b", "好的")}}
	m.onKeep = func(r *Run) { r.State = Paused }
	s := service(t, m)
	r, err := s.Create(t.Context(), request.Request{}, Order{}, "li")
	require.NoError(t, err)
	require.NoError(t, s.Work(t.Context()))
	require.Equal(t, Paused, m.run.State)
	require.Empty(t, m.kept)
	m.onKeep = nil
	_, err = s.Resume(t.Context(), r.ID, request.Request{})
	require.NoError(t, err)
	require.NoError(t, s.Work(t.Context()))
	require.Equal(t, Done, m.run.State)
	require.Equal(t, 2, m.run.Done)
}

// A run whose lexicon is not known any more fails and says so; one that the server can't judge for
// another reason is tried again.
func TestLexiconIsGone(t *testing.T) {
	t.Parallel()
	m := &memory{past: []Past{said("a", "好的")}}
	s := service(t, m)
	_, err := s.Create(t.Context(), request.Request{}, Order{}, "li")
	require.NoError(t, err)
	boom := errors.New("boom")
	s.Judge = func(context.Context, string) (*keywords.Judge, error) { return nil, boom }
	require.ErrorIs(t, s.Work(t.Context()), boom)
	require.Equal(t, Queued, m.run.State)
	s.Judge = func(context.Context, string) (*keywords.Judge, error) {
		return nil, &fault.Error{Kind: fault.NotFound}
	}
	require.NoError(t, s.Work(t.Context()))
	require.Equal(t, Failed, m.run.State)
	require.Contains(t, m.run.Problem, m.run.Lexicon)
	require.Equal(t, noon, m.run.EndedAt)
}

// What is heard again is judged as it is heard now. Where nothing can be heard at present the run
// waits; what is wrong with one recording is told.
func TestHeardAgain(t *testing.T) {
	t.Parallel()
	m := &memory{past: []Past{said("a", "好的"), said("b", "好的"), said("c", "好的")}}
	s := service(t, m)
	var away atomic.Bool
	away.Store(true)
	s.Hear = func(_ context.Context, id recording.ID, j *keywords.Judge) ([]asr.Transcript, keywords.Verdict, error) {
		switch {
		case away.Load():
			return nil, keywords.Verdict{}, asr.ErrUnavailable
		case id == "b":
			return nil, keywords.Verdict{}, errors.New("its audio is gone")
		}
		heard := asr.Transcript{Side: asr.Customer, Segments: []asr.Segment{{Text: "我没兴趣，别再打了"}}}
		return []asr.Transcript{heard}, j.Transcript(heard, 0), nil
	}
	_, err := s.Create(t.Context(), request.Request{}, Order{Speech: true, Apply: true}, "li")
	require.NoError(t, err)
	require.ErrorIs(t, s.Work(t.Context()), asr.ErrUnavailable)
	require.Empty(t, m.kept)
	require.Equal(t, Running, m.run.State)
	away.Store(false)
	require.NoError(t, s.Work(t.Context()))
	require.Equal(t, Done, m.run.State)
	require.Equal(t, 2, m.run.Tally.Gained)
	require.Equal(t, 1, m.run.Tally.Failed)
	require.NotEmpty(t, m.kept[0].Outcomes[0].Heard)
}

// Run looks for work when it is told of a run, and with each tick, also after something failed.
func TestRunIsWoken(t *testing.T) {
	t.Parallel()
	m := &memory{past: []Past{said("a", "好的")}, failing: errors.New("boom")}
	s := service(t, m)
	ctx, stop := context.WithCancel(t.Context())
	ticks, done := make(chan time.Time), make(chan error, 1)
	_, err := s.Create(ctx, request.Request{}, Order{}, "li")
	require.NoError(t, err)
	go func() { done <- s.Run(ctx, ticks) }()
	ticks <- noon
	ticks <- noon // it takes this once it is done with the one before
	ticks <- noon
	stop()
	require.NoError(t, <-done)
	require.Equal(t, Queued, m.run.State)
	m.failing = nil
	ctx, stop = context.WithCancel(t.Context())
	go func() { done <- s.Run(ctx, ticks) }()
	ticks <- noon
	stop()
	require.NoError(t, <-done)
	require.Equal(t, Done, m.run.State)
}
