package app

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
)

// openData opens what lies in the data directory, once it is sure that it is what belongs
// there.
func (a *App) openData(ctx context.Context) error {
	unlock, err := datadir.Lock(a.cfg.Data)
	if err != nil {
		return err
	}
	a.onClose(func() error { unlock(); return nil })
	a.reserve.Lighten() // which may be what lets the server start
	facts, err := lookAt(ctx, a.cfg)
	if err != nil {
		return err
	}
	a.removeCopies(ctx, facts)
	db, err := database(ctx, a.cfg, &facts)
	if err != nil {
		return err
	}
	if err := a.believe(ctx, facts, db); err != nil {
		return err
	}
	secrets := facts.Secrets
	if secrets == nil {
		secrets = [][]byte{datadir.NewKey()}
	}
	if err := a.deriveKeys(secrets); err != nil {
		return err
	}
	if err := a.openDatabase(ctx, a.cfg.Path(datadir.DBFile)); err != nil {
		return err
	}
	if facts.Secrets == nil {
		if err := datadir.WriteKey(a.cfg.Path(datadir.KeyFile), secrets...); err != nil {
			return err
		}
	}
	if err := a.claim(ctx, facts); err != nil {
		return err
	}
	a.reserve.Look()
	return a.openAudio(ctx, facts, a.reserve.Take, false)
}

// encryptAudio has audio encrypted where it lies, where that is configured.
func (a *App) encryptAudio(ctx context.Context) error {
	o := a.cfg.Audio.Encrypt
	if !o.Identity.Set() {
		return nil
	}
	text, err := o.Identity.Read(ctx)
	if err != nil {
		return fmt.Errorf("read audio.encrypt.identity: %w", err)
	}
	c, err := blob.NewCipher(text, o.Recipients, o.New)
	if err != nil {
		return fmt.Errorf("audio.encrypt: %v %w", o.Identity, err)
	}
	a.blobs.Encrypt(c)
	return nil
}

// lookAt finds out what lies in the data directory, with the ledger's key from where it is kept.
func lookAt(ctx context.Context, cfg config.Config) (datadir.Facts, error) {
	from := cfg.Ledger.Key
	if !from.Set() {
		return datadir.Look(cfg.Data)
	}
	text, err := from.Read(ctx)
	if err != nil {
		return datadir.Facts{}, fmt.Errorf("read the ledger's key: %w", err)
	}
	secrets, err := datadir.ParseKey(text)
	if err != nil {
		return datadir.Facts{}, fmt.Errorf("%v %w", from, err)
	}
	return datadir.LookWithKey(cfg.Data, from.String(), secrets)
}

// believe refuses a data directory that is not what it was, but for what the operator
// means so. db is what its database says of itself, nil where there is none.
func (a *App) believe(ctx context.Context, facts datadir.Facts, db *datadir.Database) error {
	found, err := datadir.Judge(facts, db)
	if err != nil {
		return err
	}
	if a.meant, err = datadir.Refuse(found, a.cfg.Accept); err != nil {
		return err
	}
	for _, f := range a.meant {
		a.log.WarnContext(ctx, "the data directory is not what it was, and this is accepted",
			"kind", string(f.Kind), "finding", f.Message, "means", f.Means)
	}
	if a.means(datadir.MovedAway) {
		if err := datadir.UnmarkMoved(facts.Dir); err != nil {
			return err
		}
	}
	if a.means(datadir.MissingDatabase) {
		return facts.SetAside(a.now())
	}
	return nil
}

// means tells whether something is wrong with the data directory and accepted.
func (a *App) means(kinds ...datadir.Kind) bool {
	return slices.ContainsFunc(a.meant, func(f datadir.Finding) bool {
		return slices.Contains(kinds, f.Kind)
	})
}

// accepts tells that the operator would accept one of them.
func (a *App) accepts(kinds ...datadir.Kind) bool {
	return slices.ContainsFunc(kinds, func(k datadir.Kind) bool {
		return slices.Contains(a.cfg.Accept, string(k))
	})
}

