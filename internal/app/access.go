package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/feed"
)

// openAccess learns the keys there are, and follows what becomes of them.
func (a *App) openAccess(ctx context.Context) error {
	a.guard = access.NewGuard(a.db.Access, a.db.Audit, a.now, func(err error) {
		a.log.Error("whom the server refused could not be recorded", "error", err)
	})
	a.db.Follow(func(changes []feed.Change) error {
		if !slices.ContainsFunc(changes, func(c feed.Change) bool { return c.Kind == feed.Access }) {
			return nil
		}
		return a.loadKeys(context.WithoutCancel(ctx))
	})
	if a.only == nil { // else nothing can be written
		a.onClose(func() error { return a.guard.NoteUse(context.WithoutCancel(ctx)) })
	}
	return a.guard.Load(ctx)
}

// keysPatience bounds how long whoever writes waits until the keys are read again.
const keysPatience = 5 * time.Second

// loadKeys takes over the keys as they are now. Where that fails upkeep tries again: a key that was
// revoked must not go on.
func (a *App) loadKeys(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, keysPatience)
	defer cancel()
	a.keysStale.Store(false) // before, so that a change meanwhile is not lost
	err := a.guard.Load(ctx)
	if err != nil {
		a.keysStale.Store(true)
	}
	return err
}

// reloadKeys takes over the keys where that failed before.
func (a *App) reloadKeys(ctx context.Context) {
	if !a.keysStale.Load() {
		return
	}
	if err := a.loadKeys(ctx); err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "the keys could not be read again, and those that are revoked may still "+
			"work; trying again in 5 seconds", "error", err)
	}
}

// openAdminSocket lets whoever owns the data directory in without a key. Where the directory can hold
// no socket, the server does without.
func (a *App) openAdminSocket(ctx context.Context) {
	l, err := listenAdmin(ctx, a.cfg.Data)
	if err != nil {
		a.log.WarnContext(ctx, "there is no admin socket: once there are keys, only they let anybody in",
			"error", err)
		return
	}
	a.adminSocket = l
	a.onClose(ignoreClosed(l.Close))
}

func listenAdmin(ctx context.Context, dir string) (net.Listener, error) {
	path, done, err := datadir.SocketPath(dir)
	if err != nil {
		return nil, err
	}
	defer done()
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&fs.ModeSocket == 0 {
			return nil, fmt.Errorf("%s is there, and is no socket", path)
		}
		if err := os.Remove(path); err != nil { // of a server that was killed: this one has the lock
			return nil, err
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	unix, ok := l.(*net.UnixListener)
	if ok {
		unix.SetUnlinkOnClose(false) // by then the path may be another's
	}
	// The directory is its owner's alone already; the socket is, too.
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// sayWhoMay tells at the start who may do what, where that is everybody who is on this machine.
func (a *App) sayWhoMay(ctx context.Context) {
	if a.guard.Open() {
		a.log.WarnContext(ctx, "there is no key yet: whoever asks from this machine may do everything; "+
			"'refrain key add NAME --role admin' ends that")
	}
}

// noteUse stores when keys were used last.
func (a *App) noteUse(ctx context.Context) {
	if a.only != nil {
		return
	}
	if err := a.guard.NoteUse(ctx); err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "when keys were used could not be stored; trying again in a minute",
			"error", err)
	}
}

// logAuditHead notes the head of the audit record outside of the database.
func (a *App) logAuditHead(ctx context.Context) {
	seq, head, err := a.db.Audit.Head(ctx)
	switch {
	case ctx.Err() != nil: // the server is stopping
	case err != nil:
		a.log.ErrorContext(ctx, "the head of the audit record could not be read", "error", err)
	case seq > 0:
		a.log.InfoContext(ctx, "the audit record's head; 'refrain audit verify --head' takes it", "entries",
			seq, "head", head.String())
	}
}
