package store

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/feed"
)

// Several servers may work with one database of PostgreSQL. What each of them commits, the followers of all
// others hear, in the order of commits and once:
//
//   - A transaction that writes first locks the one row of the table writer, until its commit. So changes are
//     numbered in the order of commits, by whichever server, and who reads one can read all before it.
//   - told is how far this server's followers have heard. Only who holds the server's write token moves it.
//   - A transaction, once it has the row, has the followers hear first what others committed: what it decides
//     by is never older than what it writes upon. Its own changes it tells after its commit, as with SQLite,
//     from there on.
//   - Whenever somebody commits changes, and twice a second, a server whose token is free hears what is new.
//   - Where nobody knows whether a commit came through, since its connection broke, it isn't told as one's
//     own: if it did, it is heard like another server's.
//
// The row is locked and hardly ever written: a number in it that each transaction changes would leave a dead
// version behind each time, through which all would have to read as long as somebody makes a backup.

// others is how a server keeps up with what others commit.
type others struct {
	// opened is the latest change when the database was opened, told the latest that followers heard of.
	opened int64
	told   atomic.Int64
	// asOf is up to when it is known that nothing was committed which is not told, in nanoseconds.
	asOf atomic.Int64
	// looking is held by who looks out of turn.
	looking sync.Mutex
	// wake asks to look at once.
	wake chan struct{}
	cfg  *pgx.ConnConfig
	// running ends what goes on beside, by stop.
	running context.Context //nolint:containedctx // it is the database's own
	stop    context.CancelFunc
	done    sync.WaitGroup
}

const (
	// lookEvery is how often it is looked for what others committed, where nobody says that there is something.
	lookEvery = 500 * time.Millisecond
	// heardAtOnce is about how many changes are held in memory.
	heardAtOnce = 1000
)

// Reasons of faults that end a server's work with a database.
const (
	// MissedReason is that of a server that was cut off for longer than changes are kept.
	MissedReason = "CHANGES_MISSED"
	// OlderReason is that of a database that was put back to an earlier state while the server ran.
	OlderReason = "DATABASE_OLDER"
)

// AsOf is up to when this server's followers know of everything that was committed: now, unless other
// servers write, too, in the same database.
func (e *engine) AsOf() time.Time {
	if !e.d.shared {
		return e.o.Now()
	}
	return time.Unix(0, e.others.asOf.Load()).UTC()
}

// alone keeps the transactions of other servers out until the end of this one, and has the followers hear
// what they committed. Where another one has this server's place, it is kept out itself.
func (t *writeTx) alone(ctx context.Context) error {
	if !t.e.d.shared {
		return nil
	}
	var pruned, fence int64
	if err := t.tx.QueryRowContext(ctx, `SELECT pruned, fence FROM writer FOR UPDATE`).Scan(&pruned, &fence); err != nil {
		return fmt.Errorf("wait for the transactions of other servers: %w", err)
	}
	if err := t.e.admit(fence); err != nil {
		return err
	}
	if t.e.here.hears { // nobody follows, and numbers stand in changes
		return wrap("read the number of the latest change", t.tx.QueryRowContext(ctx, t.e.d.lastChange).Scan(&t.last))
	}
	err := t.e.hear(ctx, t.tx, pruned) // a statement of its own, which sees what was committed meanwhile
	t.last = t.e.others.told.Load()
	return err
}

// heard notes that the followers are about to hear of the transaction, which is committed.
func (t *writeTx) heard() {
	if t.e.d.shared {
		t.e.others.told.Store(t.last + int64(len(t.changes)))
	}
}

// hear has the followers hear what other servers committed. Changes up to the one with the number pruned may
// be gone. Whoever calls it holds the write token, and reads one moment's state. What followers can't take
// over they hear again the next time.
func (e *engine) hear(ctx context.Context, q querier, pruned int64) error {
	for {
		told := e.others.told.Load()
		changes, more, err := e.from(ctx, q, told)
		if err != nil {
			return fmt.Errorf("read what other servers changed: %w", err)
		}
		switch {
		case len(changes) > 0 && changes[0].Seq == told:
			changes = changes[1:]
		case told > pruned:
			return e.refuse(OlderReason, fmt.Sprintf("the database was put back to an earlier state while this server "+
				"ran: change number %d, which it knows, is not there; restart the server", told))
		case len(changes) > 0 && changes[0].Seq != told+1, len(changes) == 0 && told != pruned:
			return e.refuse(MissedReason, "this server was cut off from the database for longer than changes are kept, "+
				"so that it can't know what is in force; restart it")
		}
		if len(changes) == 0 {
			return nil
		}
		if err := e.lookUp(ctx, q, changes); err != nil {
			return fmt.Errorf("look up what other servers changed: %w", err)
		}
		if err := e.feed.Tell(changes); err != nil {
			return fmt.Errorf("follow what other servers changed: %w", err)
		}
		e.others.told.Store(changes[len(changes)-1].Seq)
		if !more {
			return nil
		}
	}
}

