package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/refrain-asr/refrain/fault"
)

// A server that works with a database of PostgreSQL is present there: it has locks on a connection of its own,
// which end with the connection. Who works beside others gives a sign of life on it, and the database itself ends
// the connection of who doesn't (idle_session_timeout), as that of a process which is paused, or whose machine is
// gone. So who is alive is known to the database alone, and no clock but its own counts:
//
//   - one lock is shared by all servers, or held by the one that works with the database alone,
//   - one names the server by a number, which the recordings have that it is at,
//   - one has who leads: one server at a time, whoever is first. Another follows once it is free.
//
// What a leader writes it writes by a context that holds to its lead (Lead): a transaction by it is refused once
// the lock is lost, whether or not the server knows by then. Between that look and the commit the lock can't get
// lost to somebody else: a transaction in which nothing happens is ended by the database after ten seconds, and
// the lock goes after twenty.

// InUseReason is that of the fault of a database that another server works with alone.
const InUseReason = "DATABASE_IN_USE"

// Reasons of faults of servers that work side by side.
const (
	// AbsentReason is that of a server that lost its place among others, and is about to take it again.
	AbsentReason = "SERVER_ABSENT"
	// LeadLostReason is that of leader's work by a server that doesn't lead any more.
	LeadLostReason = "LEAD_LOST"
	// OthersReason is that of what can be done only while no other server works with the database.
	OthersReason = "OTHER_SERVERS"
	// TakenReason is that of an attempt that was taken from a server which had seemed dead.
	TakenReason = "ATTEMPT_TAKEN"
)

// Advisory locks. Those of presence have two numbers, the second of which is the server's.
const (
	serverLock   = 7430_7431
	leaderLock   = 7430_7432
	startLock    = 7430_7433
	turnLock     = 7430_7434
	presenceLock = 7430
)

const (
	// silence is for how long a server may give no sign of life.
	silence = "20s"
	// signEvery is how often it gives one, and signFor how long one may take.
	signEvery = 4 * time.Second
	signFor   = 8 * time.Second
)

// presence is a server's place among those that work with a database.
type presence struct {
	// joined tells that others may work beside it.
	joined bool
	// hears tells that it is a worker, which never leads, and lets servers start when they like.
	hears bool
	fence fence
	// number is the server's where it is present, else 0.
	number atomic.Int64
	// gained is told when it leads, started closed when it has started.
	gained, started chan struct{}
	once            sync.Once

	mu   sync.Mutex // held while the connection is used
	conn *pgx.Conn
	// last is the number that it had, which it takes again.
	last int64

	leads sync.Mutex
	lead  *lead
}

// lead is one time of leading; over is closed at its end.
type lead struct {
	pid    uint32
	number int64
	over   chan struct{}
}

// Join has this server work with the database of PostgreSQL: beside others, or where alone is set as the only one,
// until it is closed. Either way no other server starts until Started is called. DATABASE_IN_USE where another one
// works with it alone, or this one wants to and another works with it at all. With SQLite it does nothing: there the
// file's directory is locked.
//
// A server that works alone and whose connection breaks, and that another one takes the place of before it is back,
// writes nothing any more; see fence.
func (e *engine) Join(ctx context.Context, alone bool) error {
	if !e.d.shared {
		return nil
	}
	e.here.joined = !alone
	return e.begin(ctx, true)
}

// begin takes the place, and keeps it until the database is closed.
func (e *engine) begin(ctx context.Context, starting bool) error {
	p := &e.here
	p.gained, p.started = make(chan struct{}, 1), make(chan struct{})
	if err := e.takePlace(ctx, starting); err != nil {
		return err
	}
	e.others.done.Go(func() { e.stay(e.others.running) })
	return nil
}

// Joined tells that other servers may work with the database beside this one.
func (e *engine) Joined() bool { return e.here.joined }

// Started lets other servers start.
func (e *engine) Started(ctx context.Context) error {
	if !e.d.shared {
		return nil
	}
	p := &e.here
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.once.Do(func() { close(p.started) })
	if p.conn == nil { // then the lock is lost, too
		return nil
	}
	_, err := p.conn.Exec(ctx, `SELECT pg_advisory_unlock($1)`, int64(startLock))
	return wrap("let other servers start", err)
}

// OnlyServer keeps all other servers out until Started is called. OTHER_SERVERS where one works with the database.
func (e *engine) OnlyServer(ctx context.Context) error {
	if !e.here.joined {
		return nil
	}
	present, err := list(ctx, e.r, scanInt, presentServers)
	if err != nil {
		return wrap("look for other servers", err)
	}
	if len(present) > 1 {
		return &fault.Error{Kind: fault.Precondition, Reason: OthersReason, Message: "other servers work with the database, " +
			"which go by the ledger's key as it was: stop all of them, give each the new key, and start one first"}
	}
	return nil
}

