package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// readers is how many queries can run at once beside a write.
const readers = 8

// openSQLite opens both pools. All settings are in the DSN, because a PRAGMA reaches
// only the connection it is run on.
func (e *engine) openSQLite(ctx context.Context, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	e.path = path
	if err := makePrivate(path); err != nil {
		return err
	}
	// A transaction that reads before it writes must hold the write lock from the
	// start (immediate), or SQLite refuses the write at once. FULL makes a commit
	// survive a power cut, which a list of frozen numbers needs. What a statement needs to
	// undo itself goes to memory: in files it doubled the cost of writing many calls.
	// What is deleted is overwritten, so that it can't be found in the file any more. The
	// cache (64 MiB) holds what lies above the leaves of the calls' indexes.
	// Its log shrinks to what it is as a rule, once a reader is gone for which it had to grow.
	// Nobody else of this process writes, so that a lock is another program's, and to wait for
	// that keeps everybody waiting.
	e.w, err = openPool(path, 1,
		"_txlock=immediate&_busy_timeout=2000&_journal_mode=WAL&_synchronous=FULL&_foreign_keys=1&_dqs=0"+
			"&_pragma=temp_store(memory)&_pragma=cache_size(-65536)&_pragma=secure_delete(on)"+
			"&_pragma=journal_size_limit("+strconv.Itoa(LogLimit)+")")
	if err != nil {
		return err
	}
	if err := e.migrate(ctx); err != nil {
		return err
	}
	e.r, err = openPool(path, readers, "mode=ro&_busy_timeout=5000&_dqs=0")
	if err != nil {
		return err
	}
	if e.hold, err = openPool(path, 1, "mode=ro&_busy_timeout=5000&_dqs=0"); err != nil {
		return err
	}
	// It has its hold once it has read, whatever becomes of ctx.
	if err := exec(context.WithoutCancel(ctx), e.hold, `SELECT 1 FROM sqlite_schema`); err != nil {
		return err
	}
	// Who may ask is read while writing waits: not behind those who read long lists.
	if e.access, err = openPool(path, 1, "mode=ro&_busy_timeout=5000&_dqs=0"); err != nil {
		return err
	}
	if e.place, err = placeOf(path); err != nil {
		return err
	}
	var gone, erased bool
	err = e.r.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM gone), EXISTS (SELECT 1 FROM erasures)`).Scan(&gone, &erased)
	e.gone.Store(gone)
	e.erased.Store(erased)
	return err
}

func openPool(path string, conns int, settings string) (*sql.DB, error) {
	// Only as a file: URI are SQLite's own settings, such as mode, heeded.
	pool, err := sql.Open("sqlite", dsn(path, settings))
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return pool, nil
}

// makePrivate makes the file where it is missing. SQLite would make it readable by
// everybody; the files it puts beside it take over its permissions.
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Close(), dir.Sync(), dir.Close())
}

// withoutTrigger lifts the ledger's guard while f runs.
func withoutTrigger(ctx context.Context, t *writeTx, f func(context.Context) error) error {
	var guard string
	err := t.QueryRowContext(ctx, `SELECT sql FROM sqlite_schema WHERE name = 'ledger_no_update'`).
		Scan(&guard)
	if err != nil {
		return fmt.Errorf("find the ledger's guard: %w", err)
	}
	if err := exec(ctx, t, `DROP TRIGGER ledger_no_update`); err != nil {
		return fmt.Errorf("lift the ledger's guard: %w", err)
	}
	if err := f(ctx); err != nil {
		return err
	}
	return wrap("put the ledger's guard back", exec(ctx, t, guard))
}

// quickCheck reads the whole file.
func quickCheck(ctx context.Context, q querier, found func(what string)) error {
	return wrap("check the database", each(ctx, q, scanText, func(what string) error {
		if what != "ok" {
			found(what)
		}
		return nil
	}, `PRAGMA quick_check(100)`))
}
