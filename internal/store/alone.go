package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/refrain-asr/refrain/fault"
)

// InUseReason is that of the fault of a database that another server works with alone.
const InUseReason = "DATABASE_IN_USE"

// serverLock is the advisory lock of who works with a database alone.
const serverLock = 7430_7431

// Alone has this server be the only one that works with the database of PostgreSQL, until it is closed.
// DATABASE_IN_USE where another one does. A server whose connection breaks, and that another one has taken the
// place of once it is back, writes nothing any more. With SQLite it does nothing: there the file's directory is
// locked.
func (e *engine) Alone(ctx context.Context) error {
	if !e.d.shared {
		return nil
	}
	conn, err := e.lockServer(ctx)
	if err != nil {
		return err
	}
	e.others.done.Go(func() { e.stayAlone(e.others.running, conn) })
	return nil
}

// lockServer takes the lock on a connection of its own, with which it ends.
func (e *engine) lockServer(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, e.others.cfg.Copy())
	if err != nil {
		return nil, wrap("reach the database", err)
	}
	var got bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, int64(serverLock)).Scan(&got); err != nil || !got {
		_ = conn.Close(ctx) // nothing was written
		if err != nil {
			return nil, wrap("lock the database", err)
		}
		return nil, &fault.Error{Kind: fault.Unavailable, Reason: InUseReason, Message: "another server of Refrain works with " +
			"this database, and each needs one of its own: stop that one, or name another database. After a machine's death " +
			"the database lets go once it notices, within a minute"}
	}
	return conn, nil
}

// stayAlone takes the lock again where the connection that had it breaks.
func (e *engine) stayAlone(ctx context.Context, conn *pgx.Conn) {
	for ctx.Err() == nil {
		if conn != nil {
			_, _ = conn.WaitForNotification(ctx) // there is none: it waits for the connection's end
			_ = conn.Close(context.WithoutCancel(ctx))
		}
		var err error
		conn, err = e.lockServer(ctx)
		if f, ok := errors.AsType[*fault.Error](err); ok && f.Reason == InUseReason {
			e.Refuse(f)
			return
		}
		if err != nil {
			select {
			case <-time.After(lookEvery):
			case <-ctx.Done():
			}
		}
	}
}