const ofThisDatabase = ` AND l.locktype = 'advisory' AND l.granted
	AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = CURRENT_DATABASE())`

// presentServers selects the numbers of the servers that are present.
const presentServers = `SELECT CAST(l.objid AS BIGINT) FROM pg_locks l
	WHERE CAST(l.classid AS BIGINT) = 7430 AND l.objsubid = 2` + ofThisDatabase

var _ = [1]struct{}{}[presenceLock-7430] // it stands in the query

func scanInt(rw row) (n int64, err error) {
	err = rw.Scan(&n)
	return n, err
}

// takePlace takes the locks on a new connection, with which they end.
func (e *engine) takePlace(ctx context.Context, starting bool) error {
	p := &e.here
	if !p.fence.up { // nobody writes yet
		p.fence = newFence(!p.joined)
	}
	cfg := e.others.cfg.Copy()
	lock := `SELECT pg_try_advisory_lock($1)`
	if p.joined {
		lock = `SELECT pg_try_advisory_lock_shared($1)`
		cfg.RuntimeParams["idle_session_timeout"] = silence
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return wrap("reach the database", err)
	}
	got := false
	if starting { // one after the other, or each would make of a new database what it is
		_, err = conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(startLock))
	}
	if err == nil {
		err = conn.QueryRow(ctx, lock, int64(serverLock)).Scan(&got)
	}
	if err == nil && !got {
		err = inUse(p.joined)
	}
	if err == nil {
		err = e.claim(ctx, conn, starting)
	}
	if err == nil {
		err = p.enter(ctx, conn)
	}
	if err != nil {
		_ = conn.Close(context.WithoutCancel(ctx)) // nothing was written
		return wrap("take a place at the database", err)
	}
	return nil
}

func inUse(joined bool) error {
	message := "another server of Refrain works with this database, and this one keeps its audio in a directory, where " +
		"no other finds it: stop that one, name another database, or keep audio in a bucket (audio.s3), with which several " +
		"servers work side by side. After a machine's death the database lets go once it notices, within a minute"
	if joined {
		message = "another server of Refrain works with this database and keeps its audio in a directory, where no other " +
			"finds it: stop that one, or give it the bucket, too (audio.s3)"
	}
	return &fault.Error{Kind: fault.Unavailable, Reason: InUseReason, Message: message}
}

