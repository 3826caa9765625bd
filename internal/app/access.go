package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/feed"
)

// openAccess learns the keys and people there are, and follows what becomes of them.
func (a *App) openAccess(ctx context.Context) error {
	a.guard = access.NewGuard(a.db.Access, a.db.Access, refusals{a}, a.now, func(err error) {
		a.log.Error("whom the server refused could not be recorded", "error", err)
	})
	if a.cfg.Reached() {
		a.guard.Reached()
	}
	a.db.Follow(func(changes []feed.Change) error {
		if !slices.ContainsFunc(changes, func(c feed.Change) bool { return c.Kind == feed.Access }) {
			return nil
		}
		// The change is made already, whoever asked for it: that keys are behind is made up for.
		if err := a.loadKeys(context.WithoutCancel(ctx)); err != nil {
			a.log.ErrorContext(ctx, "keys changed, and could not be read; trying again in seconds", "error", err)
			return err
		}
		return nil
	})
	a.onClose(func() error { return a.keepUse(context.WithoutCancel(ctx)) })
	a.guard.Limits = access.SessionLimits{Idle: a.cfg.SignIn.Idle, Longest: a.cfg.SignIn.Longest}
	a.guard.Revealing = a.cfg.Privacy.Reveal
	if !a.alone() {
		a.guard.CatchUp = a.db.CatchUp
	}
	if err := a.openPeople(ctx); err != nil {
		return err
	}
	return a.guard.Load(ctx)
}

// tellRevived warns, at the first start on what a backup gave back, of whom it lets in again.
func (a *App) tellRevived(ctx context.Context, made time.Time) error {
	all, err := a.db.Access.Keys(ctx)
	if err != nil {
		return err
	}
	people, err := a.db.Access.Users(ctx)
	if err != nil {
		return err
	}
	var keys, users []string
	for _, k := range all {
		if k.Standing(a.now()) {
			keys = append(keys, k.Name+" ("+string(k.Role)+")")
		}
	}
	for _, u := range people {
		if u.DisabledAt.IsZero() {
			users = append(users, u.Name+" ("+string(u.Role)+")")
		}
	}
	if len(keys)+len(users) > 0 {
		a.log.WarnContext(ctx, "a backup was put back with the keys and people of then: what was revoked, rotated, "+
			"disabled or changed since works again, until you do it anew (refrain key revoke, refrain user disable)",
			"as_of", made, "keys", keys, "users", users)
	}
	return nil
}

// mostLoad is how long keys may take to be read while all who write wait.
const mostLoad = 5 * time.Second

// loadKeys takes over the keys as they are stored. Where that fails, heedKeys tries again.
func (a *App) loadKeys(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, mostLoad)
	defer cancel()
	err := a.guard.Load(ctx)
	a.keysBehind.Store(err != nil)
	return err
}

// heedKeys makes up for keys that changed and could not be read: one that was revoked must stop working.
func (a *App) heedKeys(ctx context.Context) {
	if !a.keysBehind.Load() {
		return
	}
	switch err := a.loadKeys(ctx); {
	case err == nil:
		a.log.InfoContext(ctx, "keys are read again")
	case ctx.Err() == nil:
		a.log.ErrorContext(ctx, "keys changed, and still can't be read; trying again in seconds", "error", err)
	}
}

// refusals record whom the guard refused.
type refusals struct{ a *App }

// Record implements audit.Recorder. They are in the log only where nothing can be kept.
func (r refusals) Record(ctx context.Context, e audit.Entry) error {
	if r.a.onlyChecks() {
		r.a.log.WarnContext(ctx, "refused", "actor", e.Actor, "from", e.From, "why", e.Details["why"],
			"request", e.Details["request"])
		return nil
	}
	return r.a.db.Audit.Record(ctx, e)
}

// keepUse stores when keys were used last, where anything can be kept.
func (a *App) keepUse(ctx context.Context) error {
	if a.onlyChecks() {
		return nil
	}
	return a.guard.NoteUse(ctx)
}

// openAdminSocket lets whoever owns the data directory in without a key. Where the directory can hold
// no socket, the server does without, unless nobody could ever get in then.
func (a *App) openAdminSocket(ctx context.Context) error {
	l, err := listenAdmin(ctx, a.cfg.Data)
	if err != nil {
		if a.cfg.Reached() && a.guard.Open() && !a.onlyChecks() {
			return fmt.Errorf("other machines can reach this server and it has no key, and without the admin "+
				"socket none can be made: start it on 127.0.0.1, make one with 'refrain key add NAME --role admin', "+
				"and start it again: %w", err)
		}
		a.log.WarnContext(ctx, "there is no admin socket: once there are keys, only they let anybody in",
			"error", err)
		return nil
	}
	a.adminSocket = l
	a.onClose(func() error { // the directory is this server's still
		_ = os.Remove(filepath.Join(a.cfg.Data, datadir.AdminSocket)) // else the next start does
		return ignoreClosed(l.Close)()
	})
	return nil
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

// sayWhoMay tells at the start who may do what, where no key says that.
func (a *App) sayWhoMay(ctx context.Context) {
	switch {
	case !a.guard.Open():
	case a.cfg.Reached():
		a.log.WarnContext(ctx, "other machines can reach this server and it has no key yet: every request is "+
			"refused until one is made here, while it runs: refrain key add NAME --role admin --data DIRECTORY",
			"directory", a.cfg.Data)
	default:
		a.log.WarnContext(ctx, "there is no key yet, and nobody signs in: whoever asks from this machine may do everything; "+
			"'refrain key add NAME --role admin' ends that")
	}
}

// noteUse stores when keys were used last.
func (a *App) noteUse(ctx context.Context) {
	if err := a.keepUse(ctx); err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "when keys were used could not be stored; trying again in a minute",
			"error", err)
	}
}

// forgetSessions deletes those that are over; those only that have been for an hour, as when they were used
// last is stored later.
func (a *App) forgetSessions(ctx context.Context) {
	if a.onlyChecks() {
		return
	}
	since, limits := a.now().Add(-headEvery), a.guard.Limits
	err := a.db.Access.ForgetSessions(ctx, since.Add(-limits.Longest), since.Add(-limits.Idle))
	if err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "sessions that are over could not be deleted; trying again in an hour", "error", err)
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
