package rejudge

import (
	"context"
	"errors"
	"log/slog"
	"slices"
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
	lexicon string
	onKeep  func(*Run)
	failing error
}

func (m *memory) CreateRun(_ context.Context, _ request.Request, r Run, lexicon string) (Run, error) {
	m.run, m.lexicon = r, lexicon
	return r, nil
}

func (m *memory) LexiconSource(context.Context, ID) (string, error) { return m.lexicon, nil }

func (m *memory) Newest(_ context.Context, _ Selection, limit int) ([]Past, error) {
	newest := slices.Clone(m.past)
	slices.Reverse(newest)
	return newest[:min(limit, len(newest))], m.failing
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

// found is one that was a suspect.
func found(id, text string) Past {
	p := said(id, text)
	read := p.Read
	p.Read = func() (Reading, error) {
		r, err := read()
		r.Verdict.Suspect = true
		return r, err
	}
	return p
}

func service(t *testing.T, m *memory) *Service {
	t.Helper()
	j, err := keywords.New(lexicon.Default(), keywords.Options{})
	require.NoError(t, err)
	return NewService(Config{Runs: m, Archive: m, Outcomes: m, PerDay: 200,
		Judge:   func(context.Context, string) (*keywords.Judge, error) { return j, nil },
		Tried:   judgeOf,
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
		{Order{Apply: true, Try: mustJudge(t)}, "apply"},
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

// decidedAs is a recording on which a reviewer has decided.
func decidedAs(p Past, v review.Verdict, sample bool) Past {
	p.Decided, p.Sample = v, sample
	return p
}

const mine = "version: mine-1\nlearned: off\nclasses:\n- id: complaint\n  label: 投诉\n  freeze: until_released\n" +
	"  phrases:\n  - 没兴趣\n  - 我要投诉你\n"

func judgeOf(source string) (*keywords.Judge, error) {
	lex, err := lexicon.Parse([]byte(source))
	if err != nil {
		return nil, err
	}
	return keywords.New(lex, keywords.Options{})
}

// mustJudge is the judge of a lexicon that is tried.
func mustJudge(t *testing.T) *keywords.Judge {
	t.Helper()
	j, err := judgeOf(mine)
	require.NoError(t, err)
	return j
}

// A run that tries a lexicon judges by the one that came with its order, also after a restart, and compares
// with what reviewers have decided.
func TestTrial(t *testing.T) {
	t.Parallel()
	m := &memory{past: []Past{
		decidedAs(said("a", "我没兴趣"), review.Confirm, true), decidedAs(said("b", "好的"), review.Confirm, true),
		decidedAs(said("c", "我没兴趣"), review.Dismiss, true), decidedAs(said("d", "好的"), review.Dismiss, true),
		decidedAs(found("e", "我没兴趣"), review.Confirm, false), decidedAs(found("f", "不需要"), review.Confirm, false),
		decidedAs(found("g", "不需要"), review.Dismiss, false), said("h", "我没兴趣"),
		decidedAs(said("i", "好的"), review.Confirm, false), decidedAs(said("j", "我没兴趣"), review.Dismiss, false),
	}}
	s := service(t, m)
	r, err := s.Create(t.Context(), request.Request{}, Order{Try: mustJudge(t)}, "li")
	require.NoError(t, err)
	require.True(t, r.Trial)
	require.Equal(t, mustJudge(t).Lexicon().ID(), r.Lexicon)
	require.Equal(t, mine, m.lexicon)

	s = service(t, m)
	s.Judge = func(context.Context, string) (*keywords.Judge, error) { return nil, errors.New("the one in force") }
	require.NoError(t, s.Work(t.Context()))
	require.Equal(t, Done, m.run.State)
	require.Equal(t, Reviewed{Confirmed: 2, ConfirmedLost: 1, Dismissed: 1, DismissedLost: 1, DismissedGained: 1,
		Refusals: 2, Found: 1, Others: 2, Raised: 1}, m.run.Tally.Reviewed)
	require.Equal(t, m.run.Tally.Reviewed, Reviewed{}.Plus(m.run.Tally.Reviewed))
	require.Equal(t, 4, m.run.Tally.Gained)

	m.run, m.lexicon = Run{State: Queued, Trial: true}, "version: "
	require.NoError(t, s.Work(t.Context()))
	require.Equal(t, Failed, m.run.State, "another version of the program may not read it")
}

// A preview compares the newest with what the lexicon in force would say now, whatever was said at that
// time, and keeps nothing.
func TestPreview(t *testing.T) {
	t.Parallel()
	broken := said("b", "")
	broken.Read = func() (Reading, error) { return Reading{}, errors.New("its transcript is gone") }
	m := &memory{past: []Past{said("a", "我没兴趣，13800138000"), broken, said("c", "我不需要"), said("d", "我没兴趣"),
		said("e", "好的"), said("f", "我要投诉你")}}
	s := service(t, m)
	judge := mustJudge(t)
	p, err := s.Preview(t.Context(), Selection{}, judge, 5)
	require.NoError(t, err)
	kinds := map[recording.ID]Kind{}
	var order []recording.ID
	for _, o := range p.Changes {
		kinds[o.ID()], order = o.Kind, append(order, o.ID())
	}
	require.Equal(t, map[recording.ID]Kind{"b": Unreadable, "c": Lost, "d": OtherClass}, kinds)
	require.Equal(t, []recording.ID{"d", "c", "b"}, order, "the newest first")
	require.Equal(t, 5, p.Count)
	require.Equal(t, []int{3, 2, 0, 1, 1}, []int{p.Tally.SuspectsBefore, p.Tally.Suspects, p.Tally.Gained, p.Tally.Lost,
		p.Tally.OtherClass})
	require.Empty(t, m.kept)
	require.Empty(t, m.run)

	// What was decided by an earlier lexicon, and the one in force leaves out, is no loss of the one that is tried.
	m.past = []Past{decidedAs(found("a", "好的"), review.Confirm, false), decidedAs(found("b", "我不需要"), review.Confirm, false),
		decidedAs(found("c", "好的"), review.Dismiss, false), decidedAs(found("d", "我没兴趣"), review.Dismiss, false)}
	p, err = s.Preview(t.Context(), Selection{}, judge, 5)
	require.NoError(t, err)
	require.Equal(t, Reviewed{Confirmed: 1, ConfirmedLost: 1, Dismissed: 1}, p.Tally.Reviewed)
	require.Equal(t, 1, p.Tally.Lost)
	s.Judge = func(context.Context, string) (*keywords.Judge, error) { return judge, nil }
	inForce, err := keywords.New(lexicon.Default(), keywords.Options{})
	require.NoError(t, err)
	p, err = s.Preview(t.Context(), Selection{}, inForce, 5)
	require.NoError(t, err)
	require.Equal(t, Reviewed{ConfirmedGained: 1, Dismissed: 1}, p.Tally.Reviewed)

	// One at a time: whoever gives up meanwhile goes.
	s.previewing <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Preview(ctx, Selection{}, judge, 5)
	require.ErrorIs(t, err, context.Canceled)
	<-s.previewing
	m.failing = errors.New("boom")
	_, err = s.Preview(t.Context(), Selection{}, judge, 5)
	require.ErrorIs(t, err, m.failing)
}
