package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/datadir"
)

// Rotation is what RotateKey did.
type Rotation struct {
	// Before and Now are the IDs of the ledger's keys.
	Before, Now string
	// From says where the key comes from.
	From string
	// Store is what its keeper has to hold before RotateKey, or a start, goes on; nil where it is done.
	Store []byte
}

// RotateKey gives the ledger of a data directory, whose server must not run, another generation of
// its key. Where the key lies in a file the generation is added to it first; broken off
// after that, it is gone on with by the same command or the next start. Where the key comes
// from elsewhere, the first call gives what is to be held there, and the second goes on.
func RotateKey(ctx context.Context, cfg config.Config, o Options) (r Rotation, err error) {
	if err := cfg.Validate(); err != nil {
		return r, fmt.Errorf("the configuration is wrong:\n%w", err)
	}
	if r, err = addGeneration(ctx, cfg); err != nil || r.Store != nil {
		return r, err
	}
	a := unopened(cfg, o)
	err = a.openData(ctx)
	r.Now = a.keys.ID()
	return r, errors.Join(err, a.Close())
}

// addGeneration adds another generation to the key, unless there is one already that the database
// does not know.
func addGeneration(ctx context.Context, cfg config.Config) (r Rotation, err error) {
	unlock, err := datadir.Lock(cfg.Data)
	if err != nil {
		return r, err
	}
	defer unlock()
	facts, err := lookAt(ctx, cfg)
	if err != nil {
		return r, err
	}
	r.From = facts.KeyFrom
	db, err := database(ctx, cfg, &facts)
	if err != nil {
		return r, err
	}
	if db == nil || facts.Secrets == nil {
		return r, fmt.Errorf("%s holds no ledger with a key yet: there is nothing to rotate", cfg.Data)
	}
	found, err := datadir.Judge(facts, db)
	if err != nil {
		return r, err
	}
	if _, err := datadir.Refuse(found, nil); err != nil {
		return r, err
	}
	keys, err := facts.Keys()
	if err != nil {
		return r, err
	}
	if r.Before = db.Key; r.Before == "" { // of before databases told
		r.Before, _ = keys.SealedBy(db.First)
	}
	if r.Before != "" && r.Before != keys.ID() {
		return r, nil // to be gone on with
	}
	secrets := append(slices.Clone(facts.Secrets), datadir.NewKey())
	if from := cfg.Ledger.Key; from.Set() && from.File == "" {
		r.Store = datadir.FormatKey(secrets)
		return r, nil
	}
	return r, datadir.WriteKey(facts.KeyFrom, secrets...)
}
