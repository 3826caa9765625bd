package store

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/refrain-asr/refrain/fault"
)

const (
	// oldestPostgres is the oldest version that will do, as PostgreSQL numbers them.
	oldestPostgres = 140000
	// postgresWriters is how many connections write: one for the transactions of this package, of which there
	// is one at a time, and others for the job queue.
	postgresWriters = 8
	// postgresAccess is how many look after others' changes, and after who may ask.
	postgresAccess = 2
	// postgresListeners are the job queue's, which needs one.
	postgresListeners = 2
	// changesChannel is the one on which the database says that somebody committed changes.
	changesChannel = "refrain_changes"
)

// OpenPostgres opens the database of PostgreSQL at a URL, or with a connection string such as libpq takes, and
// brings its tables up to date. Several processes may have it open at a time; see others. The way to it
// must be the machine's own, or be encrypted and the server's certificate verified (sslmode=verify-full): else
// the fault is INSECURE_DATABASE.
func OpenPostgres(ctx context.Context, url string, o Options) (*DB, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	cfg, err := parsePostgres(url)
	if err != nil {
		return nil, err
	}
	e := newEngine(postgresDialect, o)
	if err := e.openPostgres(ctx, cfg); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database %s at %s: %w", cfg.Database, cfg.Host, err), e.Close())
	}
	return newDB(e), nil
}

// InspectPostgres is Inspect for the database of PostgreSQL at a URL.
func InspectPostgres(ctx context.Context, url string, noted int64) (i Inspection, err error) {
	cfg, err := parsePostgres(url)
	if err != nil {
		return i, err
	}
	pool := openPostgresPool(cfg, 1, map[string]string{"default_transaction_read_only": "on"})
	defer func() { err = errors.Join(err, pool.Close()) }()
	e := &engine{d: postgresDialect, r: pool}
	if err = e.unmoved(ctx); err == nil {
		i, err = e.inspect(ctx, noted)
	}
	return i, wrap("read the database "+cfg.Database+" at "+cfg.Host, err)
}

// parsePostgres reads a URL, and refuses one by which the database can't be reached safely.
func parsePostgres(url string) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil { // it names the URL without its password
		return nil, &fault.Error{Kind: fault.Invalid, Reason: "DATABASE_URL", Err: err,
			Message: "that is no URL of a PostgreSQL database: " + err.Error()}
	}
	return cfg, secure(cfg)
}

// secure refuses a way to the database on which others may listen, or answer in its place.
func secure(cfg *pgx.ConnConfig) error {
	ways := []struct {
		host string
		tls  *tls.Config
	}{{cfg.Host, cfg.TLSConfig}}
	for _, f := range cfg.Fallbacks {
		ways = append(ways, struct {
			host string
			tls  *tls.Config
		}{f.Host, f.TLSConfig})
	}
	for _, w := range ways {
		if ownMachine(w.host) || w.tls != nil && !w.tls.InsecureSkipVerify {
			continue
		}
		return &fault.Error{Kind: fault.Invalid, Reason: "INSECURE_DATABASE", Subject: w.host,
			Message: "the database at " + w.host + " is reached over a network, where others might read numbers, or answer " +
				"in its place: add sslmode=verify-full to its URL, and sslrootcert=FILE where its certificate is your own's"}
	}
	return nil
}

// ownMachine tells of a socket, or an address of the machine itself.
func ownMachine(host string) bool {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// connect prepares the pool that writes; nothing is asked yet.
func (e *engine) connect(cfg *pgx.ConnConfig) {
	// A connection that is lost without a word must be noticed: who waits for the writer's row waits for it.
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second,
		Interval: 5 * time.Second, Count: 3}}
	cfg.DialFunc = dialer.DialContext
	for name, value := range map[string]string{"application_name": "refrain", "timezone": "UTC",
		"client_encoding": "UTF8",
		// A server that stops in the middle of a transaction must not keep the others from writing for ever.
		"idle_in_transaction_session_timeout": "10s",
		// And one whose machine is gone is to be noticed by the database.
		"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"} {
		if _, set := cfg.RuntimeParams[name]; !set { // in the URL, by who knows better
			cfg.RuntimeParams[name] = value
		}
	}
	e.w = openPostgresPool(cfg, postgresWriters, map[string]string{
		"lock_timeout": strconv.FormatInt(writeTimeout.Milliseconds(), 10)})
	e.r = e.w
}

// openReaders opens the pools that read.
func (e *engine) openReaders(cfg *pgx.ConnConfig) {
	reading := map[string]string{"default_transaction_read_only": "on", "idle_in_transaction_session_timeout": "0"}
	e.r = openPostgresPool(cfg, readers, reading)
	e.access = openPostgresPool(cfg, postgresAccess, reading)
}

