//go:build unix

package app_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/secret"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// moveEnv makes the test binary move a data directory: moveJob in JSON.
const moveEnv = "REFRAIN_TEST_MOVE"

// moveJob is a move that is killed when a step is told of for the Nth time.
type moveJob struct {
	From, To, URL string
	Bucket        *config.S3
	Step          string
	N             int
}

func (j moveJob) config() config.Config {
	c := testConfig(j.To)
	c.Database.URL = j.URL
	if j.Bucket != nil {
		c.Audio.S3 = *j.Bucket
	}
	return c
}

func moveForTest(text string) int {
	var j moveJob
	err := json.Unmarshal([]byte(text), &j)
	if err == nil {
		seen := 0
		_, err = app.Migrate(context.Background(), j.config(), app.Migration{From: j.From, AtOnce: 2,
			Progress: func(step string, _, _ int64) {
				if step != j.Step {
					return
				}
				if seen++; seen == j.N {
					_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				}
			}}, app.Options{Logger: slog.New(slog.DiscardHandler)})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// killed runs a move in a process of its own, until it is killed.
func (j moveJob) killed(t *testing.T, step string, n int) {
	t.Helper()
	j.Step, j.N = step, n
	text, err := json.Marshal(j)
	require.NoError(t, err)
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), moveEnv+"="+string(text))
	out, err := cmd.CombinedOutput()
	ended, is := errors.AsType[*exec.ExitError](err)
	require.True(t, is, "%s: %v %s", step, err, out)
	require.True(t, ended.Sys().(syscall.WaitStatus).Signaled(), "%s: %s", step, out) //nolint:misspell // its name
}

func (j moveJob) run(t *testing.T) (app.Migrated, error) {
	t.Helper()
	return app.Migrate(t.Context(), j.config(), app.Migration{From: j.From}, app.Options{Logger: slog.New(slog.DiscardHandler)})
}

// movable is a data directory in which a server worked, and what is known of it.
type movable struct {
	config.Config

	refuser, erased string
	recordings      []string
	wav             []byte
}

func workInDirectory(t *testing.T) movable {
	t.Helper()
	ctx := as(t.Context(), "li")
	w := movable{Config: testConfig(filepath.Join(t.TempDir(), "data")), wav: sample(t, refusalSample)}
	s := start(t, w.Config)
	for i := 1; i <= 3; i++ {
		wav := w.wav
		if i == 2 {
			wav = sample(t, interestedSample)
		}
		rec := s.send(ctx, t, meta(i), wav)
		require.Equal(t, pb.Recording_STATE_DONE, rec.GetState())
		w.recordings = append(w.recordings, rec.GetName())
		if i == 1 {
			_, err := s.Review.DecideSuspect(ctx, &pb.DecideSuspectRequest{Name: rec.GetJudgement().GetSuspectName(),
				Verdict: pb.Decision_VERDICT_CONFIRMED, RequestId: "r1"})
			require.NoError(t, err)
		}
	}
	w.refuser, w.erased = meta(1).GetNumber(), "13800138077"
	for i := range 7 {
		s.Report(t, apitest.Rejected(fmt.Sprintf("c-%d", i), fmt.Sprintf("+861370013700%d", i%3), time.Now()))
	}
	s.freezeAll(t, w.erased)
	s.freezeAll(t, "13800138078")
	_, err := s.People.ErasePerson(ctx, &pb.ErasePersonRequest{Number: w.erased, Reason: "asked us to"})
	require.NoError(t, err)
	require.NoError(t, s.stop())
	return w
}

// sumsIn are the SHA-256 of all files in a directory, but those that say that somebody has it.
func sumsIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || e.Name() == "refrain.lock" || strings.HasSuffix(e.Name(), "-shm") {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.HasSuffix(path, "-wal") && len(b) == 0 {
			return err
		}
		sum := sha256.Sum256(b)
		all[path] = hex.EncodeToString(sum[:])
		return err
	}))
	return all
}

// A stopped server's directory goes to PostgreSQL and a bucket, killed at many points on the way: nothing is lost or
// doubled, the source stays as it was, and no server starts on it any more.
func TestMigrate(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "li")
	w := workInDirectory(t)
	setWaiting(t, filepath.Join(w.Data, "refrain.db"))
	before := sumsIn(t, w.Data)
	b := newBucket(t)
	j := moveJob{From: w.Data, To: filepath.Join(t.TempDir(), "new"), URL: inPostgres(t), Bucket: &b.is}
	for _, k := range []struct {
		step string
		n    int
	}{{"rows of calls", 3}, {"rows of recordings", 2}, {"rows of ledger_personal", 2}, {"audio", 1}, {"verifying", 1}} {
		j.killed(t, k.step, k.n)
		require.Equal(t, before, sumsIn(t, w.Data))
	}
	quiet := app.Options{Logger: slog.New(slog.DiscardHandler)}
	_, err := app.New(t.Context(), j.config(), quiet)
	require.Equal(t, "MOVE_UNFINISHED", fault.ReasonOf(err), err)
	j.killed(t, "ending", 1)
	_, err = app.New(t.Context(), j.config(), quiet)
	require.Equal(t, "MOVE_UNFINISHED", fault.ReasonOf(err), "never two: %v", err)
	_, err = app.New(t.Context(), w.Config, quiet)
	require.ErrorContains(t, err, "--accept moved-away", "never two")

	done, err := j.run(t)
	require.NoError(t, err)
	require.False(t, done.Before)
	require.Positive(t, done.Compared)
	require.EqualValues(t, 3, done.Sampled)
	require.Equal(t, 1, done.Waiting)
	require.Empty(t, done.Doubts)
	require.NotEmpty(t, rowsIn(t, j.URL, `SELECT CONCAT(state, ' ', args) FROM river_job`), "what paused will be woken")
	done, err = j.run(t)
	require.NoError(t, err)
	require.True(t, done.Before, "once more does nothing")
	after := sumsIn(t, w.Data)
	delete(after, filepath.Join(w.Data, "moved.json"))
	require.Equal(t, before, after)

	s := start(t, j.config())
	require.Equal(t, []bool{false, false, true}, s.AskAll(t, w.refuser, w.erased, "13700137009"))
	s.Sound(t)
	v, err := s.Audit.VerifyAudit(as(t.Context(), "ops"), &pb.VerifyAuditRequest{})
	require.NoError(t, err)
	require.Empty(t, v.GetProblems())
	_, file, err := s.audio(ctx, &pb.GetRecordingAudioRequest{Name: w.recordings[0]})
	require.NoError(t, err)
	require.Equal(t, w.wav, file)
	require.Len(t, b.names(t), 3)
	again := s.send(ctx, t, meta(9), w.wav)
	require.Equal(t, pb.Recording_STATE_DONE, again.GetState(), "it goes on")
	require.Empty(t, grepFor(t, j.To, w.erased))
	require.NoError(t, s.stop())

	_, err = app.New(t.Context(), w.Config, quiet)
	require.ErrorContains(t, err, j.To, "it says where to")
	meant := w.Config
	meant.Accept = []string{"moved-away"}
	require.NoError(t, start(t, meant).stop())
	require.NoFileExists(t, filepath.Join(w.Data, "moved.json"))
	require.NoError(t, start(t, w.Config).stop(), "it is used on")
	_, err = j.run(t)
	require.Equal(t, "DATABASE_NOT_EMPTY", fault.ReasonOf(err), err)
}

