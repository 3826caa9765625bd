package migrate_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/migrate"
	"github.com/refrain-asr/refrain/internal/config"
)

func run(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "refrain.yaml")
	require.NoError(t, os.WriteFile(file, []byte("database: {url: 'postgres://u@h/d'}\n"), 0o600))
	var to bytes.Buffer
	cmd := migrate.New(console.New(nil, &to, &to), func(_ context.Context, cfg config.Config) (migrate.Moved, error) {
		require.Equal(t, "postgres://u@h/d", cfg.Database.URL)
		require.Equal(t, "d", cfg.Data)
		return migrate.Moved{Rows: map[string]int64{"calls": 7, "holds": 0}, Entries: 3, Head: "ab", Kept: "d/refrain.db.moved-x"}, nil
	})
	cmd.SetArgs(append(args, "--config", file, "--data", "d"))
	cmd.SetErr(&to)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err = cmd.Execute()
	return to.String(), err
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	out, err := run(t, "--from", "sqlite", "--to", "postgres")
	require.NoError(t, err)
	require.Equal(t, `calls                  7
all of it is in the PostgreSQL database d at h now, and the ledger's 3 entries verify there; its head is ab
what it was in is kept as d/refrain.db.moved-x: delete it once there is a backup of the database
`, out)
	out, err = run(t, "--from", "sqlite", "--to", "postgres", "--format", "json")
	require.NoError(t, err)
	require.JSONEq(t, `{"rows":{"calls":7,"holds":0},"entries":3,"head":"ab","kept":"d/refrain.db.moved-x"}`, out)
	for _, args := range [][]string{{}, {"--from", "postgres", "--to", "sqlite"}, {"--from", "sqlite"}} {
		_, err := run(t, args...)
		require.ErrorContains(t, err, "--from sqlite --to postgres")
	}
}
