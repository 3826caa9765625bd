package store

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/refrain-asr/refrain/fault"
)

//go:embed roles.sql
var rolesSQL string

// Roles names who may do what in a database of PostgreSQL: the owner makes its tables, servers read and write rows,
// and workers what they need to hear.
type Roles struct{ Owner, Server, Worker string }

// SQL makes the roles, where they are not there, and gives them what each needs; once more after tables came. It is
// for psql, and for whoever may make roles and owns the tables, or may become who does.
func (r Roles) SQL() string {
	return strings.NewReplacer("{owner}", identifier(r.Owner), "{server}", identifier(r.Server), "{worker}", identifier(r.Worker),
		"{owner:text}", literal(r.Owner), "{server:text}", literal(r.Server), "{worker:text}", literal(r.Worker)).Replace(rolesSQL)
}

func identifier(name string) string { return pgx.Identifier{name}.Sanitize() } //nolint:misspell // pgx's

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// OwnerReason is that of a fault of somebody who is to make tables and doesn't own them.
const OwnerReason = "NOT_OWNER"

// notOwner says who makes tables, where somebody else is refused.
func notOwner(err error) error {
	if p, ok := errors.AsType[*pgconn.PgError](err); ok && p.Code == "42501" {
		return &fault.Error{Kind: fault.Precondition, Reason: OwnerReason, Err: err, Message: "the database's user may not make or " +
			"change tables (" + p.Message + "): run 'refrain migrate tables' as their owner first, and after each update of the program"}
	}
	return err
}

// PreparePostgres makes the tables in the database of PostgreSQL at a URL, or brings them up to date, and has then
// add those of others.
func PreparePostgres(
	ctx context.Context, url string, then func(db *sql.DB, listener *pgxpool.Pool) error,
) (version int64, err error) {
	cfg, err := parsePostgres(url)
	if err != nil {
		return 0, err
	}
	e := newEngine(postgresDialect, Options{})
	defer func() { err = errors.Join(err, e.Close()) }()
	e.w = openPostgresPool(cfg, 2, nil)
	e.r = e.w
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return fits(ctx, e.w) }, e.unmoved, e.migrate,
		func(ctx context.Context) error { return e.openListener(ctx, cfg) },
	} {
		if err := step(ctx); err != nil {
			return 0, fmt.Errorf("prepare the database %s at %s: %w", cfg.Database, cfg.Host, err)
		}
	}
	if err := then(e.w, e.listener); err != nil {
		return 0, notOwner(err)
	}
	return e.d.newest()
}