func grepFor(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	for path := range sumsIn(t, dir) {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		if strings.Contains(string(b), text) {
			found = append(found, path)
		}
	}
	return found
}

// setWaiting has a recording wait for another attempt, as a server leaves it that stops right after one failed.
func setWaiting(t *testing.T, path string) {
	t.Helper()
	pool, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = pool.ExecContext(t.Context(), `UPDATE recordings SET state = 'queued', paused = 1, attempts = 1
		WHERE id = (SELECT MAX(id) FROM recordings)`)
	require.NoError(t, err)
	require.NoError(t, pool.Close())
}

func rowsIn(t *testing.T, url, query string) (all []string) {
	t.Helper()
	pool, err := sql.Open("pgx", url)
	require.NoError(t, err)
	defer func() { require.NoError(t, pool.Close()) }()
	rows, err := pool.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		all = append(all, text)
	}
	require.NoError(t, rows.Err())
	return all
}

// What can't be moved is refused before anything is changed, and audio that isn't to go to a bucket goes to the
// new directory.
func TestMigrateRefuses(t *testing.T) {
	t.Parallel()
	w := workInDirectory(t)
	j := moveJob{From: w.Data, To: filepath.Join(t.TempDir(), "new"), URL: inPostgres(t)}
	refused := func(edit func(*config.Config), want string) {
		t.Helper()
		cfg := j.config()
		edit(&cfg)
		_, err := app.Migrate(t.Context(), cfg, app.Migration{From: j.From}, app.Options{Logger: slog.New(slog.DiscardHandler)})
		require.ErrorContains(t, err, want)
		require.NoFileExists(t, filepath.Join(w.Data, "moved.json"))
	}
	refused(func(c *config.Config) { c.Database.URL = "" }, "names no database of PostgreSQL")
	refused(func(c *config.Config) { c.Data = w.Data }, "are the same")
	wrong := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(wrong, []byte(strings.Repeat("ab", 32)+"\n"), 0o600))
	refused(func(c *config.Config) { c.Ledger.Key = secret.Source{File: wrong} }, "is another key")
	refused(func(c *config.Config) {
		c.Data = t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(c.Data, "ledger.key"), []byte(strings.Repeat("ab", 32)+"\n"), 0o600))
	}, "another ledger.key lies in it")
	other := testConfig(t.TempDir())
	other.Database.URL = inPostgres(t)
	require.NoError(t, start(t, other).stop())
	refused(func(c *config.Config) { c.Database = other.Database }, "is not empty")
	refused(func(c *config.Config) { c.Data = other.Data }, "it belongs to the database of another one")
	foreign := inPostgres(t)
	rowsIn(t, foreign, `CREATE TABLE theirs (n INT)`)
	refused(func(c *config.Config) { c.Database.URL = foreign }, "a table theirs")
	s := start(t, w.Config)
	refused(func(*config.Config) {}, "is in use by process")
	require.NoError(t, s.stop())

	// A source that went on while it was moved half is not mixed with what it was.
	j.killed(t, "rows of recordings", 2)
	s = start(t, w.Config)
	s.freezeAll(t, "13800138079")
	require.NoError(t, s.stop())
	refused(func(*config.Config) {}, "before its server ran again")

	j.URL, j.To = inPostgres(t), filepath.Join(t.TempDir(), "anew")
	id := strings.TrimPrefix(w.recordings[1], "recordings/")
	require.NoError(t, os.Remove(filepath.Join(w.Data, "audio", id[24:], id)))
	done, err := j.run(t)
	require.NoError(t, err)
	require.EqualValues(t, 2, done.Files)
	require.Equal(t, []string{"the audio of " + w.recordings[1] + " is missing in the source: restore it from a backup"}, done.Doubts)
	s = start(t, j.config())
	_, file, err := s.audio(as(t.Context(), "li"), &pb.GetRecordingAudioRequest{Name: w.recordings[2]})
	require.NoError(t, err)
	require.Equal(t, w.wav, file)
	require.Equal(t, []bool{false, false}, s.AskAll(t, w.refuser, "13800138079"))
}
