package app

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/request"
)

// lexicons holds the lexicon that recordings are judged by, and changes it while the
// server runs. It is safe for concurrent use.
type lexicons struct {
	db      *store.DB
	options keywords.Options
	// fixed is the file that the configuration names; it then can't be changed here.
	fixed string
	now   func() time.Time

	change sync.Mutex
	judge  atomic.Pointer[keywords.Judge]
}

// openLexicons loads the configured lexicon, or else the one activated last, or else
// the default one.
func openLexicons(ctx context.Context, cfg config.Judging, db *store.DB, now func() time.Time) (*lexicons, error) {
	l := &lexicons{db: db, options: keywords.Options{Threshold: cfg.Threshold}, fixed: cfg.Lexicon, now: now}
	lex, err := l.first(ctx, cfg)
	if err != nil {
		return nil, err
	}
	judge, err := keywords.New(lex, l.options)
	if err != nil {
		return nil, fmt.Errorf("the lexicon can't be used: %w", err)
	}
	l.judge.Store(judge)
	return l, nil
}

func (l *lexicons) first(ctx context.Context, cfg config.Judging) (*lexicon.Lexicon, error) {
	if l.fixed != "" {
		return cfg.ReadLexicon()
	}
	a, err := l.db.ActiveLexicon(ctx)
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
func (l *lexicons) Active() *keywords.Judge { return l.judge.Load() }

// New makes a judge that is used for trying only.
func (l *lexicons) New(lex *lexicon.Lexicon) (*keywords.Judge, error) {
	return keywords.New(lex, l.options)
}

// Activate makes lex the lexicon in force, and remembers it. A repeated request
// changes nothing, even where another lexicon was activated since.
func (l *lexicons) Activate(ctx context.Context, lex *lexicon.Lexicon, by, requestID string) (store.Activation, error) {
	if l.fixed != "" {
		return store.Activation{}, &fault.Error{Op: "lexicon.Activate", Kind: fault.Precondition, Reason: "LEXICON_CONFIGURED",
			Message: "the configuration names the lexicon (judging.lexicon); change that file and restart, or take the setting out"}
	}
	judge, err := keywords.New(lex, l.options)
	if err != nil {
		return store.Activation{}, err
	}
	l.change.Lock() // so that what is stored last is what is in force
	defer l.change.Unlock()
	a, again, err := l.db.ActivateLexicon(ctx, store.Activation{Version: lex.ID(), Source: string(lex.Source()), Actor: by,
		At: l.now().UTC().Truncate(time.Microsecond)}, request.Request{Method: "ActivateLexicon", ID: requestID})
	if err == nil && !again {
		l.judge.Store(judge)
	}
	return a, err
}

// transcript judges by the lexicon in force.
func (l *lexicons) transcript(t asr.Transcript, answerOffset time.Duration) keywords.Verdict {
	return l.Active().Transcript(t, answerOffset)
}

// period is for how long a class freezes.
func (l *lexicons) period(c keywords.Class) (time.Duration, bool) {
	class, ok := l.Active().Lexicon().Class(string(c))
	return class.Period, ok
}
