package retention

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// Erasure is that a person was erased, or is being: all that is kept of it.
type Erasure struct {
	// ID is a ULID.
	ID string    `json:"id"`
	At time.Time `json:"at"`
	// Name is the keyed hash of the number, in hexadecimal, and Key names the key.
	Name string `json:"name"`
	Key  string `json:"key"`
}

// Journal keeps erasures beside the database, so that a backup which is put back learns of them.
type Journal interface {
	// Append is durable when it returns.
	Append(e Erasure) error
	Erasures() ([]Erasure, error)
}

// Names are the keyed hashes by which numbers are known.
type Names interface {
	// Name is the number's under the key in force, which key names.
	Name(n number.Number) (name, key string)
	// All are the number's under the key in force and the former ones.
	All(n number.Number) []string
	// Knows tells whether a key is the one in force or a former one.
	Knows(key string) bool
}

// Begun is how far an erasure came that was not ended.
type Begun struct {
	// Number is whom it is about, or the zero one where that is not known, or not any more.
	Number number.Number
	// Closed tells that all rows went, and only what is left of them on pages nobody reads is to go.
	Closed bool
}

// People erases people from the database. Each method is one transaction, or several that can be
// repeated.
type People interface {
	Erasures
	// EachNumber visits the numbers that are kept, and then all that may be numbers in texts, until visit
	// has enough. Some come more than once.
	EachNumber(ctx context.Context, visit func(number.Number) (more bool)) error
	Forgetting
	// Frozen tells whether a freeze stands on the number at a moment.
	Frozen(ctx context.Context, n number.Number, at time.Time) (bool, error)
}

// Beginnings are erasures before anything was erased, when the journal may not know of them yet.
type Beginnings interface {
	// BeginErasure notes whom an erasure is about, until CloseErasure, unless holds stand on anything of
	// the number: then it lists them and notes nothing. Whoever places one at the same moment either is
	// seen here or is refused, as both are decided in transactions that exclude each other. Where it
	// began before, nothing happens.
	BeginErasure(ctx context.Context, e Erasure, n number.Number) ([]Hold, error)
	// CancelErasure forgets one that did not get further.
	CancelErasure(ctx context.Context, id string) error
	// Unnoted lists the erasures that were begun and are none of the known.
	Unnoted(ctx context.Context, known []Erasure) ([]Unnoted, error)
}

// Unnoted is an erasure that was begun and that no journal knows.
type Unnoted struct {
	ID     string
	At     time.Time
	Number number.Number
}

// Erasures are kept while they are under way.
type Erasures interface {
	Beginnings
	// CloseErasure forgets the number and keeps what was erased; EndErasure notes that nothing is left
	// to do.
	CloseErasure(ctx context.Context, id string, tally map[string]int64) error
	EndErasure(ctx context.Context, id string) error
	// Unfinished are those of the known erasures that were not ended.
	Unfinished(ctx context.Context, known []Erasure) (map[string]Begun, error)
}

// Forgetting is what an erasure does to what is kept.
type Forgetting interface {
	// DoomPerson notes that all recordings of the number are to go, and counts what goes with them, by kind.
	DoomPerson(ctx context.Context, n number.Number) (going map[string]int64, err error)
	// ForgetPerson erases all else that is kept under the number, up to most calls at once, ends what
	// allows it to be called, and counts what went, by kind; more tells to call it again. Its freezes
	// stand on under its name.
	ForgetPerson(ctx context.Context, n number.Number, most int) (went map[string]int64, more bool, err error)
	// Redact puts a pseudonym in the place of the number in all texts that are kept of others, a
	// portion after the other, between which it rests, and counts the rows.
	Redact(ctx context.Context, n number.Number, rest func(context.Context, time.Duration) error) (int64, error)
	// Scrub overwrites what is left of the number on pages that nobody reads any more, and says where
	// it is found in spite of that, in rows and files. Of the zero number it overwrites all that is left of
	// anything.
	Scrub(ctx context.Context, n number.Number) (left []string, err error)
}

// Certificate says what was erased.
type Certificate struct {
	Erasure
	Number number.Number
	Reason string
	Actor  string
	// Went counts what was erased, by kind.
	Went map[string]int64
	// AudioBytes is how much audio there was.
	AudioBytes int64
	// Frozen tells that a freeze stands on, by the keyed hash of the number.
	Frozen bool
	// Left are places in which the number is still found; there should be none.
	Left []string
	// Backups is the policy's: how long backups that hold the person's data live.
	Backups time.Duration
}

