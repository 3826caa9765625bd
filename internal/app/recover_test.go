//go:build unix

package app_test

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/certs"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// anew is the configuration of a server on another machine: a directory in which there is nothing but the key.
func anew(t *testing.T, cfg config.Config) config.Config {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(cfg.Data, "ledger.key"))
	require.NoError(t, err)
	cfg.Data = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(cfg.Data, "ledger.key"), key, 0o600))
	return cfg
}

func refuses(t *testing.T, cfg config.Config, want ...string) {
	t.Helper()
	_, err := app.New(t.Context(), cfg, app.Options{Logger: slog.New(slog.DiscardHandler)})
	for _, text := range want {
		require.ErrorContains(t, err, text)
	}
}

// A database that was put back from an older dump is refused by a server whose directory is new, since the bucket
// knows better; and a bucket that is another one is, too.
func TestPostgresThatIsOlderThanItsBucket(t *testing.T) {
	t.Parallel()
	b := newBucket(t)
	cfg := b.config(t.TempDir())
	cfg.Database.URL = inPostgres(t)
	s := start(t, cfg)
	s.send(as(t.Context(), "li"), t, meta(1), sample(t, interestedSample))
	s.freezeAll(t, frozenFirst...)
	require.NoError(t, s.stop())
	dump := filepath.Join(t.TempDir(), "dump")
	pgRun(t, "pg_dump", "--format=custom", "--file="+dump, "--dbname="+cfg.Database.URL)
	s = start(t, cfg)
	s.freezeAll(t, frozenLast...)
	require.NoError(t, s.stop())

	other := anew(t, cfg)
	other.Audio.S3.Bucket = b.g.NewBucket(t, false)
	refuses(t, other, "says nothing of whose it is", "--accept other-bucket")

	old := anew(t, cfg)
	old.Database.URL = inPostgres(t)
	pgRun(t, "pg_restore", "--dbname="+old.Database.URL, dump)
	refuses(t, old, "the database is older than its bucket knows it: its ledger has 2 entries, while 5 were noted",
		"3 freezes or releases are lost", "--accept older-database")
	there := cfg
	there.Database.URL = old.Database.URL
	refuses(t, there, "is older than it was when the server last ran", "by PostgreSQL's own tools", "--accept older-database")

	require.NoError(t, start(t, anew(t, cfg)).stop(), "the latest one goes on in a new directory")
	old.Accept = []string{"older-database"}
	s = start(t, old)
	require.Equal(t, []bool{false, false, true}, s.AskAll(t, frozenFirst[0], frozenFirst[1], frozenLast[0]))
}

func pgRun(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), pgtest.Program(t, name), args...).CombinedOutput()
	require.NoError(t, err, "%s: %s", name, out)
}

// PostgreSQL's own tools bring a database back to a moment: a server refuses it, since what came afterwards is lost,
// and where that is meant, erases again whom it had erased since, as the bucket knows.
func TestPointInTime(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "dpo")
	d := certs.Directory{Path: t.TempDir(), Now: time.Now}
	require.NoError(t, d.NewAuthority())
	require.NoError(t, d.SignServer([]string{"localhost"}, false))
	cert, err := os.ReadFile(d.CertFile("server"))
	require.NoError(t, err)
	key, err := os.ReadFile(d.KeyFile("server"))
	require.NoError(t, err)
	pg := pgtest.StartArchived(t, cert, key)
	b := newBucket(t)
	cfg := b.config(t.TempDir())
	cfg.Database.URL = pg.Remote("localhost", "sslmode=verify-full&sslrootcert="+d.CertFile("ca"))

	stranger := certs.Directory{Path: t.TempDir(), Now: time.Now}
	require.NoError(t, stranger.NewAuthority())
	wrong := cfg
	wrong.Database.URL = pg.Remote("localhost", "sslmode=verify-full&sslrootcert="+stranger.CertFile("ca"))
	refuses(t, wrong, "certificate signed by unknown authority")
	wrong.Database.URL = pg.Remote("127.0.0.1", "sslmode=verify-full&sslrootcert="+d.CertFile("ca"))
	refuses(t, wrong, "certificate")

	s := start(t, cfg)
	rec := s.send(ctx, t, meta(1), sample(t, refusalSample))
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState())
	pg.BaseBackup(t)
	s.freezeAll(t, frozenFirst...)
	at := now(t, pg.URL())
	s.freezeAll(t, frozenLast...)
	_, err = s.People.ErasePerson(ctx, &pb.ErasePersonRequest{Number: meta(1).GetNumber(), Reason: "asked us to"})
	require.NoError(t, err)
	require.NoError(t, s.stop())

	pg.RecoverTo(t, at)
	refuses(t, cfg, "is older than it was when the server last ran", "--accept older-database")
	other := anew(t, cfg)
	refuses(t, other, "the database is older than its bucket knows it", "--accept older-database")
	require.Equal(t, []string{"1"}, rowsIn(t, pg.URL(), `SELECT COUNT(*)::TEXT FROM recordings WHERE number <> 0`))
	other.Accept = []string{"older-database"}
	s = start(t, other)
	require.Equal(t, []bool{false, false, true}, s.AskAll(t, frozenFirst[0], frozenFirst[1], frozenLast[0]))
	require.Equal(t, []string{"0"}, rowsIn(t, pg.URL(), `SELECT COUNT(*)::TEXT FROM recordings WHERE number <> 0`), "erased again")
	s.Sound(t)
}

