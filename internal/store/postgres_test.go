//go:build unix

package store_test

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
	"github.com/refrain-asr/refrain/internal/store/storetest"
)

func TestPostgres(t *testing.T) {
	t.Parallel()
	storetest.Run(t, placeInPostgres)
}

// placeInPostgres is where a database of PostgreSQL of the test's own is.
func placeInPostgres(t *testing.T) storetest.Opener {
	t.Helper()
	url := pgtest.Database(t, migrated(t))
	return func(ctx context.Context, o store.Options) (*store.DB, error) {
		return store.OpenPostgres(ctx, url, o)
	}
}

// migrated brings a database's tables up to date.
func migrated(t testing.TB) func(url string) error {
	t.Helper()
	return func(url string) error {
		db, err := store.OpenPostgres(t.Context(), url, options(t))
		if err != nil {
			return err
		}
		return db.Close()
	}
}

func TestPostgresIsolation(t *testing.T) {
	t.Parallel()
	for name, twice := range map[string]bool{"one server": false, "two servers": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Isolation{Place: placeInPostgres, Twice: twice,
				Within: func(t *testing.T, f func(*testing.T)) { t.Helper(); f(t) }}.Run(t, func(t *testing.T, err error) {
				t.Helper()
				require.NoError(t, err)
			})
		})
	}
}

func TestPostgresServers(t *testing.T) {
	t.Parallel()
	for _, many := range []int{2, 8} {
		t.Run(strconv.Itoa(many), func(t *testing.T) {
			t.Parallel()
			storetest.Servers{Place: placeInPostgres, Many: many}.Run(t)
		})
	}
}

// Connections break in the middle of transactions, again and again.
func TestPostgresServersCutOff(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, migrated(t))
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) })
	cut := 0
	storetest.Servers{Many: 2, Place: func(*testing.T) storetest.Opener {
		return func(ctx context.Context, o store.Options) (*store.DB, error) {
			return store.OpenPostgres(ctx, url, o)
		}
	}, Disturb: func(ctx context.Context) {
		ctx = context.WithoutCancel(ctx)
		_, err := conn.Exec(ctx, `SELECT pg_sleep(0.05)`)
		require.NoError(t, err)
		tag, err := conn.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.2`)
		require.NoError(t, err)
		cut += int(tag.RowsAffected())
	}}.Run(t)
	require.Positive(t, cut)
}

// engineEnv, where it is "postgres", has openAt open databases of PostgreSQL.
const engineEnv = "REFRAIN_TEST_ENGINE"

// urls are the databases of PostgreSQL that stand for files, by their paths.
var urls sync.Map

// openAt opens the database in the file at path, or where all is to be tried with PostgreSQL the one that
// stands for it.
func openAt(t testing.TB, path string, o store.Options) (*store.DB, error) {
	t.Helper()
	if os.Getenv(engineEnv) != "postgres" {
		made(t, path)
		return store.Open(t.Context(), path, o)
	}
	url, ok := urls.Load(path)
	if !ok {
		url = pgtest.Database(t, migrated(t))
		urls.Store(path, url)
	}
	return store.OpenPostgres(t.Context(), url.(string), o)
}

// inRows are tests of what becomes of rows, which open a database by openAt and know nothing of its engine.
var inRows = []string{
	"TestAPendingEntryJoinsTheChange", "TestAuditMasksEveryForm", "TestAuditIsPrunedInPortions",
	"TestRedactOthersTranscripts", "TestRedactTextsLikeJSON", "TestRenamedIsKnown", "TestResumeFindsPeopleInTexts",
	"TestRunGoesOn", "TestRetentionDiesAtEveryStep", "TestResumeErasesOnce", "TestResumeCountsPeople",
	"TestHoldDuringErasure", "TestHoldAsAnErasureBegins", "TestErasureBeforeTheJournal", "TestRetentionDueAndHolds",
	"TestHoldsKeepWhatBelongsToCalls", "TestRetentionByLine", "TestErasedCallStaysErased",
	"TestLateCallsOfAnErasedPerson", "TestRetentionOfFreezes", "TestRetentionGoesOnBehindAFailure",
	"TestRefusedErasureIsNotRecorded", "TestLineOutlivesItsCall", "TestUsers",
}

// What is tried with SQLite beside the suite holds with PostgreSQL, too.
func TestPostgresRows(t *testing.T) {
	t.Parallel()
	pgtest.Database(t, migrated(t)) // or it is skipped
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.v", "-test.run=^("+strings.Join(inRows, "|")+")$")
	cmd.Env = append(os.Environ(), engineEnv+"=postgres")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, name := range inRows {
		require.Contains(t, string(out), "--- PASS: "+name+" ")
	}
}
