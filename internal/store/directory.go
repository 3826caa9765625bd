package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/refrain-asr/refrain/freeze"
)

// Inspection is what a database says of itself.
type Inspection struct {
	// Schema is the version of its tables; 0 where it has none.
	Schema int64
	// Directory and Key are what Belong wrote; "" where it was not called yet.
	Directory, Key string
	// Former are the IDs of the keys that parts of the ledger were sealed with before, the latest
	// first.
	Former []string
	// Entries is the number of the ledger's last entry, Head its MAC.
	Entries int64
	Head    freeze.MAC
	// First is the ledger's first entry, where it has any.
	First freeze.Entry
	// Noted is the MAC of the entry that was asked for; zero where there is none.
	Noted freeze.MAC
}

// firstFull is the version from which on an entry is stored as it is read now.
const firstFull = 3

// firstRotated is the version from which on a database tells which keys its ledger had.
const firstRotated = 22

// Inspect reads what the database in the file at path says of itself, and the MAC of the
// ledger's entry with the number noted. It changes no row and no table, so that it may look
// at what is not to be opened.
func Inspect(ctx context.Context, path string, noted int64) (i Inspection, err error) {
	err = read(path, func(e *engine) error {
		i, err = e.inspect(ctx, noted)
		return err
	})
	return i, err
}

func (e *engine) inspect(ctx context.Context, noted int64) (i Inspection, err error) {
	q := e.r
	if i.Schema, err = e.schemaOf(ctx); err != nil || i.Schema == 0 {
		return i, err
	}
	if has, err := e.hasTable(ctx, "directory"); err != nil {
		return i, err
	} else if has {
		former, ids := `''`, "" // which came later than the table
		if i.Schema >= firstRotated {
			former = `former_keys`
		}
		err := q.QueryRowContext(ctx, `SELECT id, key_id, `+former+` FROM directory`).
			Scan(&i.Directory, &i.Key, &ids)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return i, err
		}
		if ids != "" {
			i.Former = strings.Fields(ids)
		}
	}
	if i.Entries, i.Head, err = ledgerHead(ctx, q); err != nil {
		return i, err
	}
	err = q.QueryRowContext(ctx, `SELECT mac FROM ledger WHERE seq = $1`, noted).
		Scan(hashInto{i.Noted[:]})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return i, err
	}
	if i.Entries == 0 || i.Schema < firstFull {
		return i, nil
	}
	i.First, err = scanEntry(q.QueryRowContext(ctx,
		`SELECT `+entryColumns+` FROM ledger ORDER BY seq LIMIT 1`))
	return i, err
}

func (e *engine) schemaOf(ctx context.Context) (version int64, err error) {
	has, err := e.hasTable(ctx, "goose_db_version")
	if err != nil || !has {
		return 0, err
	}
	err = e.r.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version`).
		Scan(&version)
	return version, err
}

func (e *engine) hasTable(ctx context.Context, name string) (has bool, err error) {
	err = e.r.QueryRowContext(ctx, e.d.hasTable, name).Scan(&has)
	return has, err
}

// Inspect reads what the database says of itself; see the function.
func (e *engine) Inspect(ctx context.Context, noted int64) (Inspection, error) {
	i, err := e.inspect(ctx, noted)
	return i, wrap("read what the database is", err)
}

// Belong writes down whose database this is: the data directory's id, and those of the keys
// its ledger is sealed with, the one in force first.
func (e *engine) Belong(ctx context.Context, directory string, keys ...string) error {
	return e.inTx(ctx, func(ctx context.Context, tx Tx) error { return belong(ctx, tx, directory, keys) })
}

func belong(ctx context.Context, q querier, directory string, keys []string) error {
	return wrap("write whose database this is", exec(ctx, q,
		`INSERT INTO directory ("only", id, key_id, former_keys) VALUES (1, $1, $2, $3)
			ON CONFLICT ("only") DO UPDATE SET id = excluded.id, key_id = excluded.key_id,
			former_keys = excluded.former_keys`, directory, keys[0], strings.Join(keys[1:], " ")))
}

// QuickCheck reads the whole database and hands what is damaged in it to found, 100 things
// at most. It keeps nobody from writing.
func (e *engine) QuickCheck(ctx context.Context, found func(what string)) error {
	return e.d.damaged(ctx, e.r, found)
}

// entered tells that the ledger has come to e.
func (t *writeTx) entered(e freeze.Entry) { t.head = &e }

// noteHead hands on how far a committed transaction brought the ledger.
func (t *writeTx) noteHead() {
	if t.head != nil && t.e.o.Entered != nil {
		t.e.o.Entered(t.head.Seq, t.head.MAC)
	}
}
