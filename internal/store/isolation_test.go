package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"

	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/storetest"
)

func TestIsolation(t *testing.T) {
	t.Parallel()
	storetest.Isolation{Place: place, Within: synctest.Test}.Run(t, func(t *testing.T, err error) {
		t.Helper()
		require.NoError(t, err)
	})
}

// What is said of isolation is worth something only where a store that doesn't keep it is
// found out: two stores on one database, neither of which waits for the other's turn.
func TestIsolationIsMissed(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(path string) driver.Connector{
		// The second that writes is refused, since the first changed what it had read.
		"deferred transactions": func(path string) driver.Connector { return deferred(path, "0") },
		// Nobody notices anything.
		"no transactions": func(path string) driver.Connector {
			return loose{deferred(path, "5000")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place := func(t *testing.T) storetest.Opener {
				t.Helper()
				path := filepath.Join(t.TempDir(), "refrain.db")
				connector := open(path)
				return func(ctx context.Context, o store.Options) (*store.DB, error) {
					pool := sql.OpenDB(connector)
					pool.SetMaxOpenConns(1)
					return store.OpenUnserialised(ctx, path, o, pool)
				}
			}
			storetest.Isolation{Place: place, Twice: true, Within: synctest.Test}.Run(t,
				func(t *testing.T, err error) {
					t.Helper()
					require.Error(t, err)
					t.Log(err)
				})
		})
	}
}

// dsn makes connections by the driver "sqlite".
type dsn struct {
	name   string
	driver sqlite.Driver
}

func (d *dsn) Connect(context.Context) (driver.Conn, error) { return d.driver.Open(d.name) }

func (d *dsn) Driver() driver.Driver { return &d.driver }

// deferred makes connections whose transactions lock nothing before they write, and that
// wait so many milliseconds for a lock.
func deferred(path, busy string) driver.Connector {
	return &dsn{name: "file:" + filepath.ToSlash(path) + "?_txlock=deferred&_busy_timeout=" + busy +
		"&_foreign_keys=1&_dqs=0"}
}

// loose makes connections on which each statement is a transaction of its own.
type loose struct{ driver.Connector }

func (l loose) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := l.Connector.Connect(ctx)
	return looseConn{c}, err
}

type looseConn struct{ driver.Conn }

func (c looseConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	return looseTx{}, nil
}

func (c looseConn) QueryContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c looseConn) ExecContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Result, error) {
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c looseConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

type looseTx struct{}

func (looseTx) Commit() error   { return nil }
func (looseTx) Rollback() error { return nil }
