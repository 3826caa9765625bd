//go:build unix

package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/migrate"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
)

func init() { runTests = pgtest.Main }

// The commands by which an installation comes to PostgreSQL, and what they say.
func TestMigrateByHand(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.Speech.Model, cfg.Data, cfg.Disk = "demo", filepath.Join(t.TempDir(), "old"), config.Disk{}
	cfg.GRPC.Address, cfg.HTTP.Address = "127.0.0.1:0", "127.0.0.1:0"
	quiet := app.Options{Logger: slog.New(slog.DiscardHandler)}
	a, err := app.New(t.Context(), cfg, quiet)
	require.NoError(t, err)
	require.NoError(t, a.Close())

	url := pgtest.Database(t, func(string) error { return nil })
	dir := t.TempDir()
	file := filepath.Join(dir, "new.yaml")
	require.NoError(t, os.WriteFile(file, []byte("data: "+filepath.Join(dir, "new")+"\ndatabase: {url: '"+url+"'}\nspeech: {model: demo}\n"), 0o600))
	move := []string{"migrate", "--from", "sqlite", "--to", "postgres", "--source", cfg.Data, "--config", file}
	got := refrain(t, "", append(move, "--format", "json")...)
	require.Equal(t, 0, got.code, got.errors)
	require.Equal(t, []string{"database", "tables", "rows", "compared", "entries", "records", "files", "sampled", "waiting",
		"before"}, keys(t, got.out))
	line := lines[migrate.Moved](t, got.out)[0]
	require.EqualValues(t, 1, line.Tables["directory"])
	require.Equal(t, line.Compared, line.Rows, "of so few all")
	got = refrain(t, "", move...)
	require.Equal(t, 0, got.code)
	require.Contains(t, got.out, "it was moved already, to the PostgreSQL database")
	_, err = app.New(t.Context(), cfg, quiet)
	require.ErrorContains(t, err, "--accept moved-away")

	other := pgtest.Database(t, func(string) error { return nil })
	got = refrain(t, "", "migrate", "tables", "--url", other, "--format", "json")
	require.Equal(t, result{0, got.out, ""}, got)
	require.Positive(t, lines[migrate.Tables](t, got.out)[0].Version)
	got = refrain(t, "", "migrate", "tables", "--url", "postgres://refrain@db.example.net/refrain?sslmode=disable")
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "add sslmode=verify-full")
	got = refrain(t, "", "migrate", "roles", "--owner", `o"wner`)
	require.Equal(t, 0, got.code)
	require.Contains(t, got.out, `TO "o""wner";`)
}
