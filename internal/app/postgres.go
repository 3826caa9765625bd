package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/store"
)

// database is what the database says of itself that belongs to the data directory, wherever it is; nil where it
// has no tables yet. facts then name it.
func database(ctx context.Context, cfg config.Config, facts *datadir.Facts) (*datadir.Database, error) {
	if cfg.Database.URL == "" {
		return described(ctx, *facts, facts.Path(datadir.DBFile))
	}
	if !facts.NoDatabase() {
		return nil, &fault.Error{Kind: fault.Precondition, Reason: "TWO_DATABASES",
			Message: fmt.Sprintf("database.url names %v, but what this directory has kept so far lies in %s: take "+
				"database.url out again, or name an empty directory with data", cfg.Database, facts.Path(datadir.DBFile))}
	}
	facts.Elsewhere = cfg.Database.String()
	url, err := cfg.Database.Connection(ctx)
	if err != nil {
		return nil, err
	}
	i, err := store.InspectPostgres(ctx, url, facts.Head.Entries)
	if err != nil {
		return nil, err
	}
	return of(i), nil
}

// openPostgres opens the database of PostgreSQL that is configured: beside other servers where its audio lies in a
// bucket, which all of them can reach, and else for this server alone. No other one starts until this one has.
func (a *App) openPostgres(ctx context.Context, o store.Options) (*store.DB, error) {
	url, err := a.cfg.Database.Connection(ctx)
	if err != nil {
		return nil, err
	}
	db, err := store.OpenPostgres(ctx, url, o)
	if err != nil {
		return nil, err
	}
	if err := db.Join(ctx, !a.cfg.Audio.S3.On()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}