// ErasePerson erases all that is kept of a number but what keeps it from being called. Precondition
// LEGAL_HOLD where a hold stands on any of it. When it returns an error after it began, the erasure
// goes on within the hour where only scrubbing is left, else at the next start, or when it is asked for
// again.
func (s *Service) ErasePerson(
	ctx context.Context, n number.Number, by, reason string,
) (Certificate, error) {
	if err := request.CheckReason("retention.ErasePerson", reason); err != nil {
		return Certificate{}, err
	}
	done, err := s.take(ctx)
	if err != nil {
		return Certificate{}, err
	}
	defer done()
	now := s.now()
	e := Erasure{ID: ulid.MustNewDefault(now).String(), At: now}
	e.Name, e.Key = s.Names.Name(n)
	if err := s.begin(ctx, e, n); err != nil {
		return Certificate{}, err
	}
	// Whoever asked may go away: what was begun is carried out.
	ctx = context.WithoutCancel(ctx)
	if err := s.Journal.Append(e); err != nil {
		return Certificate{}, errors.Join(fmt.Errorf("note the erasure: %w", err), s.Store.CancelErasure(ctx, e.ID))
	}
	c := Certificate{Erasure: e, Number: n, Actor: by, Reason: reason, Backups: s.Policy.Backups}
	err = s.erase(ctx, n, &c)
	return c, err
}

// begin notes in the database whom an erasure is about. It refuses with LEGAL_HOLD where holds stand.
func (s *Service) begin(ctx context.Context, e Erasure, n number.Number) error {
	holds, err := s.Store.BeginErasure(ctx, e, n)
	if err != nil {
		return err
	}
	return held(holds)
}

// ErasuresOf are those of a number.
func (s *Service) ErasuresOf(n number.Number) ([]Erasure, error) {
	s.one.Lock()
	defer s.one.Unlock()
	all, err := s.Journal.Erasures()
	if err != nil {
		return nil, err
	}
	names := s.Names.All(n)
	return slices.DeleteFunc(all, func(e Erasure) bool { return !slices.Contains(names, e.Name) }), nil
}

// Resumed is what Resume did.
type Resumed struct {
	// People is how many were erased, each counted once.
	People int
	// Unfound are the ids of the erasures of which nobody was found: the database knows nothing of the
	// person, or only in a form that is not known.
	Unfound []string
	// Left says of each erasure that could not be carried out why that is so.
	Left []error
}

// Resume carries out what was begun, and what was erased after the database was copied that is
// there now; Scrub does what takes long. To be called at the start, before anything is served.
func (s *Service) Resume(ctx context.Context) (r Resumed, err error) {
	done, err := s.take(ctx)
	if err != nil {
		return r, err
	}
	defer done()
	if _, err := s.finish(ctx); err != nil {
		return r, fmt.Errorf("erase what was to go: %w", err)
	}
	if err := s.noteBegun(ctx); err != nil {
		return r, err
	}
	found, err := s.find(ctx)
	if err != nil {
		return r, err
	}
	people := map[string]bool{}
	err = s.unfinished(ctx, func(e Erasure, b Begun) error {
		if b.Closed {
			return nil
		}
		if b.Number.IsZero() {
			b.Number = found[e.Name]
		}
		left, err := s.resume(ctx, e, b.Number)
		switch {
		case err != nil:
			return fmt.Errorf("carry out the erasure %s: %w", e.ID, err)
		case left != nil:
			r.Left = append(r.Left, fmt.Errorf("the erasure %s is left open: %w", e.ID, left))
		default:
			if b.Number.IsZero() {
				r.Unfound = append(r.Unfound, e.ID)
			}
			people[e.Name] = true
			r.People = len(people)
		}
		return nil
	})
	return r, err
}

// find looks for whom all erasures are about that are to be carried out and don't tell, by their names: all
// at once, since a number's names are to be computed for each that is kept.
func (s *Service) find(ctx context.Context) (map[string]number.Number, error) {
	wanted, found := map[string]bool{}, map[string]number.Number{}
	err := s.unfinished(ctx, func(e Erasure, b Begun) error {
		if !b.Closed && b.Number.IsZero() && s.Names.Knows(e.Key) {
			wanted[e.Name] = true
		}
		return nil
	})
	if err != nil || len(wanted) == 0 {
		return nil, err
	}
	err = s.Store.EachNumber(ctx, func(n number.Number) bool {
		for _, name := range s.Names.All(n) {
			if wanted[name] {
				found[name] = n
				delete(wanted, name)
			}
		}
		return len(wanted) > 0
	})
	return found, err
}

