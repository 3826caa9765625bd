//go:build unix

package app_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// inPostgres is the URL of an empty database.
func inPostgres(t testing.TB) string {
	t.Helper()
	return pgtest.Database(t, func(string) error { return nil })
}

// The main job with all state in PostgreSQL, over a restart; and no second server takes part.
func TestPostgres(t *testing.T) {
	t.Parallel()
	ctx, cfg := t.Context(), testConfig(t.TempDir())
	cfg.Database.URL = inPostgres(t)
	s := start(t, cfg)
	const refuser, other = "13800138001", "13800138002"
	rec := s.send(ctx, t, &pb.RecordingMetadata{CallId: "call-1", Number: refuser, Agent: "a-17",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT}, sample(t, refusalSample))
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
	_, err := s.Review.DecideSuspect(as(ctx, "li"), &pb.DecideSuspectRequest{
		Name: rec.GetJudgement().GetSuspectName(), Verdict: pb.Decision_VERDICT_CONFIRMED, RequestId: "r1"})
	require.NoError(t, err)
	require.Equal(t, []bool{false, true}, s.AskAll(t, refuser, other))
	require.NoFileExists(t, filepath.Join(cfg.Data, "refrain.db"))

	second := testConfig(t.TempDir())
	second.Database.URL = cfg.Database.URL
	key, err := os.ReadFile(filepath.Join(cfg.Data, "ledger.key"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(second.Data, "ledger.key"), key, 0o600))
	_, err = app.New(ctx, second, app.Options{Logger: slog.New(slog.DiscardHandler)})
	require.Equal(t, "DATABASE_IN_USE", fault.ReasonOf(err), err)

	require.NoError(t, s.stop())
	s = start(t, cfg)
	require.Equal(t, []bool{false, true}, s.AskAll(t, refuser, other))
	v, err := s.Freezes.VerifyLedger(ctx, &pb.VerifyLedgerRequest{})
	require.NoError(t, err)
	require.Empty(t, v.GetProblems())
	require.EqualValues(t, 1, v.GetEntries())
}

// What a start refuses of a directory it refuses of a database, too.
func TestPostgresThatIsAnother(t *testing.T) {
	t.Parallel()
	quiet := app.Options{Logger: slog.New(slog.DiscardHandler)}
	refused := func(cfg config.Config, want string) {
		t.Helper()
		_, err := app.New(t.Context(), cfg, quiet)
		require.ErrorContains(t, err, want)
	}
	cfg := testConfig(t.TempDir())
	cfg.Database.URL = inPostgres(t)
	require.NoError(t, start(t, cfg).stop())

	changed := cfg
	changed.Database.URL = inPostgres(t)
	refused(changed, "--accept missing-database")
	changed.Data = t.TempDir()
	changed.Database.URL = cfg.Database.URL
	refused(changed, "--accept missing-key")

	other := testConfig(t.TempDir())
	other.Database.URL = inPostgres(t)
	require.NoError(t, start(t, other).stop())
	key, err := os.ReadFile(filepath.Join(cfg.Data, "ledger.key"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(other.Data, "ledger.key"), key, 0o600))
	refused(other, "--accept other-key")

	files := testConfig(t.TempDir())
	require.NoError(t, start(t, files).stop())
	files.Database.URL = cfg.Database.URL
	refused(files, "what this directory has kept so far lies in")
}