// described is what the database says of itself, nil where there is none.
func described(
	ctx context.Context, facts datadir.Facts, path string,
) (*datadir.Database, error) {
	if facts.NoDatabase() {
		return nil, nil //nolint:nilnil // there is none
	}
	i, err := store.Inspect(ctx, path, facts.Head.Entries)
	if err != nil {
		return nil, fmt.Errorf("%w: it is damaged, or no database of Refrain. Restore the latest "+
			"backup ('refrain restore') into another directory; keep this one as it is", err)
	}
	return of(i), nil
}

// of is what a database says of itself, nil where it was being made when its server died.
func of(i store.Inspection) *datadir.Database {
	if i.Schema == 0 {
		return nil
	}
	return &datadir.Database{Directory: i.Directory, Key: i.Key, Former: i.Former, Schema: i.Schema, Entries: i.Entries,
		First: i.First, Noted: i.Noted}
}

// deriveKeys makes all keys from the secrets of the ledger's key, that of its first generation first.
func (a *App) deriveKeys(secrets [][]byte) (err error) {
	var tokens [][]byte
	for _, secret := range slices.Backward(secrets) {
		key, err := hkdf.Key(sha256.New, secret, nil, "refrain page token v1", sha256.Size)
		if err != nil {
			return fmt.Errorf("derive the key of page tokens: %w", err)
		}
		tokens = append(tokens, key)
	}
	a.tokenKey, a.formerTokenKeys = tokens[0], tokens[1:]
	if a.keys, err = freeze.NewKeys(secrets...); err != nil {
		return err
	}
	a.table.Named(a.keys.NumberMACs)
	a.sampling, err = newSampling(a.cfg.Review, secrets[len(secrets)-1], a.zone)
	return err
}

func (a *App) openDatabase(ctx context.Context, path string) (err error) {
	a.onClose(a.closeNotebook) // after the database: what it commits last is noted
	o := store.Options{Keys: a.keys, Now: a.now,
		Entered: a.noteHead, Before: a.reserve.Lighten, Failed: a.failed, Room: a.roomAnew,
		Enqueue: func(ctx context.Context, tx store.Tx, r recording.Recording) error {
			return a.runner.Enqueue(ctx, tx, r)
		}}
	if a.cfg.Database.URL == "" || a.only != nil {
		a.db, err = store.Open(ctx, path, o)
	} else {
		a.db, err = a.openPostgres(ctx, o)
	}
	if err != nil {
		return err
	}
	a.onClose(a.db.Close)
	return nil
}

// reseal seals the ledger with the key that there is, where that is another and accepted.
func (a *App) reseal(ctx context.Context) error {
	if !a.means(datadir.OtherKey, datadir.MissingKey) {
		return nil
	}
	if err := a.db.OnlyServer(ctx); err != nil {
		return err
	}
	return a.db.Freezes.Reseal(ctx)
}

// claim has the database and the directory beside it say the same of whose they are.
func (a *App) claim(ctx context.Context, facts datadir.Facts) error {
	if err := a.reseal(ctx); err != nil {
		return err
	}
	is, err := a.rotated(ctx)
	if err != nil {
		return err
	}
	if facts.State == nil && facts.NoHead != nil && is.Directory != "" {
		a.log.WarnContext(ctx, "nothing beside the database tells whether it is the latest; compare "+
			"the ledger's head with the log of the server that had it", "entries", is.Entries, "head",
			is.Head.String())
	}
	state := datadir.State{ID: is.Directory, Key: a.keys.ID(), Schema: is.Schema,
		Made: a.now().UTC().Truncate(time.Second)}
	if state.ID == "" {
		state.ID = a.directoryID(facts)
	}
	if is.Directory != state.ID || is.Key != state.Key {
		if err := a.db.Belong(ctx, state.ID, a.keys.IDs()...); err != nil {
			return err
		}
	}
	if facts.State != nil && !facts.State.Revived.IsZero() {
		if err := a.tellRevived(ctx, facts.State.Revived); err != nil {
			return err
		}
	}
	a.notebook, err = datadir.OpenNotebook(a.cfg.Data, datadir.Head{Entries: is.Entries, MAC: is.Head})
	if err != nil {
		return err
	}
	return facts.Say(state)
}

