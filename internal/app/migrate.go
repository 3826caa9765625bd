package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/atomicfile"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/store"
)

// Moved is what Migrate did.
type Moved struct {
	// Rows are how many there are of each table.
	Rows map[string]int64
	// Entries is the number of the ledger's last entry, Head its MAC in hexadecimal.
	Entries int64
	Head    string
	// Kept is where the file is that all was in.
	Kept string
}

// Migrate moves what a data directory keeps in its file, whose server must not run, into the empty database of
// PostgreSQL that is configured, and gives the file another name. Broken off, it is called again.
func Migrate(ctx context.Context, cfg config.Config) (m Moved, err error) {
	if err := cfg.Validate(); err != nil {
		return m, fmt.Errorf("the configuration is wrong:\n%w", err)
	}
	if cfg.Database.URL == "" {
		return m, &fault.Error{Kind: fault.Invalid, Reason: "NO_DATABASE",
			Message: "the configuration names no database to move into: set database.url"}
	}
	unlock, err := datadir.Lock(cfg.Data)
	if err != nil {
		return m, err
	}
	defer unlock()
	facts, err := lookAt(ctx, cfg)
	if err != nil {
		return m, err
	}
	if err := movable(ctx, facts); err != nil {
		return m, err
	}
	keys, err := facts.Keys()
	if err != nil {
		return m, err
	}
	url, err := cfg.Database.Connection(ctx)
	if err != nil {
		return m, err
	}
	path := facts.Path(datadir.DBFile)
	if m, err = there(ctx, path, url); err != nil {
		return m, err
	}
	if m.Head == "" {
		moved, err := store.Move(ctx, path, url, store.Options{Keys: keys, Now: time.Now, Enqueue: nothing}, func(string, int64) {})
		if err != nil {
			return m, err
		}
		m = Moved{Rows: moved.Rows, Entries: moved.Entries, Head: moved.Head.String()}
	}
	m.Kept, err = keepFile(path, time.Now())
	return m, err
}

// movable refuses a directory that has nothing to be moved, or is not what it was.
func movable(ctx context.Context, facts datadir.Facts) error {
	db, err := described(ctx, facts, facts.Path(datadir.DBFile))
	if err != nil {
		return err
	}
	if db == nil || facts.Secrets == nil {
		return fmt.Errorf("%s holds no database with a key: there is nothing to move", facts.Dir)
	}
	found, err := datadir.Judge(facts, db)
	if err != nil {
		return err
	}
	_, err = datadir.Refuse(found, nil)
	return err
}

// there tells of what was moved before, where the file alone was left to be renamed: the database then is
// the directory's own, with the same ledger.
func there(ctx context.Context, path, url string) (m Moved, err error) {
	file, err := store.Inspect(ctx, path, 0)
	if err != nil {
		return m, err
	}
	now, err := store.InspectPostgres(ctx, url, 0)
	if err != nil || now.Schema == 0 || now.Directory == "" || now.Directory != file.Directory ||
		now.Entries != file.Entries || now.Head != file.Head {
		return m, err
	}
	return Moved{Entries: now.Entries, Head: now.Head.String()}, nil
}

// keepFile gives a database's file and what belongs to it another name.
func keepFile(path string, now time.Time) (string, error) {
	to := path + ".moved-" + now.UTC().Format("20060102T150405Z")
	for _, suffix := range []string{"-wal", "-shm", ""} { // the database last: with it the directory has none
		if err := os.Rename(path+suffix, to+suffix); err != nil && (suffix == "" || !errors.Is(err, fs.ErrNotExist)) {
			return "", fmt.Errorf("put what was moved aside: %w", err)
		}
	}
	return to, atomicfile.SyncDir(filepath.Dir(path))
}
