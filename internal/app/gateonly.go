package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/disk"
	"github.com/refrain-asr/refrain/internal/store"
)

// cannotWrite is why nothing can be written to a data directory, where that is why a start
// failed; nil where it failed for another reason.
func cannotWrite(
	err error, dir string, spaceOf func(string) (disk.Space, error),
) *fault.Error {
	if err == nil {
		return nil
	}
	if f := disk.Explain(err); f != nil {
		return f
	}
	if f := store.Explain(err); f != nil && f.Reason != store.LockedReason {
		return f
	}
	if !store.NoFile(err) {
		return nil
	}
	if spaceOf == nil {
		spaceOf = disk.SpaceOf
	}
	switch s, unknown := spaceOf(dir); {
	case unknown != nil:
		return nil //nolint:nilerr // there is nothing to go by
	case s.ReadOnly:
		return disk.ReadOnly(err)
	case s.Free == 0, s.Files > 0 && s.FreeFiles == 0:
		return disk.Full(err)
	}
	return nil
}

// openGateOnly opens a server that answers checks alone, since nothing can be written.
func openGateOnly(
	ctx context.Context, cfg config.Config, o Options, why *fault.Error,
) (*App, error) {
	only := *why
	only.Message = "this server answers checks alone, as things were when it started, and keeps " +
		"nothing until it is restarted: " + why.Message
	a, err := open(ctx, cfg, o, &only)
	if err != nil {
		return nil, fmt.Errorf("%w\nAnd it can't start to answer checks alone: %w", why, err)
	}
	a.log.ErrorContext(ctx, "nothing can be written to the data directory: the server answers checks "+
		"alone, from a copy of the database; reservations, reports, decisions and uploads are refused. "+
		"Free space, or make the disk writable, and restart", "reason", why.Reason, "error", why,
		"data", cfg.Data)
	return a, nil
}

// onlyChecks tells that the server answers checks alone, and can keep nothing.
func (a *App) onlyChecks() bool { return a.only != nil }

// openCopy opens a copy of the database in the data directory, in which nothing can be written.
func (a *App) openCopy(ctx context.Context) error {
	unlock, err := datadir.LockToRead(a.cfg.Data)
	if err != nil {
		return err
	}
	a.onClose(func() error { unlock(); return nil })
	facts, err := lookAt(ctx, a.cfg)
	if err != nil {
		return err
	}
	if facts.NoDatabase() || len(facts.Secrets) == 0 {
		return errors.New("there is no database and key to read")
	}
	a.removeCopies(ctx, facts)
	dir, err := a.copyDatabase(facts)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, datadir.DBFile)
	db, err := described(ctx, facts, path)
	if err != nil {
		return err
	}
	if err := a.believe(ctx, facts, db); err != nil {
		return err
	}
	if err := a.deriveKeys(facts.Secrets); err != nil {
		return err
	}
	if err := a.openDatabase(ctx, path); err != nil {
		return err
	}
	refuse := func(int64) (func(), error) { return nil, a.only }
	return a.openAudio(ctx, facts, refuse, true)
}

// memory is a directory in memory, which most Linux systems have.
const memory = "/dev/shm"

// copyParents are the directories in which the database is copied.
func copyParents() []string { return []string{os.TempDir(), memory} }

// copyPrefix begins the names of the copies of a data directory's database, and of no other's:
// not even of those of a copy of the directory, whose server may run.
func copyPrefix(f datadir.Facts) string {
	is := f.Dir
	if path, err := filepath.Abs(is); err == nil {
		is = path
	}
	if f.State != nil {
		is += "\x00" + f.State.ID
	}
	hash := sha256.Sum256([]byte(is))
	return "refrain-gate-" + hex.EncodeToString(hash[:8]) + "-"
}

// removeCopies removes what servers that were killed left of copies of the database: all numbers
// are in them. Nobody else uses one, since this process has the data directory.
func (a *App) removeCopies(ctx context.Context, facts datadir.Facts) {
	for _, parent := range copyParents() {
		entries, err := os.ReadDir(parent)
		if err != nil { // then there is none in it
			continue
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), copyPrefix(facts)) {
				continue
			}
			path := filepath.Join(parent, e.Name())
			if err := os.RemoveAll(path); err != nil {
				a.log.WarnContext(ctx, "a copy of the database that a server left behind could not be removed; "+
					"remove it", "copy", path, "error", err)
			}
		}
	}
}

// copyDatabase copies the database and its log to where there is room: what is in the log is
// committed, and is not yet in the database's file. Nobody writes to them, since this process has
// the data directory.
func (a *App) copyDatabase(facts datadir.Facts) (dir string, err error) {
	var errs []error
	for _, parent := range copyParents() {
		dir, err := os.MkdirTemp(parent, copyPrefix(facts)+"*")
		if err == nil {
			a.onClose(func() error { return os.RemoveAll(dir) })
			err = errors.Join(copyFile(a.cfg.Path(datadir.DBFile), filepath.Join(dir, datadir.DBFile)),
				copyFile(a.cfg.Path(datadir.WALFile), filepath.Join(dir, datadir.WALFile)))
		}
		if err == nil {
			return dir, nil
		}
		if dir != "" {
			err = errors.Join(err, os.RemoveAll(dir))
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("copy the database to read it: set TMPDIR to a directory with room for it: %w",
		errors.Join(errs...))
}

// copyFile copies a file; it is no error where there is none.
func copyFile(from, to string) (err error) {
	src, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}

// refuseWrites has whatever would be written refused, once the gate is loaded.
func (a *App) refuseWrites(context.Context) error {
	a.db.Refuse(a.only)
	return nil
}
