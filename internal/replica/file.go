package replica

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/refrain-asr/refrain/freeze"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// file is the snapshot on disk: a SQLite database with an item a row, and how far they go. All of it is brought
// from one state to the next in one transaction. What is deleted is overwritten.
type file struct{ db *sql.DB }

// layout is the version of its tables. One of another version is made anew: it is a copy.
const layout = 1

// application marks a database as such a snapshot (SQLite's application_id): "RfGt".
const application = 0x52664774

const tables = `
CREATE TABLE items (key BLOB PRIMARY KEY, ends INTEGER, body BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX items_ends ON items (ends) WHERE ends IS NOT NULL;
CREATE TABLE place (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), installation TEXT NOT NULL,
	sequence INTEGER NOT NULL, as_of INTEGER NOT NULL, entries INTEGER NOT NULL, mac BLOB NOT NULL,
	names BLOB NOT NULL, plan BLOB NOT NULL, lines TEXT NOT NULL);`

// openFile opens the snapshot, and makes it where it is missing. Nobody else can open it meanwhile.
func openFile(ctx context.Context, path string) (*file, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	made, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) // SQLite's files take over the permissions
	switch {
	case errors.Is(err, fs.ErrExist):
		err = checkPrivate(path)
	case err == nil:
		err = made.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("open the snapshot: %w", err)
	}
	f, err := openTables(ctx, path)
	if isBusy(err) {
		return nil, fmt.Errorf("another gate, or another program, has the snapshot %s open: each gate needs one of its own: %w",
			path, err)
	}
	if isDamaged(err) { // it is a copy: the server tells all anew
		if err = os.Rename(path, path+".damaged"); err == nil {
			return openFile(ctx, path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the snapshot %s: %w", path, err)
	}
	return f, nil
}

// checkPrivate refuses a file that others may read.
func checkPrivate(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = fmt.Errorf("others may read or change %s: chmod 600 it", path)
	}
	return err
}

var errOther = errors.New("it is no snapshot of a gate")

// isDamaged tells that what lies there is nothing that could be used, or of another program's version.
func isDamaged(err error) bool {
	var code interface{ Code() int }
	const corrupt, notADatabase = 11, 26
	return errors.Is(err, errLayout) ||
		errors.As(err, &code) && (code.Code()&0xff == corrupt || code.Code()&0xff == notADatabase)
}

// isBusy tells that another has it open.
func isBusy(err error) bool {
	var code interface{ Code() int }
	const busy = 5
	return errors.As(err, &code) && code.Code()&0xff == busy
}

var errLayout = errors.New("it is of another version")

func openTables(ctx context.Context, path string) (*file, error) {
	q := "_txlock=immediate&_busy_timeout=2000&_dqs=0&_pragma=locking_mode(exclusive)&_pragma=journal_mode(truncate)" +
		"&_pragma=synchronous(full)&_pragma=secure_delete(on)&_pragma=temp_store(memory)&_pragma=cell_size_check(on)"
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	f := &file{db}
	if err := f.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return f, nil
}

// prepare makes the tables where there are none.
func (f *file) prepare(ctx context.Context) error {
	return f.inTx(ctx, func(tx *sql.Tx) error {
		var app, version, n int
		for query, to := range map[string]*int{"PRAGMA application_id": &app, "PRAGMA user_version": &version,
			"SELECT count(*) FROM sqlite_schema": &n} {
			if err := tx.QueryRowContext(ctx, query).Scan(to); err != nil {
				return err
			}
		}
		switch {
		case n > 0 && app != application:
			return errOther
		case n > 0 && version != layout:
			return errLayout
		case n > 0:
			return nil
		}
		_, err := tx.ExecContext(ctx, tables+fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;",
			application, layout))
		return err
	})
}

func (f *file) close() error { return f.db.Close() }

