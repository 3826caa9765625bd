package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// newest is the version of the tables that this program makes.
func (d *dialect) newest() (newest int64, err error) {
	names, err := fs.Glob(migrations, d.migrations+"/*.sql")
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		v, err := goose.NumericComponent(filepath.Base(name))
		if err != nil {
			return 0, err
		}
		newest = max(newest, v)
	}
	return newest, nil
}

// migrate brings the tables up to date. Of several servers that start at once one does so, and the others
// wait for it.
func (e *engine) migrate(ctx context.Context) error {
	steps, err := fs.Sub(migrations, e.d.migrations)
	if err != nil {
		return err
	}
	options := []goose.ProviderOption{goose.WithLogger(goose.NopLogger())}
	if e.d.shared {
		turns, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(turns))
	}
	p, err := goose.NewProvider(e.d.goose, e.w, steps, options...)
	if err != nil {
		return err
	}
	have, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("look up the tables' version: %w", notOwner(err))
	}
	if have > known {
		return fmt.Errorf("its tables have version %d, but this program knows versions up to %d: "+
			"use the newer program that made them", have, known)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the tables up to date: %w", notOwner(err))
	}
	return nil
}