// followLate adds a follower, who hears first what was committed since the database was opened.
func (e *engine) followLate(f feed.Follower) {
	e.writing <- struct{}{}
	defer func() { <-e.writing }()
	e.feed.Follow(f)
	told := e.others.told.Load()
	if told == e.others.opened {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	err := e.reading(ctx, e.access, func(q querier) error {
		changes, err := list(ctx, q, scanChange, `SELECT seq, at, kind, id, number FROM changes
			WHERE seq > $1 AND seq <= $2 ORDER BY seq`, e.others.opened, told)
		if err == nil {
			err = e.lookUp(ctx, q, changes)
		}
		if err == nil {
			err = f(changes)
		}
		return err
	})
	if err != nil { // then all hear all of it again, with what comes next
		e.others.told.Store(e.others.opened)
	}
}

// refuse has nothing more written by this server.
func (e *engine) refuse(reason, message string) error {
	f := &fault.Error{Kind: fault.Unavailable, Reason: reason, Message: message}
	e.Refuse(f)
	return f
}

// from reads changes from the one with a number on, of a transaction all or none; more tells that there are
// others behind them.
func (e *engine) from(ctx context.Context, q querier, seq int64) (changes []feed.Change, more bool, err error) {
	for limit := heardAtOnce; ; limit *= 2 {
		changes, err = list(ctx, q, scanChange, `SELECT seq, at, kind, id, number FROM changes
			WHERE seq >= $1 ORDER BY seq LIMIT $2`, seq, limit)
		if err != nil || len(changes) < limit {
			return changes, false, err
		}
		// Those of a transaction have one time. The last of them may go on.
		for n := limit - 1; n > 1; n-- {
			if !changes[n].At.Equal(changes[n-1].At) {
				return changes[:n], true, nil
			}
		}
	}
}

// lookUp adds to changes of other servers how freezes and entries of the allow list are by now.
func (e *engine) lookUp(ctx context.Context, q querier, changes []feed.Change) error {
	var ids []freeze.ID
	var allowIDs []freeze.AllowID
	for i := range changes {
		c := &changes[i]
		c.Elsewhere = true
		switch c.Kind { //nolint:exhaustive // the others carry nothing
		case feed.Freeze:
			ids = append(ids, freeze.ID(c.ID))
		case feed.Allow:
			allowIDs = append(allowIDs, freeze.AllowID(c.ID))
		}
	}
	frozen, allowed := map[string]freeze.Freeze{}, map[string]freeze.Allow{}
	if len(ids) > 0 {
		found, err := freezes(ctx, q, e.o.Keys, freeze.Query{IDs: ids})
		if err != nil {
			return err
		}
		for _, f := range found {
			frozen[string(f.ID)] = f
		}
	}
	if len(allowIDs) > 0 {
		found, err := allows(ctx, q, e.o.Keys, freeze.AllowQuery{IDs: allowIDs})
		if err != nil {
			return err
		}
		for _, a := range found {
			allowed[string(a.ID)] = a
		}
	}
	for i := range changes {
		c := &changes[i]
		c.Freeze, c.Allow = frozen[c.ID], allowed[c.ID]
	}
	return nil
}

// keepUp has the followers hear what others commit, until the context ends.
func (e *engine) keepUp(ctx context.Context) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.others.wake:
		case <-look.C:
		}
		// What can't be read now is read the next time, and AsOf stays behind.
		_ = e.catchUp(ctx)
	}
}

// catchUp has the followers hear what others committed so far.
func (e *engine) catchUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	began := time.Now()
	var last int64
	if err := e.access.QueryRowContext(ctx, e.d.lastChange).Scan(&last); err != nil {
		return err
	}
	if last != e.others.told.Load() {
		if err := e.hearApart(ctx); err != nil {
			return err
		}
	}
	e.others.asOf.Store(began.UnixNano())
	return nil
}

// CatchUp has this server's followers hear what others committed until now, where others work with the database
// beside it.
func (e *engine) CatchUp(ctx context.Context) error {
	if !e.here.joined {
		return nil
	}
	asked := time.Now()
	e.others.looking.Lock() // whoever waits for it finds that it was looked since
	defer e.others.looking.Unlock()
	if e.AsOf().After(asked) {
		return nil
	}
	return e.catchUp(ctx)
}

// hearApart is hear between the transactions of this server.
func (e *engine) hearApart(ctx context.Context) error {
	select {
	case e.writing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-e.writing }()
	return e.reading(ctx, e.access, func(q querier) error {
		var pruned int64
		if err := q.QueryRowContext(ctx, `SELECT pruned FROM writer`).Scan(&pruned); err != nil {
			return err
		}
		return e.hear(ctx, q, pruned)
	})
}