// now is a moment between what was committed and what comes.
func now(t *testing.T, url string) (at time.Time) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT clock_timestamp()`).Scan(&at))
	require.NoError(t, conn.Close(t.Context()))
	return at
}

// Servers work as a role that only reads and writes rows, and workers' reaches nothing but what they need.
func TestDatabaseRoles(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "dpo")
	url := inPostgres(t)
	sql := app.DatabaseRoles("owner's", "a server", "worker-1")
	run := func(role, text string) error {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), pgtest.As(url, role))
		require.NoError(t, err)
		_, err = conn.PgConn().Exec(t.Context(), text).ReadAll()
		require.NoError(t, conn.Close(t.Context()))
		return err
	}
	require.NoError(t, run("refrain", sql))
	cfg := testConfig(t.TempDir())
	cfg.Database.URL = pgtest.As(url, "a%20server")
	refuses(t, cfg, "run 'refrain migrate tables' as their owner")
	owner := cfg
	owner.Database.URL = pgtest.As(url, "owner%27s")
	for range 2 {
		_, _, err := app.PrepareDatabase(t.Context(), owner)
		require.NoError(t, err)
		require.NoError(t, run("refrain", sql), "and again")
	}
	s := start(t, cfg)
	rec := s.send(ctx, t, meta(1), sample(t, refusalSample))
	_, err := s.Review.DecideSuspect(ctx, &pb.DecideSuspectRequest{Name: rec.GetJudgement().GetSuspectName(),
		Verdict: pb.Decision_VERDICT_CONFIRMED, RequestId: "r1"})
	require.NoError(t, err)
	other := s.send(ctx, t, meta(2), sample(t, refusalSample))
	require.Equal(t, pb.Recording_STATE_DONE, other.GetState())
	_, err = s.People.ErasePerson(ctx, &pb.ErasePersonRequest{Number: meta(2).GetNumber(), Reason: "asked us to"})
	require.NoError(t, err)
	require.Equal(t, []bool{false, true}, s.AskAll(t, meta(1).GetNumber(), "13700137009"))
	s.Sound(t)
	require.NoError(t, s.stop())
	require.NoError(t, start(t, cfg).stop())

	for role, refused := range map[string][]string{
		"a%20server": {`CREATE TABLE x (n INT)`, `DROP TABLE calls`, `ALTER TABLE ledger DISABLE TRIGGER USER`, `UPDATE ledger SET kind = kind`,
			`DELETE FROM ledger`, `TRUNCATE ledger`, `UPDATE audit SET actor = ''`, `ALTER TABLE calls ADD COLUMN x INT`},
		"worker-1": {`SELECT number FROM changes`, `SELECT * FROM ledger_personal`, `SELECT * FROM access_keys`, `SELECT * FROM access_secrets`,
			`SELECT * FROM access_users`, `SELECT * FROM access_sessions`, `SELECT * FROM ledger`, `SELECT * FROM freezes`,
			`SELECT * FROM calls`, `SELECT * FROM audit`, `SELECT * FROM suspects`, `SELECT number FROM recordings`,
			`SELECT agent FROM recordings`, `SELECT * FROM transcripts`, `UPDATE recordings SET number = 1`, `DELETE FROM recordings`,
			`INSERT INTO freezes DEFAULT VALUES`, `CREATE TABLE x (n INT)`},
	} {
		for _, text := range refused {
			require.ErrorContains(t, run(role, text), "42501", "%s: %s", role, text)
		}
	}
	require.NoError(t, run("worker-1", `BEGIN; SELECT 1 FROM writer FOR UPDATE;
		UPDATE recordings SET state = 'queued', taken_up = 'x' WHERE state = 'done';
		UPDATE recordings SET state = 'running' WHERE state = 'queued';
		INSERT INTO changes (seq, at, kind, id) SELECT COALESCE(MAX(seq), 0) + 1, 1, 'recording', 'x' FROM changes;
		INSERT INTO river_job (kind, max_attempts, args) VALUES ('x', 1, '{}'); DELETE FROM river_job WHERE kind = 'x';
		SELECT id, state FROM recordings; SELECT source FROM lexicon_activations; ROLLBACK`))
}