// rotated brings the ledger to the latest generation of its key, where that is newer than what the
// database knows: somebody added one, or a rotation was broken off. It gives what the
// database says of itself then.
func (a *App) rotated(ctx context.Context) (store.Inspection, error) {
	is, err := a.db.Inspect(ctx, 0)
	if err != nil || a.means(datadir.OtherKey, datadir.MissingKey) {
		return is, err
	}
	former := is.Key
	if former == "" && is.Entries > 0 { // of before databases told
		former, _ = a.keys.SealedBy(is.First)
	}
	if former == "" || former == a.keys.ID() {
		return is, nil
	}
	if err := a.db.OnlyServer(ctx); err != nil {
		return is, err
	}
	err = a.db.Freezes.Rotate(ctx, is.Directory, former, freeze.NewPersonal(number.Number{}, "refrain", "", freeze.Evidence{}))
	if err != nil {
		return is, fmt.Errorf("rotate the ledger's key: %w", err)
	}
	a.log.InfoContext(ctx, "the ledger's key was rotated; what was entered before stays under the key of before",
		"key", a.keys.ID(), "before", former)
	return a.db.Inspect(ctx, 0)
}

// directoryID is the directory's id for a database that tells none: the one that it had, or
// a new one for a new database.
func (a *App) directoryID(facts datadir.Facts) string {
	if facts.State != nil && !a.means(datadir.MissingDatabase) {
		return facts.State.ID
	}
	return ulid.MustNewDefault(a.now()).String()
}

// noteHead notes beside the database how far its ledger has come.
func (a *App) noteHead(entries int64, head freeze.MAC) {
	if a.notebook == nil { // while the database is being opened: claim notes it
		return
	}
	err := a.notebook.Note(datadir.Head{Entries: entries, MAC: head})
	if (err != nil) == a.headFails.Swap(err != nil) {
		return
	}
	if err != nil {
		a.log.Error("the ledger's head can't be noted beside the database, so that a start could "+
			"not tell whether the database is the latest; freezes are kept all the same", "error", err)
		return
	}
	a.log.Info("the ledger's head can be noted again")
}

func (a *App) closeNotebook() error {
	if a.notebook == nil {
		return nil
	}
	return a.notebook.Close()
}

// syncHead makes the head that was noted survive a crash of the machine.
func (a *App) syncHead(ctx context.Context) {
	if a.notebook == nil {
		return
	}
	if err := a.notebook.Sync(); err != nil {
		a.log.ErrorContext(ctx, "the ledger's head could not be synced; trying again in an hour",
			"error", err)
	}
}

// checkDatabase reads the whole database in the background: what is damaged is better told
// of before it is needed.
func (a *App) checkDatabase(ctx context.Context) {
	err := a.db.QuickCheck(ctx, func(what string) {
		if !a.damaged.Swap(true) {
			a.log.ErrorContext(ctx, "the database is damaged: stop the server, keep the data directory "+
				"as it is, and restore the latest backup into another one", "database",
				a.cfg.Path(datadir.DBFile))
		}
		a.log.ErrorContext(ctx, "damaged in the database", "finding", what)
	})
	if err != nil && ctx.Err() == nil {
		a.damaged.Store(true)
		a.log.ErrorContext(ctx, "the database could not be checked", "error", err)
	}
}

// lookForDatabase finds out whether the database is still where it was opened.
func (a *App) lookForDatabase(ctx context.Context) {
	err := a.db.InPlace()
	gone := err != nil
	if a.gone.Swap(gone) == gone {
		return
	}
	if !gone {
		a.log.InfoContext(ctx, "the database is back in its place")
		return
	}
	a.log.ErrorContext(ctx, "the database is gone; stop the diallers, and put the file back or restore "+
		"a backup", "error", err, "database", a.cfg.Path(datadir.DBFile))
}
