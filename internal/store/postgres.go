package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/disk"
	"github.com/refrain-asr/refrain/number"
)

// UnreachableReason is that of the fault of a database that can't be reached, or broke off.
const UnreachableReason = "DATABASE_UNREACHABLE"

// errNoFile is the answer to who asks for the database's file where that is PostgreSQL's.
var errNoFile = &fault.Error{Kind: fault.Precondition, Reason: "NO_DATABASE_FILE",
	Message: "the database is PostgreSQL's, whose files only its own tools may touch: pg_basebackup, pg_dump, pg_amcheck"}

// Codes of PostgreSQL's errors, https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	pgDiskFull         = "53100"
	pgTooMany          = "53300"
	pgReadOnly         = "25006"
	pgIdleInTx         = "25P03"
	pgLockNotAvailable = "55P03"
	pgAdminShutdown    = "57P01"
	pgCrashShutdown    = "57P02"
	pgCannotConnect    = "57P03"
	pgIOError          = "58030"
)

// explainPostgres is Explain for PostgreSQL.
func explainPostgres(err error) *fault.Error {
	if p, ok := errors.AsType[*pgconn.PgError](err); ok {
		return explainCode(p.Code, err)
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[*net.OpError](err)
	if connecting || network || brokenOff(err) {
		return unreachable(err)
	}
	return nil
}

// brokenOff tells of a connection that ended under a statement, or before it.
func brokenOff(err error) bool {
	for _, is := range []error{io.ErrUnexpectedEOF, io.EOF, net.ErrClosed, driver.ErrBadConn, sql.ErrConnDone} {
		if errors.Is(err, is) {
			return true
		}
	}
	return err != nil && pgconn.SafeToRetry(err)
}

func explainCode(code string, err error) *fault.Error {
	switch code {
	case pgDiskFull:
		return disk.Full(err)
	case pgReadOnly: // it is a standby
		return disk.ReadOnly(err)
	case pgIOError:
		return disk.Failed(err)
	case pgLockNotAvailable:
		return &fault.Error{Kind: fault.Unavailable, Reason: LockedReason, Err: err,
			Message: "another server, or another program at the database, holds what is to be written, and doesn't give it " +
				"back: see pg_stat_activity and pg_locks for who that is; then send again what was refused"}
	case pgTooMany, pgIdleInTx, pgAdminShutdown, pgCrashShutdown, pgCannotConnect:
		return unreachable(err)
	}
	if code[:min(2, len(code))] == "08" { // connection exceptions
		return unreachable(err)
	}
	return nil
}

func unreachable(err error) *fault.Error {
	return &fault.Error{Kind: fault.Unavailable, Reason: UnreachableReason, Err: err,
		Message: "the database can't be reached, or broke off: nothing is kept until it answers again; send again what was " +
			"refused, under the same request_id"}
}

// Size is how large the database is, in bytes; 0 with SQLite, whose file tells.
func (e *engine) Size(ctx context.Context) (size int64, err error) {
	if e.d.shared {
		err = e.r.QueryRowContext(ctx, `SELECT pg_database_size(current_database())`).Scan(&size)
	}
	return size, wrap("read how large the database is", err)
}

// begin begins a transaction. Where a connection of the pool turns out to be lost, which one learns when it is
// used, it takes another: nothing was done by then.
func begin(ctx context.Context, pool *sql.DB, o *sql.TxOptions) (*sql.Tx, error) {
	for lost := 0; ; lost++ {
		tx, err := pool.BeginTx(ctx, o)
		f := explainPostgres(err)
		if f == nil || f.Reason != UnreachableReason || lost > pool.Stats().MaxOpenConnections || ctx.Err() != nil {
			return tx, err
		}
		if _, connecting := errors.AsType[*pgconn.ConnectError](err); connecting {
			return tx, err
		}
	}
}

// scrubTables has PostgreSQL give free what was erased, and tells in which rows a number still stands.
func (s *Retention) scrubTables(ctx context.Context, n number.Number) (left []string, err error) {
	tables, err := s.tables(ctx)
	if err != nil {
		return nil, err
	}
	for _, table := range tables {
		if _, err := s.w.ExecContext(ctx, `VACUUM "`+table+`"`); err != nil {
			return nil, fmt.Errorf("vacuum %s: %w", table, err)
		}
	}
	if n.IsZero() {
		return nil, nil
	}
	return s.Remains(ctx, n)
}