func (e *engine) openPostgres(ctx context.Context, cfg *pgx.ConnConfig) error {
	e.connect(cfg)
	if err := fits(ctx, e.w); err != nil {
		return err
	}
	if err := e.unmoved(ctx); err != nil {
		return err
	}
	if err := e.migrate(ctx); err != nil {
		return err
	}
	e.openReaders(cfg)
	if err := e.openListener(ctx, cfg); err != nil {
		return err
	}
	// Another server may erase at any time.
	e.gone.Store(true)
	e.erased.Store(true)
	return e.followOthers(ctx, cfg)
}

// openListener opens the pool of the job queue's listener, which connects when it is used.
func (e *engine) openListener(ctx context.Context, cfg *pgx.ConnConfig) (err error) {
	pool, err := pgxpool.ParseConfig("")
	if err != nil {
		return err
	}
	pool.ConnConfig, pool.MaxConns, pool.MinConns = cfg.Copy(), postgresListeners, 0
	e.listener, err = pgxpool.NewWithConfig(ctx, pool)
	return err
}

// openPostgresPool opens a pool of connections with the settings.
func openPostgresPool(cfg *pgx.ConnConfig, conns int, settings map[string]string) *sql.DB {
	cfg = cfg.Copy()
	maps.Copy(cfg.RuntimeParams, settings)
	pool := stdlib.OpenDB(*cfg, stdlib.OptionAfterConnect(prepareConn))
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return pool
}

// prepareConn makes a new connection one on which what is committed is kept, and that takes values as
// SQLite's driver does: what is a text underneath is that text, whatever it prints itself as.
func prepareConn(ctx context.Context, conn *pgx.Conn) error {
	m := conn.TypeMap()
	m.TryWrapEncodePlanFuncs = append([]pgtype.TryWrapEncodePlanFunc{pgtype.TryWrapFindUnderlyingTypeEncodePlan},
		m.TryWrapEncodePlanFuncs...)
	_, err := conn.Exec(ctx, `SELECT set_config('synchronous_commit', 'on', FALSE)
		WHERE current_setting('synchronous_commit') = 'off'`)
	return err
}

// fits refuses what the tables can't be in.
func fits(ctx context.Context, pool *sql.DB) error {
	var version int64
	var encoding string
	err := pool.QueryRowContext(ctx, `SELECT CAST(current_setting('server_version_num') AS BIGINT),
		current_setting('server_encoding')`).Scan(&version, &encoding)
	switch {
	case err != nil:
		return err
	case version < oldestPostgres:
		return &fault.Error{Kind: fault.Precondition, Reason: "OLD_POSTGRES", Message: fmt.Sprintf(
			"it is PostgreSQL %d; Refrain needs %d or later", version/10000, oldestPostgres/10000)}
	case encoding != "UTF8":
		return &fault.Error{Kind: fault.Precondition, Reason: "DATABASE_ENCODING", Message: "its encoding is " + encoding +
			"; make a database whose encoding is UTF8: createdb -E UTF8 -T template0 NAME"}
	}
	return nil
}

// followOthers begins to follow what other servers commit.
func (e *engine) followOthers(ctx context.Context, cfg *pgx.ConnConfig) error {
	began := time.Now()
	last, err := e.LastChange(ctx)
	if err != nil {
		return err
	}
	o := &e.others
	o.opened = last
	o.told.Store(last)
	o.asOf.Store(began.UnixNano())
	o.wake = make(chan struct{}, 1)
	o.cfg = cfg
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	o.running, o.stop = running, stop
	o.done.Go(func() { e.keepUp(running) })
	o.done.Go(func() { e.listen(running, cfg.Copy()) })
	return nil
}

// listen has others' changes looked for as soon as the database says that there are some, until the context
// ends. Without a connection they are looked for all the same, twice a second.
func (e *engine) listen(ctx context.Context, cfg *pgx.ConnConfig) {
	for ctx.Err() == nil {
		_ = e.listenOnce(ctx, cfg) // it is tried again, and not needed
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
		}
	}
}

func (e *engine) listenOnce(ctx context.Context, cfg *pgx.ConnConfig) error {
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // nothing was written
	if _, err := conn.Exec(ctx, `LISTEN `+changesChannel); err != nil {
		return err
	}
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
		select {
		case e.others.wake <- struct{}{}:
		default:
		}
	}
}

// withTriggerOff lifts the ledger's guard while f runs.
func withTriggerOff(ctx context.Context, t *writeTx, f func(context.Context) error) error {
	if err := exec(ctx, t, `ALTER TABLE ledger DISABLE TRIGGER ledger_no_update`); err != nil {
		return fmt.Errorf("lift the ledger's guard: %w", err)
	}
	if err := f(ctx); err != nil {
		return err
	}
	return wrap("put the ledger's guard back", exec(ctx, t, `ALTER TABLE ledger ENABLE TRIGGER ledger_no_update`))
}

// notLookedAt leaves the files to PostgreSQL's own tools, which see them: data checksums and pg_amcheck.
func notLookedAt(context.Context, querier, func(string)) error { return nil }
