package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/blob"
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
		return nil
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
	dir, err := a.copyDatabase()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, datadir.DBFile)
	if err := a.believe(ctx, facts, path); err != nil {
		return err
	}
	if err := a.deriveKeys(facts.Secrets); err != nil {
		return err
	}
	if err := a.openDatabase(ctx, path); err != nil {
		return err
	}
	refuse := func(int64) (func(), error) { return nil, a.only }
	if a.blobs, err = blob.OpenReadOnly(a.cfg.Path(datadir.AudioDir), refuse); err != nil {
		return err
	}
	for _, path := range a.cfg.Intake.Archives {
		if err := a.blobs.Archive(path); err != nil {
			return err
		}
	}
	a.onClose(a.blobs.Close)
	a.files, err = a.cfg.Audio.Files("")
	return err
}

// memory is a directory in memory, which most Linux systems have.
const memory = "/dev/shm"

// copyDatabase copies the database and its log to where there is room: what is in the log is
// committed, and is not yet in the database's file. Nobody writes to them, since this process has
// the data directory.
func (a *App) copyDatabase() (dir string, err error) {
	var errs []error
	for _, parent := range []string{os.TempDir(), memory} {
		dir, err := os.MkdirTemp(parent, "refrain-gate-*")
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
