package retention

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/fault"
)

// Amount is how much there is of something.
type Amount struct {
	Count int64
	// Bytes is the audio's or text's size, without what the database itself needs.
	Bytes int64
}

func (a *Amount) add(o Amount) { a.Count, a.Bytes = a.Count+o.Count, a.Bytes+o.Bytes }

// Portion is what one transaction erased.
type Portion struct {
	Amount
	// Next is where the next portion begins, More that there may be one.
	Next int64
	More bool
}

// Doomed is a recording whose audio is to go: the recording as a whole, or the audio alone.
type Doomed struct {
	ID    string
	Whole bool
	Size  int64
}

// Store erases, portion by portion, each in a transaction of its own.
type Store interface {
	Holds
	People
	Periods
}

// Periods erases what is over.
type Periods interface {
	// Due tells how much of a kind is over, without what is held, and how much of it is held.
	Due(ctx context.Context, c Cut) (due, kept Amount, err error)
	// Erase erases some of what is over and not held, n rows at most, from the place after on (0 is
	// the beginning). Of Audio, and of the recordings among Calls, it only notes that they are to go;
	// whoever reads finds them gone from then on.
	Erase(ctx context.Context, c Cut, after int64, n int) (Portion, error)
	// Doomed lists up to n recordings that are noted to go.
	Doomed(ctx context.Context, n int) ([]Doomed, error)
	// Bury ends what Erase noted, once the audio is gone: the rows go, too.
	Bury(ctx context.Context, gone []Doomed) error
}

// AudioFiles are where recordings' audio lies.
type AudioFiles interface {
	// RemoveAll removes the audio of recordings. When it returns without an error, a crash of the
	// machine doesn't bring it back. It is no error where there is none.
	RemoveAll(ctx context.Context, ids []string) error
}

// AuditRecord is the audit's record, which prunes itself: what it has lost must be provable.
type AuditRecord interface {
	// Over tells how many entries are from before a time, and Prune erases up to n of those in one
	// transaction, and tells how many they were, and whether there may be more.
	Over(ctx context.Context, before time.Time) (int64, error)
	Prune(ctx context.Context, before time.Time, n int) (pruned int64, more bool, err error)
}

// portion is how many rows go in one transaction, which others wait for.
const portion = 100

// Service erases what is over, and what people ask to have erased. One at a time is at it. All
// fields but Turn and Audited are required.
type Service struct {
	Store   Store
	Audio   AudioFiles
	Journal Journal
	Policy  Policy
	Names   Names
	// Rest is called between two portions, with how long the last one took, and lets others go first.
	Rest func(ctx context.Context, took time.Duration) error
	// Erased is told what went.
	Erased func(k Kind, a Amount)
	// Turn waits until no other server of those that share the store erases, and keeps them from it until done
	// is called; nil where there is no other.
	Turn func(ctx context.Context) (done func(), err error)
	// Audited is the audit's record; nil where there is none.
	Audited AuditRecord
	Now     func() time.Time

	// one lets one portion or person be erased at a time, running one run.
	one, running sync.Mutex
}

// take waits for this server's turn to erase, and within it for that of whoever asks; done ends it.
func (s *Service) take(ctx context.Context) (done func(), err error) {
	s.one.Lock()
	if s.Turn == nil {
		return s.one.Unlock, nil
	}
	over, err := s.Turn(ctx)
	if err != nil {
		s.one.Unlock()
		return nil, err
	}
	return func() { over(); s.one.Unlock() }, nil
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// Due is what is over of a kind.
type Due struct {
	Kind Kind
	// Due is what would go, or went; Held is over, too, but kept by a legal hold.
	Due, Held Amount
}

// Due tells what is over now.
func (s *Service) Due(ctx context.Context) ([]Due, error) {
	var all []Due
	for _, k := range s.kinds() {
		due, kept, err := s.due(ctx, s.Policy.Cut(k, s.now()))
		if err != nil {
			return nil, fmt.Errorf("look for %s that are over: %w", k, err)
		}
		all = append(all, Due{k, due, kept})
	}
	return all, nil
}

// due tells how much of a kind is over, and how much of that is held.
func (s *Service) due(ctx context.Context, c Cut) (due, kept Amount, err error) {
	if c.Kind == Audit {
		due.Count, err = s.Audited.Over(ctx, c.Before)
		return due, kept, err
	}
	return s.Store.Due(ctx, c)
}

func (s *Service) kinds() []Kind {
	all := Kinds()
	if s.Audited == nil {
		return all[:len(all)-1]
	}
	return all
}

// Run erases all that is over now, and tells what went. A kill at any moment loses nothing: the next
// run goes on. What goes wrong with one kind keeps no other from being erased. Unavailable where somebody is at it already.
func (s *Service) Run(ctx context.Context) ([]Due, error) {
	if !s.running.TryLock() {
		return nil, &fault.Error{Op: "retention.Run", Kind: fault.Unavailable, Reason: "RETENTION_RUNNING",
			Message: "what is over is being erased already; ask again in a while"}
	}
	defer s.running.Unlock()
	var all []Due
	var errs []error
	now := s.now() // for all: a clock that is set meanwhile changes nothing
	for _, k := range s.kinds() {
		gone, err := s.run(ctx, s.Policy.Cut(k, now))
		if gone.Count > 0 {
			s.Erased(k, gone)
		}
		all = append(all, Due{Kind: k, Due: gone})
		if err != nil {
			errs = append(errs, fmt.Errorf("erase %s that are over: %w", k, err))
		}
		if ctx.Err() != nil { // all others would fail alike
			break
		}
	}
	return all, errors.Join(errs...)
}

// run erases what is over of a kind.
func (s *Service) run(ctx context.Context, c Cut) (gone Amount, err error) {
	for p := (Portion{More: true}); p.More; {
		began := time.Now() // and not the injected clock, which may stand still
		var buried Amount
		if p, buried, err = s.erasePortion(ctx, c, p.Next); err != nil {
			return gone, err
		}
		gone.add(p.Amount)
		gone.add(buried)
		if err := s.Rest(ctx, time.Since(began)); err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// erasePortion erases a portion of what is over, with what it notes to go. Whoever wants to erase a
// person has its turn between two.
func (s *Service) erasePortion(
	ctx context.Context, c Cut, after int64,
) (p Portion, buried Amount, err error) {
	done, err := s.take(ctx)
	if err != nil {
		return p, buried, err
	}
	defer done()
	if c.Kind == Audit {
		p.Count, p.More, err = s.Audited.Prune(ctx, c.Before, portion)
		return p, buried, err
	}
	if p, err = s.Store.Erase(ctx, c, after, portion); err != nil {
		return p, buried, err
	}
	buried, err = s.finish(ctx)
	return p, buried, err
}

// finish removes the audio of what is noted to go, and then the rows, and tells what went.
func (s *Service) finish(ctx context.Context) (gone Amount, err error) {
	for {
		doomed, err := s.Store.Doomed(ctx, portion)
		if err != nil || len(doomed) == 0 {
			return gone, err
		}
		ids := make([]string, len(doomed))
		for i, d := range doomed {
			ids[i] = d.ID
		}
		if err := s.Audio.RemoveAll(ctx, ids); err != nil {
			return gone, err
		}
		if err := s.Store.Bury(ctx, doomed); err != nil {
			return gone, err
		}
		for _, d := range doomed {
			gone.add(Amount{1, d.Size})
		}
	}
}
