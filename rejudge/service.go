package rejudge

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
)

// MaxPerDay is the most suspects that may be opened in a day.
const MaxPerDay = 100_000

// Config is what a Service stands on. All of it is required, but Hear.
type Config struct {
	Runs     Runs
	Archive  Archive
	Outcomes Outcomes
	// Judge gives the judge of a lexicon by its version, "" for the one in force;
	// fault.NotFound where that is not known any more.
	Judge func(ctx context.Context, version string) (*keywords.Judge, error)
	// Tried makes a judge of the source of a lexicon that is tried.
	Tried func(source string) (*keywords.Judge, error)
	// Hear hears a recording again and judges it; nil where nothing can be heard. It says
	// asr.ErrUnavailable where it is worth waiting.
	Hear func(ctx context.Context, id recording.ID, j *keywords.Judge) ([]asr.Transcript,
		keywords.Verdict, error)
	// PerDay is how many suspects are opened in a day where the run doesn't say.
	PerDay int
	// Workers tells how many recordings may be judged at once; it is asked for each portion, so
	// that live work goes first.
	Workers func() int
	// Zone is whose days count.
	Zone   func() *time.Location
	Now    func() time.Time
	Logger *slog.Logger
}

// Service takes orders for runs, and carries them out, one at a time.
type Service struct {
	Config
	woken chan struct{}
	// previewing has room for one preview at a time.
	previewing chan struct{}
}

// NewService makes a Service. Runs are carried out once Run is called.
func NewService(c Config) *Service {
	return &Service{Config: c, woken: make(chan struct{}, 1), previewing: make(chan struct{}, 1)}
}

// Order is what a run is to do.
type Order struct {
	Selection     Selection
	Apply, Speech bool
	// PerDay is 0 for what is configured.
	PerDay int
	// Try is the judge of a lexicon that is tried, nil for the one in force. With it nothing can be
	// applied.
	Try *keywords.Judge
}

// Create adds a run, whose turn comes once those before it are done.
func (s *Service) Create(
	ctx context.Context, req request.Request, o Order, by string,
) (r Run, err error) {
	const op = "rejudge.Create"
	var wrong fault.Fields
	o.Selection.check(&wrong)
	if o.PerDay < 0 || o.PerDay > MaxPerDay {
		wrong.Add("max_suspects_per_day", "is %d; it must be 1 to %d, or 0 for what is configured",
			o.PerDay, MaxPerDay)
	}
	if o.Speech && s.Hear == nil {
		wrong.Add("speech", "can't be asked for: the server has no speech engine")
	}
	if o.Apply && o.Try != nil {
		wrong.Add("apply", "can't be asked for with a lexicon that is not in force: activate it first")
	}
	if err := wrong.Err(op); err != nil {
		return Run{}, err
	}
	if o.PerDay == 0 {
		o.PerDay = s.PerDay
	}
	judge, source := o.Try, ""
	if judge != nil {
		source = string(judge.Lexicon().Source())
	} else if judge, err = s.Judge(ctx, ""); err != nil {
		return Run{}, err
	}
	now := s.now()
	r, err = s.Runs.CreateRun(ctx, req, Run{
		ID: ID(ulid.MustNewDefault(now).String()), State: Queued, Selection: o.Selection,
		Apply: o.Apply, Speech: o.Speech, PerDay: o.PerDay, Lexicon: judge.Lexicon().ID(),
		Trial: o.Try != nil, Actor: by,
		CreatedAt: now, UpdatedAt: now,
	}, source)
	s.wake()
	return r, err
}