// noteBegun has the journal know of erasures that were begun right before a crash.
func (s *Service) noteBegun(ctx context.Context) error {
	journal, err := s.Journal.Erasures()
	if err != nil {
		return err
	}
	begun, err := s.Store.Unnoted(ctx, journal)
	if err != nil {
		return err
	}
	for _, b := range begun {
		e := Erasure{ID: b.ID, At: b.At}
		e.Name, e.Key = s.Names.Name(b.Number)
		if err := s.Journal.Append(e); err != nil {
			return fmt.Errorf("note an erasure: %w", err)
		}
	}
	return nil
}

// unfinished visits the erasures that were not ended, the first first.
func (s *Service) unfinished(ctx context.Context, visit func(Erasure, Begun) error) error {
	journal, err := s.Journal.Erasures()
	if err != nil {
		return err
	}
	begun, err := s.Store.Unfinished(ctx, journal)
	if err != nil {
		return err
	}
	for _, e := range journal {
		if b, is := begun[e.ID]; is {
			if err := visit(e, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// resume erases the rows of an erasure; left says why it can't be done now.
func (s *Service) resume(ctx context.Context, e Erasure, n number.Number) (left, err error) {
	if n.IsZero() && !s.Names.Knows(e.Key) {
		return fmt.Errorf("it names the person by the key %s, which this server does not have: give it the "+
			"newer key, and start it again", e.Key), nil
	}
	if err := s.begin(ctx, e, n); fault.ReasonOf(err) == legalHold {
		return err, nil
	} else if err != nil {
		return nil, err
	}
	return nil, s.eraseRows(ctx, n, &Certificate{Erasure: e})
}

// Scrub ends the erasures of which only that is left: it overwrites what is left on pages that nobody
// reads any more. It may take long, and nobody writes meanwhile.
func (s *Service) Scrub(ctx context.Context) error {
	done, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer done()
	var closed []Erasure
	err = s.unfinished(ctx, func(e Erasure, b Begun) error {
		if b.Closed {
			closed = append(closed, e)
		}
		return nil
	})
	if err != nil || len(closed) == 0 {
		return err
	}
	if _, err := s.Store.Scrub(ctx, number.Number{}); err != nil { // of all of them at once
		return err
	}
	for _, e := range closed {
		if err := s.Store.EndErasure(ctx, e.ID); err != nil {
			return err
		}
	}
	return nil
}

// erase carries an erasure out, and with it those of the same person that were not ended.
func (s *Service) erase(ctx context.Context, n number.Number, c *Certificate) error {
	if err := s.eraseRows(ctx, n, c); err != nil {
		return err
	}
	names := s.Names.All(n)
	var same []Erasure
	err := s.unfinished(ctx, func(e Erasure, b Begun) error {
		if !slices.Contains(names, e.Name) {
			return nil
		}
		same = append(same, e)
		if b.Closed {
			return nil
		}
		if err := s.begin(ctx, e, number.Number{}); err != nil {
			return err
		}
		return s.Store.CloseErasure(ctx, e.ID, map[string]int64{})
	})
	if err != nil {
		return err
	}
	if c.Left, err = s.Store.Scrub(ctx, n); err != nil { // after the erasures themselves forgot the number
		return err
	}
	for _, e := range same {
		if err := s.Store.EndErasure(ctx, e.ID); err != nil {
			return err
		}
	}
	c.Frozen, err = s.Store.Frozen(ctx, n, s.now())
	return err
}

// eraseRows erases all that is kept of a number, where it is known, and forgets whom the erasure, which
// was begun, is about.
func (s *Service) eraseRows(ctx context.Context, n number.Number, c *Certificate) error {
	c.Went = map[string]int64{}
	if n.IsZero() {
		c.Went["unfound"] = 1
	} else {
		if err := s.forget(ctx, n, c); err != nil {
			return err
		}
	}
	return s.Store.CloseErasure(ctx, c.ID, c.Went)
}

func (s *Service) forget(ctx context.Context, n number.Number, c *Certificate) error {
	going, err := s.Store.DoomPerson(ctx, n)
	if err != nil {
		return err
	}
	maps.Copy(c.Went, going)
	audio, err := s.finish(ctx)
	if err != nil {
		return err
	}
	c.Went["recordings"], c.AudioBytes = audio.Count, audio.Bytes
	for more := true; more; {
		began := time.Now()
		var went map[string]int64
		if went, more, err = s.Store.ForgetPerson(ctx, n, portion); err != nil {
			return err
		}
		for k, count := range went {
			c.Went[k] += count
		}
		if err := s.Rest(ctx, time.Since(began)); err != nil {
			return err
		}
	}
	redacted, err := s.Store.Redact(ctx, n, s.Rest)
	c.Went["texts"] = redacted
	s.Erased("person", Amount{1, c.AudioBytes})
	return err
}
