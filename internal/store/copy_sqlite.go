package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/recording"
)

// copyPages is how many pages are copied at once: in between, a context may end it.
const copyPages = 1024

// Copy copies the database in the file at from, as it is at one moment, into a new file at
// to, while others read and write it. The copy is one file, complete by itself and synced.
// The log of the one that is copied grows until it is done.
func Copy(ctx context.Context, from, to string, progress func(done, whole int64)) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("copy the database %s: %w", from, err), removeCopy(to))
		}
	}()
	if to, err = filepath.Abs(to); err != nil {
		return err
	}
	if err := makeEmpty(to); err != nil {
		return err
	}
	pool, err := openReadOnly(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// Within a transaction that has read, what others commit is neither seen nor makes the
	// copying begin anew.
	var tables int
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return err
	}
	err = conn.Raw(func(driver any) error { return copyTo(ctx, driver, to, progress) })
	if err != nil {
		return err
	}
	return finishCopy(ctx, to)
}

// backuper is a connection of the driver.
type backuper interface {
	NewBackup(to string) (*sqlite.Backup, error)
}

func copyTo(
	ctx context.Context, driver any, to string, progress func(done, whole int64),
) (err error) {
	from, ok := driver.(backuper)
	if !ok {
		return fmt.Errorf("the driver %T can't copy", driver)
	}
	b, err := from.NewBackup(dsn(to, ""))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Finish()) }()
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if more, err = b.Step(copyPages); err != nil {
			return err
		}
		whole := int64(b.PageCount())
		progress(whole-int64(b.Remaining()), whole)
	}
	return nil
}

// finishCopy makes a copy one file, which needs no log beside it, and syncs it.
func finishCopy(ctx context.Context, to string) error {
	pool, err := openPool(to, 1, "_dqs=0")
	if err != nil {
		return err
	}
	_, err = pool.ExecContext(ctx, `PRAGMA journal_mode = DELETE`)
	if err := errors.Join(err, pool.Close()); err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// SignOut ends all sessions in the database in the file at path, which is one file that nobody has open, and
// stays that.
func SignOut(ctx context.Context, path string) (err error) {
	defer func() { err = wrap("end the sessions in the database "+path, err) }()
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	pool, err := openPool(path, 1, "mode=rw&_dqs=0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	var there bool // a database of an earlier program has none
	err = pool.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema
		WHERE name = 'access_sessions')`).Scan(&there)
	if err != nil || !there {
		return err
	}
	_, err = pool.ExecContext(ctx, `DELETE FROM access_sessions`)
	return err
}

func makeEmpty(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func removeCopy(path string) error {
	var errs []error
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func dsn(path, settings string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: settings}).String()
}

// openReadOnly opens a file of which nothing is to be changed.
func openReadOnly(path string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	return openPool(path, 1, "mode=ro&_busy_timeout=5000&_dqs=0")
}

// read runs f on the database in the file at path, of which it changes nothing.
func read(path string, f func(e *engine) error) (err error) {
	pool, err := openReadOnly(path)
	if err != nil {
		return fmt.Errorf("read the database %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	return wrap("read the database "+path, f(&engine{d: sqliteDialect, r: pool}))
}

// Audio is what a database says of a recording's file.
type Audio struct {
	ID     recording.ID
	SHA256 string
	Size   int64
}

// EachAudio hands the audio of all recordings that the database in the file at path knows to
// visit, but for what was erased, until that fails.
func EachAudio(ctx context.Context, path string, visit func(Audio) error) error {
	return read(path, func(e *engine) error {
		query := `SELECT id, sha256, size FROM recordings`
		var erasing bool // a database of an earlier program erases nothing
		err := e.r.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pragma_table_info('recordings')
			WHERE name = 'erased_at')`).Scan(&erasing)
		if err != nil {
			return err
		}
		if erasing {
			query += ` WHERE erased_at IS NULL`
		}
		return each(ctx, e.r, func(rw row) (a Audio, err error) {
			err = rw.Scan(&a.ID, &a.SHA256, &a.Size)
			return a, err
		}, visit, query+` ORDER BY id`)
	})
}

// Check reads the whole database in the file at path, hands what is damaged in it to found,
// and verifies its ledger, where its tables are those of this program (proven tells so). It
// changes nothing.
func Check(
	ctx context.Context, path string, keys freeze.Keys, found func(what string),
) (v freeze.Verification, proven bool, err error) {
	err = read(path, func(e *engine) error {
		if err := e.QuickCheck(ctx, found); err != nil {
			return err
		}
		have, err := e.schemaOf(ctx)
		if err != nil {
			return err
		}
		if newest, err := e.d.newest(); err != nil || have != newest || !keys.Valid() {
			return err
		}
		e.o.Keys, proven = keys, true
		v, err = (&Freezes{e}).Verify(ctx, freeze.MAC{})
		return err
	})
	return v, proven, err
}
