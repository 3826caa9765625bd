package keywords

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/request"
)

// Activation says that a lexicon came into force.
type Activation struct {
	ID string
	// Version is lexicon.Lexicon.ID of the Source.
	Version, Source, Actor string
	At                     time.Time
}

// LexiconStore keeps which lexicons came into force and when.
type LexiconStore interface {
	// AddLexicon notes the activation and returns it with its ID. Where req
	// noted one before, nothing is noted, and again is true: the first one is returned, which
	// may have been replaced since. Of two at once one must come second.
	AddLexicon(ctx context.Context, a Activation, req request.Request) (_ Activation, again bool,
		err error)
	// LatestLexicon is the latest activation of a version, "" for any; a fault.NotFound where
	// there was none.
	LatestLexicon(ctx context.Context, version string) (Activation, error)
	// LexiconsBefore lists up to limit activations, newest first: those older than before, or
	// all where it is the zero Activation. Of it only ID and At count.
	LexiconsBefore(ctx context.Context, before Activation, limit int) ([]Activation, error)
}

// Lexicons holds the lexicon in force, and changes it while calls are judged. It is safe for
// concurrent use.
type Lexicons struct {
	store   LexiconStore
	options Options
	fixed   bool
	now     func() time.Time

	change sync.Mutex
	// swap is held while the judge is exchanged for what is found in the store.
	swap  sync.Mutex
	judge atomic.Pointer[Judge]
}

// LexiconsOptions adjust Lexicons.
type LexiconsOptions struct {
	// Judging is for all judges.
	Judging Options
	// Fixed, where not nil, is in force whatever was activated, and can't be changed.
	Fixed *lexicon.Lexicon
	// Now tells the time; nil for time.Now.
	Now func() time.Time
}

// OpenLexicons brings the fixed lexicon into force, or else the one activated last, or else the
// default one. It fails where that is no longer valid or the store fails.
func OpenLexicons(ctx context.Context, store LexiconStore, o LexiconsOptions) (*Lexicons, error) {
	l := &Lexicons{store: store, options: o.Judging, fixed: o.Fixed != nil, now: o.Now}
	if l.now == nil {
		l.now = time.Now
	}
	lex := o.Fixed
	if lex == nil {
		var err error
		if lex, err = l.last(ctx); err != nil {
			return nil, err
		}
	}
	judge, err := New(lex, l.options)
	if err != nil {
		return nil, fmt.Errorf("the lexicon can't be used: %w", err)
	}
	l.judge.Store(judge)
	return l, nil
}

// last is the lexicon activated last, or the default one.
func (l *Lexicons) last(ctx context.Context) (*lexicon.Lexicon, error) {
	a, err := l.store.LatestLexicon(ctx, "")
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return lexicon.Default(), nil
	case err != nil:
		return nil, err
	case a.Version == lexicon.Default().ID():
		return lexicon.Default(), nil
	}
	lex, err := lexicon.Parse([]byte(a.Source))
	if err != nil {
		return nil, fmt.Errorf("the activated lexicon %s is no longer valid: %w", a.Version, err)
	}
	return lex, nil
}

// Active is the judge in force.
func (l *Lexicons) Active() *Judge { return l.judge.Load() }

// New makes a judge of lex that is used for trying only.
func (l *Lexicons) New(lex *lexicon.Lexicon) (*Judge, error) { return New(lex, l.options) }

// Activate brings lex into force on behalf of by, and remembers it. A repeated request changes
// nothing, even where another lexicon was activated since. It fails with fault.Precondition
// where the lexicon is fixed.
func (l *Lexicons) Activate(
	ctx context.Context, lex *lexicon.Lexicon, by string, req request.Request,
) (Activation, error) {
	if l.fixed {
		return Activation{}, &fault.Error{Op: "lexicon.Activate", Kind: fault.Precondition,
			Reason: "LEXICON_CONFIGURED",
			Message: "the configuration names the lexicon (judging.lexicon); change that file " +
				"and restart, or take the setting out"}
	}
	judge, err := l.New(lex)
	if err != nil {
		return Activation{}, err
	}
	l.change.Lock() // so that what is stored last is what is in force
	defer l.change.Unlock()
	a, again, err := l.store.AddLexicon(ctx,
		Activation{Version: lex.ID(), Source: string(lex.Source()), Actor: by,
			At: l.now().UTC().Truncate(time.Microsecond)}, req)
	if err == nil && !again {
		l.putInForce(ctx, a, judge)
	}
	return a, err
}

// putInForce exchanges the judge for the one of an activation, unless another server activated a lexicon since:
// then Reload does.
func (l *Lexicons) putInForce(ctx context.Context, a Activation, judge *Judge) {
	l.swap.Lock()
	defer l.swap.Unlock()
	if last, err := l.store.LatestLexicon(ctx, ""); err == nil && last.ID != a.ID {
		return
	}
	l.judge.Store(judge)
}

// Reload brings into force what another server activated. Where the lexicon is fixed, that stays.
func (l *Lexicons) Reload(ctx context.Context) error {
	if l.fixed {
		return nil
	}
	l.swap.Lock()
	defer l.swap.Unlock()
	lex, err := l.last(ctx)
	if err != nil {
		return err
	}
	if lex.ID() == l.Active().Lexicon().ID() {
		return nil
	}
	judge, err := l.New(lex)
	if err != nil {
		return fmt.Errorf("the lexicon that another server activated can't be used: %w", err)
	}
	l.judge.Store(judge)
	return nil
}

// Version finds a lexicon by its ID: the one in force ("" too), the default one ("default" too),
// or one that was in force once; and its latest activation, the zero one where there was none.
// It fails with fault.NotFound where the version is none of these.
func (l *Lexicons) Version(
	ctx context.Context, version string,
) (*lexicon.Lexicon, Activation, error) {
	active := l.Active().Lexicon()
	switch version {
	case "":
		version = active.ID()
	case "default":
		version = lexicon.Default().ID()
	}
	a, err := l.store.LatestLexicon(ctx, version)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return nil, a, err
	}
	for _, known := range []*lexicon.Lexicon{active, lexicon.Default()} {
		if known.ID() == version {
			return known, a, nil
		}
	}
	if err != nil {
		return nil, a, err
	}
	lex, err := lexicon.Parse([]byte(a.Source))
	return lex, a, err
}

// Before lists up to limit activations, newest first: those older than before, or all where it
// is the zero Activation.
func (l *Lexicons) Before(ctx context.Context, before Activation, limit int) ([]Activation, error) {
	return l.store.LexiconsBefore(ctx, before, limit)
}

// Period is for how long a refusal of the class freezes by the lexicon in force, 0 until
// released; known is false where it has no such class.
func (l *Lexicons) Period(class Class) (period time.Duration, known bool) {
	c, known := l.Active().Lexicon().Class(string(class))
	return c.Period, known
}
