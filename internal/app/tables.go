package app

import (
	"context"
	"database/sql"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/jobs"
	"github.com/refrain-asr/refrain/internal/store"
)

// PrepareDatabase makes the tables in the configured database of PostgreSQL, or brings them up to date, as their owner
// does where servers may not. It gives their version and the database's name.
func PrepareDatabase(ctx context.Context, cfg config.Config) (version int64, name string, err error) {
	if cfg.Database.URL == "" {
		return 0, "", &fault.Error{Kind: fault.Invalid, Reason: "NO_DATABASE", Message: "no database of PostgreSQL is named " +
			"(database.url, or --url); tables of SQLite each start of the server brings up to date"}
	}
	url, err := cfg.Database.Connection(ctx)
	if err != nil {
		return 0, "", err
	}
	version, err = store.PreparePostgres(ctx, url, func(db *sql.DB, listener *pgxpool.Pool) error {
		return jobs.Prepare(ctx, db, listener, slog.New(slog.DiscardHandler))
	})
	return version, cfg.Database.String(), err
}

// DatabaseRoles is SQL that makes roles and says what they may do; see store.Roles.
func DatabaseRoles(owner, server, worker string) string {
	return store.Roles{Owner: owner, Server: server, Worker: worker}.SQL()
}