// judgeOf is the judge of a run; fault.NotFound where its lexicon is gone or can't be read any more.
func (s *Service) judgeOf(ctx context.Context, r Run) (*keywords.Judge, error) {
	if !r.Trial {
		return s.Judge(ctx, r.Lexicon)
	}
	source, err := s.Runs.LexiconSource(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	judge, err := s.Tried(source)
	if err != nil { // by this version of the program, which came since
		return nil, &fault.Error{Op: "rejudge.Work", Kind: fault.NotFound, Reason: "LEXICON_GONE",
			Subject: r.Name(), Message: "its lexicon can't be read any more", Err: err}
	}
	return judge, nil
}

// Pause has a run wait until it is resumed. What it is judging at that moment is not kept.
func (s *Service) Pause(ctx context.Context, id ID, req request.Request) (Run, error) {
	return s.Runs.ChangeRun(ctx, id, req, Run.paused)
}

// Resume lets a paused run go on where it was, once its turn comes.
func (s *Service) Resume(ctx context.Context, id ID, req request.Request) (Run, error) {
	r, err := s.Runs.ChangeRun(ctx, id, req, Run.resumed)
	s.wake()
	return r, err
}

// Cancel gives a run up. What it has stored stays; suspects that wait for another day are not
// opened.
func (s *Service) Cancel(ctx context.Context, id ID, req request.Request) (Run, error) {
	return s.Runs.ChangeRun(ctx, id, req, func(r Run) (Run, error) { return r.cancelled(s.now()) })
}

// wake has Run look for work.
func (s *Service) wake() {
	select {
	case s.woken <- struct{}{}:
	default: // it is woken already
	}
}

// Run carries out runs until ctx ends: whatever was under way goes on from where it was kept.
// With each tick it looks whether more suspects may be opened, and tries again what failed.
func (s *Service) Run(ctx context.Context, ticks <-chan time.Time) error {
	for {
		if err := s.Work(ctx); err != nil && ctx.Err() == nil {
			s.Logger.ErrorContext(ctx, "judging again is held up; it is tried again in a while",
				"error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.woken:
		case <-ticks:
		}
	}
}

// Work does all there is to do now, and returns. Run does it again and again.
func (s *Service) Work(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.open(ctx); err != nil {
			return err
		}
		r, ok, err := s.Runs.NextRun(ctx)
		if err != nil || !ok {
			return err
		}
		if err := s.goOn(ctx, r); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// goOn carries out a run until it is done, paused or cancelled.
func (s *Service) goOn(ctx context.Context, r Run) error {
	judge, err := s.judgeOf(ctx, r)
	if fault.KindOf(err) == fault.NotFound {
		return s.fail(ctx, r, "the lexicon "+r.Lexicon+" by which it judged is gone; create a new run")
	}
	if err != nil {
		return err
	}
	if r.Speech && s.Hear == nil {
		return s.fail(ctx, r, "the server has no speech engine any more")
	}
	if r, err = s.begin(ctx, r); err != nil || r.State != Running {
		return err
	}
	return s.portions(ctx, r, judge)
}

// begin finds out what a run has to judge, the first time.
func (s *Service) begin(ctx context.Context, r Run) (Run, error) {
	if r.State == Running {
		return r, nil
	}
	var found Survey
	if r.StartedAt.IsZero() {
		var err error
		if found, err = s.Archive.Survey(ctx, r.Selection); err != nil {
			return r, err
		}
	}
	s.Logger.InfoContext(ctx, "judging again", "run", r.ID, "apply", r.Apply, "speech", r.Speech,
		"lexicon", r.Lexicon)
	return s.Runs.ChangeRun(ctx, r.ID, request.Request{}, func(r Run) (Run, error) {
		if r.State != Queued { // paused or cancelled meanwhile
			return r, nil
		}
		return r.begun(found, s.now()), nil
	})
}

func (s *Service) fail(ctx context.Context, r Run, problem string) error {
	_, err := s.Runs.ChangeRun(ctx, r.ID, request.Request{}, func(r Run) (Run, error) {
		if r.State.Final() {
			return r, nil
		}
		return r.failed(problem, s.now()), nil
	})
	return errors.Join(err, ctx.Err())
}

// now drops what storage would drop, so that what is answered is what is stored.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// today is when the day began.
func (s *Service) today() time.Time {
	y, m, d := s.Now().In(s.Zone()).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, s.Zone())
}
