package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/refrain-asr/refrain/recording"
)

// Prepare brings the queue's tables up to date; listener is nil for SQLite.
func Prepare(ctx context.Context, db *sql.DB, listener *pgxpool.Pool, log *slog.Logger) error {
	c := Config{DB: db, Listener: listener}
	return migrate(ctx, c, slog.New(newQuietLog(log.Handler())))
}

func migrate(ctx context.Context, c Config, logger *slog.Logger) error {
	migrator, err := rivermigrate.New(driverFor(c), &rivermigrate.Config{Logger: logger})
	if err != nil {
		return fmt.Errorf("prepare the job queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("prepare the job queue: %w", err)
	}
	return nil
}

// Requeue puts what waits into a queue that is made anew in a database of PostgreSQL, as after a move: what is
// paused after a failure, since all else that is queued is found by its row. What is there already stays.
func Requeue(
	ctx context.Context, db *sql.DB, listener *pgxpool.Pool, paused []recording.Recording, log *slog.Logger,
) error {
	c := Config{DB: db, Listener: listener}
	quiet := slog.New(newQuietLog(log.Handler()))
	if err := migrate(ctx, c, quiet); err != nil {
		return err
	}
	client, err := river.NewClient(driverFor(c), &river.Config{Logger: quiet})
	if err != nil {
		return fmt.Errorf("prepare the job queue: %w", err)
	}
	return (&Runner{client: client}).wake(ctx, paused)
}