// enter takes a number, and the lead where that is free.
func (p *presence) enter(ctx context.Context, conn *pgx.Conn) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.joined {
		for number := p.last; ; number = 0 {
			if number == 0 {
				number = 1 + rand.Int64N(1<<31-1) //nolint:gosec // it is no secret, and the lock tells whether it is free
			}
			var got bool
			if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, $2)`, int32(presenceLock), int32(number)).Scan(&got); err != nil {
				return err
			}
			if got {
				p.last = number
				break
			}
		}
		if err := p.tryToLead(ctx, conn); err != nil {
			return err
		}
		p.number.Store(p.last)
	}
	p.conn = conn
	return nil
}

// tryToLead leads where nobody does, and is a sign of life all the same. Whoever calls it has the connection to
// himself.
func (p *presence) tryToLead(ctx context.Context, conn *pgx.Conn) error {
	if p.hears {
		_, err := conn.Exec(ctx, `SELECT 1`)
		return err
	}
	var got bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, int64(leaderLock)).Scan(&got); err != nil || !got {
		return err
	}
	p.leads.Lock()
	p.lead = &lead{pid: conn.PgConn().PID(), number: p.last, over: make(chan struct{})}
	p.leads.Unlock()
	select {
	case p.gained <- struct{}{}:
	default:
	}
	return nil
}

// leave notes that the place is lost.
func (p *presence) leave(ctx context.Context) {
	p.number.Store(0)
	p.leads.Lock()
	if p.lead != nil {
		close(p.lead.over)
		p.lead = nil
	}
	p.leads.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil {
		_ = p.conn.Close(context.WithoutCancel(ctx)) // nothing was written
		p.conn = nil
	}
}

// stay gives signs of life, and takes the place again where the connection that had it breaks.
func (e *engine) stay(ctx context.Context) {
	p := &e.here
	defer p.leave(ctx)
	for ctx.Err() == nil {
		e.remain(ctx)
		p.leave(ctx)
		for ctx.Err() == nil {
			within, cancel := context.WithTimeout(ctx, signFor)
			err := e.takePlace(within, false)
			cancel()
			if err == nil {
				break
			}
			if f, ok := errors.AsType[*fault.Error](err); ok && f.Reason == InUseReason && !p.joined {
				e.Refuse(f)
				return
			}
			select {
			case <-time.After(lookEvery):
			case <-ctx.Done():
			}
		}
	}
}

// remain returns once the place is lost, or ctx ends.
func (e *engine) remain(ctx context.Context) {
	p := &e.here
	if !p.joined {
		select {
		case <-p.started: // until then the connection is used
		case <-ctx.Done():
			return
		}
		_, _ = p.conn.WaitForNotification(ctx) // there is none: it waits for the connection's end
		return
	}
	signs := time.NewTicker(signEvery)
	defer signs.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-signs.C:
			if p.sign(ctx) != nil {
				return
			}
		}
	}
}

// sign is a sign of life, and of who doesn't lead a look whether it may.
func (p *presence) sign(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, signFor)
	defer cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leads.Lock()
	leads := p.lead != nil
	p.leads.Unlock()
	if leads {
		_, err := p.conn.Exec(ctx, `SELECT 1`)
		return err
	}
	return p.tryToLead(ctx, p.conn)
}

// Gained is told whenever this server begins to lead; nil where it always does.
func (e *engine) Gained() <-chan struct{} { return e.here.gained }

// Lead is a context for what one server of all does, which ends when this one doesn't lead any more; ok is false
// where it doesn't by now. What is written by it is refused as LEAD_LOST from then on. A server that works with its
// database alone always leads.
func (e *engine) Lead(ctx context.Context) (leading context.Context, done context.CancelFunc, ok bool) {
	p := &e.here
	if !p.joined {
		return ctx, func() {}, true
	}
	p.leads.Lock()
	l := p.lead
	p.leads.Unlock()
	if l == nil {
		return nil, nil, false
	}
	leading, cancel := context.WithCancel(context.WithValue(ctx, leadKey{}, l))
	ended := make(chan struct{})
	go func() {
		select {
		case <-l.over:
			cancel()
		case <-ended:
		}
	}()
	return leading, sync.OnceFunc(func() { close(ended); cancel() }), true
}

type leadKey struct{}

const leadStands = `SELECT COUNT(*) FROM pg_locks l WHERE l.pid = $1
	AND ((CAST(l.classid AS BIGINT) = 0 AND CAST(l.objid AS BIGINT) = $2 AND l.objsubid = 1)
		OR (CAST(l.classid AS BIGINT) = 7430 AND CAST(l.objid AS BIGINT) = $3 AND l.objsubid = 2))` + ofThisDatabase

// heedLead refuses a transaction by a lead that is over.
func (t *writeTx) heedLead(ctx context.Context) error {
	l, ok := ctx.Value(leadKey{}).(*lead)
	if !ok {
		return nil
	}
	var locks int
	if err := t.tx.QueryRowContext(ctx, leadStands, int64(l.pid), int64(leaderLock), l.number).Scan(&locks); err != nil {
		return wrap("look whether this server leads still", err)
	}
	if locks < 2 {
		return &fault.Error{Kind: fault.Unavailable, Reason: LeadLostReason,
			Message: "another server leads by now: what this one was at as the leader is left to it"}
	}
	return nil
}

// holder is whom recordings name that this server begins, 0 where it works alone.
func (e *engine) holder() (int64, error) {
	if !e.here.joined {
		return 0, nil
	}
	n := e.here.number.Load()
	if n == 0 {
		return 0, &fault.Error{Kind: fault.Unavailable, Reason: AbsentReason, Message: "the server lost its connection to the " +
			"database, and is about to take its place among the others again"}
	}
	return n, nil
}

// turnFor is for how long a turn's holder may give no sign of life.
const turnFor = "60s"

// Turn waits until no other server of those that work with the database has its turn, and takes it. done ends
// it. With SQLite, or alone, there is nobody to wait for.
func (e *engine) Turn(ctx context.Context) (done func(), err error) {
	if !e.here.joined {
		return func() {}, nil
	}
	cfg := e.others.cfg.Copy()
	cfg.RuntimeParams["idle_session_timeout"] = turnFor
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, wrap("reach the database", err)
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(turnLock)); err != nil {
		_ = conn.Close(context.WithoutCancel(ctx)) // nothing was written
		return nil, wrap("wait for a turn", err)
	}
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
		signs := time.NewTicker(signEvery)
		defer signs.Stop()
		for {
			select {
			case <-over:
				return
			case <-signs.C:
				within, cancel := context.WithTimeout(context.WithoutCancel(ctx), signFor)
				_, _ = conn.Exec(within, `SELECT 1`) // a turn that is lost is another's; each portion can be repeated
				cancel()
			}
		}
	}()
	return sync.OnceFunc(func() { close(over); <-ended }), nil
}