func (f *file) inTx(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// keyOf is what an item's row is known by; what is told anew takes its place.
func keyOf(item *pb.FeedItem) []byte {
	switch m := item.GetItem().(type) {
	case *pb.FeedItem_Freeze:
		return append([]byte("f"), m.Freeze.GetId()...)
	case *pb.FeedItem_Allowance:
		return append([]byte("a"), m.Allowance.GetId()...)
	case *pb.FeedItem_Denials:
		return append([]byte("d"), m.Denials.GetName()...)
	case *pb.FeedItem_Erased:
		return append([]byte("d"), m.Erased.GetName()...)
	case *pb.FeedItem_Rules:
		return []byte("r")
	case *pb.FeedItem_Keys:
		return []byte("k")
	}
	return []byte("c")
}

// over tells of an item that nothing is to be kept of it; ends is when it is by itself, nil for never.
func over(item *pb.FeedItem) (over bool, ends any) {
	switch m := item.GetItem().(type) {
	case *pb.FeedItem_Freeze:
		if u := m.Freeze.GetUntil(); u != nil {
			ends = u.AsTime().UnixMicro()
		}
		return m.Freeze.GetReleaseTime() != nil, ends
	case *pb.FeedItem_Allowance:
		return m.Allowance.GetEndTime() != nil, m.Allowance.GetUntil().AsTime().UnixMicro()
	case *pb.FeedItem_Denials:
		var last time.Time
		for _, d := range m.Denials.GetDenials() {
			if u := d.GetUntil().AsTime(); u.After(last) {
				last = u
			}
		}
		return len(m.Denials.GetDenials()) == 0, last.UnixMicro()
	case *pb.FeedItem_Erased:
		return true, nil
	}
	return false, nil
}

// put keeps items, in their order.
func put(ctx context.Context, tx *sql.Tx, items []*pb.FeedItem) error {
	if len(items) == 0 {
		return nil
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO items (key, ends, body) VALUES (?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET ends = excluded.ends, body = excluded.body`)
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }()
	for _, item := range items {
		if item.GetRules() != nil { // what they deny comes behind them
			if _, err := tx.ExecContext(ctx, `DELETE FROM items WHERE key >= ? AND key < ?`, []byte("d"), []byte("e")); err != nil {
				return err
			}
		}
		gone, ends := over(item)
		if gone {
			if _, err := tx.ExecContext(ctx, `DELETE FROM items WHERE key = ?`, keyOf(item)); err != nil {
				return err
			}
			continue
		}
		body, err := proto.Marshal(item)
		if err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, keyOf(item), ends, body); err != nil {
			return err
		}
	}
	return nil
}

// putPlace keeps how far it goes, and drops what ended by then.
func putPlace(ctx context.Context, tx *sql.Tx, at place) error {
	plan, err := proto.Marshal(at.plan)
	if err != nil {
		return err
	}
	lines, err := json.Marshal(at.lines)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO place (only_one, installation, sequence, as_of, entries, mac, names, plan, lines)
		VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (only_one) DO UPDATE SET installation = excluded.installation,
		sequence = excluded.sequence, as_of = excluded.as_of, entries = excluded.entries, mac = excluded.mac,
		names = excluded.names, plan = excluded.plan, lines = excluded.lines`, at.installation, at.seq, at.asOf.UnixMicro(), at.head.entries,
		noNil(at.head.mac), noNil(at.names), noNil(plan), string(lines))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM items WHERE ends IS NOT NULL AND ends <= ?`, at.asOf.UnixMicro())
	return err
}

func noNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// save keeps items and how far they go.
func (f *file) save(ctx context.Context, items []*pb.FeedItem, at place) error {
	return f.inTx(ctx, func(tx *sql.Tx) error {
		if err := put(ctx, tx, items); err != nil {
			return err
		}
		return putPlace(ctx, tx, at)
	})
}

// compact writes it anew, so that nothing is left in it of what was moved and then deleted.
func (f *file) compact(ctx context.Context) error {
	_, err := f.db.ExecContext(ctx, "VACUUM")
	return err
}

// load reads what it knows, by whichever of the names are its own; nil where that is nothing.
func (f *file) load(ctx context.Context, all ...*freeze.Names) (*known, place, error) {
	at, err := f.place(ctx)
	if err != nil || at.installation == "" {
		return nil, place{}, err
	}
	i := slices.IndexFunc(all, func(n *freeze.Names) bool { return bytes.Equal(at.names, digestOf(n.Keys())) })
	if i < 0 {
		return nil, place{}, errors.New("its numbers were named by other keys than those in the file of keys")
	}
	names := all[i]
	plan, err := planOf(at.plan)
	if err != nil {
		return nil, place{}, err
	}
	b := &builder{known: *newKnown(names, plan)}
	rows, err := f.db.QueryContext(ctx, `SELECT body FROM items ORDER BY key DESC`) // rules before what they deny
	if err != nil {
		return nil, place{}, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, place{}, err
		}
		item := &pb.FeedItem{}
		if err := proto.Unmarshal(body, item); err != nil {
			return nil, place{}, fmt.Errorf("an item in it: %w", err)
		}
		if err := b.add(ctx, item); err != nil {
			return nil, place{}, fmt.Errorf("an item in it: %w", err)
		}
		if len(b.freezes) >= batch {
			b.flush()
		}
	}
	if err := rows.Err(); err != nil {
		return nil, place{}, err
	}
	k := b.end()
	if !k.ruled || !k.keyed {
		return nil, place{}, errors.New("it lacks the rules or the keys")
	}
	return k, at, nil
}

// batch is how many freezes are taken over at once.
const batch = 1000

// place reads how far it goes.
func (f *file) place(ctx context.Context) (at place, err error) {
	var asOf int64
	var plan, lines []byte
	err = f.db.QueryRowContext(ctx, `SELECT installation, sequence, as_of, entries, mac, names, plan, lines FROM place`).
		Scan(&at.installation, &at.seq, &asOf, &at.head.entries, &at.head.mac, &at.names, &plan, &lines)
	if errors.Is(err, sql.ErrNoRows) {
		return place{}, nil
	}
	if err != nil {
		return at, err
	}
	if at.seq < 0 || at.head.entries < 0 {
		return at, errors.New("how far it goes makes no sense")
	}
	if err := json.Unmarshal(lines, &at.lines); err != nil {
		return at, fmt.Errorf("for which lines it is: %w", err)
	}
	at.asOf, at.plan = time.UnixMicro(asOf).UTC(), &pb.NumberPlan{}
	return at, proto.Unmarshal(plan, at.plan)
}
