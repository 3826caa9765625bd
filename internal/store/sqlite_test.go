package store_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/storetest"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, place)
}

// place is where a database of the test's own is.
func place(t *testing.T) storetest.Opener {
	t.Helper()
	path := filepath.Join(t.TempDir(), "refrain.db")
	return func(ctx context.Context, o store.Options) (*store.DB, error) {
		made(t, path)
		return store.Open(ctx, path, o)
	}
}

// made copies a database with its tables to where there is none yet.
var made = storetest.Made(nil)

func options(t testing.TB) store.Options {
	t.Helper()
	o, err := storetest.Options()
	require.NoError(t, err)
	return o
}

// shipped are the rules that come with the program, since ever.
func shipped() calls.Timeline { return calls.Timeline{{RuleSet: calls.Default()}} }

func open(t testing.TB, path string) *store.DB {
	t.Helper()
	db, err := openAt(t, path, options(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// reporting is a service that takes reports into the store.
func reporting(t testing.TB, db *store.DB) *calls.Service {
	t.Helper()
	s := calls.NewService(db.Calls, options(t).Keys, shipped, time.Now)
	t.Cleanup(s.Close)
	return s
}

func TestOpenAsksForAllOptions(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "refrain.db")
	_, err := store.Open(t.Context(), path, store.Options{})
	for _, name := range []string{"Keys", "Enqueue", "Now"} {
		require.ErrorContains(t, err, "Options."+name)
	}
	require.NoFileExists(t, path)
}

// The file's name is taken as it is, whatever a URI would make of it, and nobody else
// may read what lies in the files.
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a b?mode=ro#c%20 数据")
	require.NoError(t, os.Mkdir(dir, 0o755)) // so that the files' own permissions count
	db, err := store.Open(t.Context(), filepath.Join(dir, "refrain.db"), options(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, _, err = db.Recordings.CreateRecording(t.Context(), newRecording(t, 1))
	require.NoError(t, err)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, f := range files {
		info, err := f.Info()
		require.NoError(t, err)
		names = append(names, f.Name())
		if runtime.GOOS != "windows" {
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), f.Name())
		}
	}
	require.Equal(t, []string{"refrain.db", "refrain.db-shm", "refrain.db-wal"}, names)
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := store.Open(t.Context(), filepath.Join(dir, "missing", "refrain.db"), options(t))
	require.ErrorIs(t, err, os.ErrNotExist)

	garbage := filepath.Join(dir, "garbage.db")
	require.NoError(t, os.WriteFile(garbage, []byte(strings.Repeat("no database ", 1000)), 0o600))
	_, err = store.Open(t.Context(), garbage, options(t))
	require.ErrorContains(t, err, garbage)

	newer := filepath.Join(dir, "newer.db")
	db, err := store.Open(t.Context(), newer, options(t))
	require.NoError(t, err)
	_, err = db.Writer().ExecContext(t.Context(),
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, err = store.Open(t.Context(), newer, options(t))
	require.ErrorContains(t, err, "newer program")
}

func TestWriterSettings(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	require.Equal(t, 1, db.Writer().Stats().MaxOpenConnections)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2",
		"foreign_keys": "1", "busy_timeout": "2000", "secure_delete": "1", "journal_size_limit": "67108864", "temp_store": "2", "cache_size": "-65536"} {
		var got string
		require.NoError(t, db.Writer().QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
		require.Equal(t, want, got, pragma)
	}
}

// A transaction that fails, panics or runs out of time gives the one connection back.
func TestInTxGivesTheConnectionBack(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	require.Panics(t, func() {
		_ = db.InTx(t.Context(), func(context.Context, store.Tx) error { panic("boom") })
	})
	ctx, cancel := context.WithCancel(t.Context())
	err := db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO requests (method, request_id, subject, made_at)
			VALUES ('m', 'r', 's', 0)`)
		require.NoError(t, err)
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	n := -1
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM requests`).Scan(&n)
	}))
	require.Zero(t, n)
}

// TestSchema shows every change of the tables in review, and is what another
// database's migrations have to match. UPDATE_GOLDEN=1 writes it anew.
func TestSchema(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	got := schema(t, db.Writer())
	const golden = "testdata/schema.golden"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got,
		"if the tables are meant to change: UPDATE_GOLDEN=1 go test -run TestSchema "+
			"./internal/store")
}

func schema(t *testing.T, db *sql.DB) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(),
		`SELECT t.name, t.strict, c.name, lower(c.type), c."notnull", c.pk
		FROM pragma_table_list t JOIN pragma_table_xinfo(t.name) c
		WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE 'goose_%' ORDER BY t.name, c.cid`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var b strings.Builder
	for last := ""; rows.Next(); {
		var table, column, typ string
		var strict, notNull, key int
		require.NoError(t, rows.Scan(&table, &strict, &column, &typ, &notNull, &key))
		require.Equal(t, 1, strict, table)
		if table != last {
			fmt.Fprintf(&b, "%s\n", table)
			last = table
		}
		fmt.Fprintf(&b, "    %s %s", column, typ)
		if notNull == 0 {
			b.WriteString(" null")
		}
		if key > 0 {
			fmt.Fprintf(&b, " key %d", key)
		}
		b.WriteString("\n")
	}
	require.NoError(t, rows.Err())
	return b.String()
}

// The lists that people page through must not sort the whole table for every page.
func TestListsUseIndexes(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	for _, query := range []string{
		`SELECT * FROM recordings WHERE (created_at, id) < (1, 'x') ORDER BY created_at DESC, id DESC LIMIT 9`,
		`SELECT * FROM recordings WHERE state = 'done' AND (created_at, id) < (1, 'x') ORDER BY created_at DESC, id DESC LIMIT 9`,
		`SELECT * FROM suspects s LEFT JOIN decisions d ON d.suspect_id = s.id AND d.round = s.round
			WHERE s.verdict = '' AND (s.claim_until IS NULL OR s.claim_until <= 7) AND (s.created_at, s.id) > (1, 'x')
			ORDER BY s.created_at, s.id LIMIT 9`,
		`SELECT * FROM suspects s WHERE (s.created_at, s.id) > (1, 'x') ORDER BY s.created_at, s.id LIMIT 9`,
		`SELECT * FROM freezes f LEFT JOIN ledger_personal p ON p.seq = f.opened_seq LEFT JOIN ledger_personal rp ON rp.seq = f.released_seq
			WHERE f.released_at IS NULL AND (f.from_at, f.id) < (1, 'x') ORDER BY f.from_at DESC, f.id DESC LIMIT 9`,
		`SELECT * FROM freezes f WHERE f.number_mac = x'00' ORDER BY f.opened_seq`,
		`SELECT * FROM freezes f WHERE f.reason = 'manual' AND (f.from_at, f.id) > (1, 'x') ORDER BY f.from_at, f.id LIMIT 9`,
		`SELECT * FROM allows a WHERE a.ended_at IS NULL AND (a.from_at, a.id) < (1, 'x') ORDER BY a.from_at DESC, a.id DESC LIMIT 9`,
		`SELECT * FROM rule_activations WHERE (activated_at, id) < (1, 'x') ORDER BY activated_at DESC, id DESC LIMIT 9`,
	} {
		for _, step := range plan(t, db, query) {
			require.NotRegexp(t, `^SCAN \w+$`, step, query)
			if !strings.Contains(query, "number_mac") { // one number's few freezes may be sorted
				require.NotContains(t, step, "TEMP B-TREE", query)
			}
		}
	}
}

// plan is how SQLite goes about a query.
func plan(t *testing.T, db *store.DB, query string, args ...any) (steps []string) {
	t.Helper()
	rows, err := db.Writer().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		steps = append(steps, detail)
	}
	require.NoError(t, rows.Err())
	return steps
}

// Among 100 million calls nothing may look at more than it needs.
func TestCallsUseIndexes(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	for query, want := range map[string][]string{
		`SELECT * FROM calls c LEFT JOIN line_slots s ON s.line = c.line AND s.slot = c.start_at - c.start_at % 600000000
			WHERE c.number IN (1, 2) AND c.start_at BETWEEN 3 AND 4 ORDER BY c.number, c.start_at, c.call_id`: {
			"SEARCH c USING INDEX calls_by_number (number=? AND start_at>? AND start_at<?)",
			"SEARCH s USING PRIMARY KEY (line=? AND slot=?) LEFT-JOIN",
			"USE TEMP B-TREE FOR LAST TERM OF ORDER BY"},
		`SELECT * FROM calls c WHERE (c.start_at, c.call_id) < (1, 'x') ORDER BY c.start_at DESC, c.call_id DESC LIMIT 9`: {
			"SEARCH c USING INDEX calls_by_time (start_at<?)",
			"USE TEMP B-TREE FOR LAST TERM OF ORDER BY"},
		`SELECT * FROM calls c WHERE c.number = 1 AND (c.start_at, c.call_id) < (1, 'x') ORDER BY c.start_at DESC, c.call_id DESC LIMIT 9`: {
			"SEARCH c USING INDEX calls_by_number (number=? AND start_at<?)",
			"USE TEMP B-TREE FOR LAST TERM OF ORDER BY"},
		`SELECT * FROM calls c WHERE c.number > 1 AND +c.start_at BETWEEN 2 AND 3 ORDER BY c.number, c.start_at, c.call_id LIMIT 9`: {
			"SEARCH c USING INDEX calls_by_number (number>?)",
			"USE TEMP B-TREE FOR LAST TERM OF ORDER BY"},
		`SELECT COUNT(*), outcome FROM calls WHERE start_at >= 1 AND start_at < 2 GROUP BY outcome`: {
			"SEARCH calls USING COVERING INDEX calls_by_time (start_at>? AND start_at<?)",
			"USE TEMP B-TREE FOR GROUP BY"},
		`SELECT DISTINCT number FROM calls WHERE start_at >= 1 AND start_at < 2 AND line = 'x'`: {
			"SEARCH calls USING INDEX calls_by_time (start_at>? AND start_at<?)",
			"USE TEMP B-TREE FOR DISTINCT"},
	} {
		require.Equal(t, want, plan(t, db, query), query)
	}
}

func newRecording(t testing.TB, i int) recording.Recording {
	t.Helper()
	n, err := number.Parse(fmt.Sprintf("138%08d", i), "")
	require.NoError(t, err)
	now := time.Now()
	return recording.Recording{ID: recording.ID(fmt.Sprintf("01J0000000000000%010d", i)),
		CallID: fmt.Sprintf("call-%d", i), Number: n,
		CustomerChannel: "right", State: recording.Queued, CreatedAt: now, UpdatedAt: now}
}

// forGood are the periods of a lexicon whose classes all freeze until somebody releases.
func forGood(keywords.Class) (time.Duration, bool) { return 0, true }

func confirmEach(t testing.TB, db *store.DB, i int) (recording.ID, freeze.ID, error) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	r, _, err := db.Recordings.CreateRecording(ctx, newRecording(t, i))
	if err != nil {
		return "", "", err
	}
	hit := keywords.Hit{Class: keywords.Class("stop_calling"), Score: 1}
	verdict := keywords.Verdict{Hits: []keywords.Hit{hit}, Suspect: true}
	s, ok := review.NewSuspect(review.Heard{RecordingID: string(r.ID), CallID: r.CallID,
		Number: r.Number}, verdict, time.Now())
	require.True(t, ok)
	if err = db.Transcripts.Finish(ctx, r.ID, []asr.Transcript{{Side: asr.Customer}}, verdict,
		&s, 0); err != nil {
		return "", "", err
	}
	service := review.Service{Store: db.Suspects, Keys: options(t).Keys, Now: time.Now,
		Periods: forGood}
	s, err = service.Decide(ctx, s.ID, "li", review.Order{Verdict: review.Confirm}, request.Request{Method: "DecideSuspect", ID: fmt.Sprint(i)})
	if err != nil {
		return "", "", err
	}
	return r.ID, s.Decision.Freeze, nil
}

// crashEnv names the database on which the test binary works until it is killed.
const crashEnv = "REFRAIN_TEST_CRASH_DB"

// TestWorkUntilKilled is the process that TestKill kills.
func TestWorkUntilKilled(t *testing.T) {
	path := os.Getenv(crashEnv)
	if path == "" {
		t.Skip("only run by TestKill, in a process of its own")
	}
	db := open(t, path)
	for i := 0; ; i++ {
		rec, frz, err := confirmEach(t, db, i)
		require.NoError(t, err)
		fmt.Println("ACK", rec, frz)
	}
}

// A process that is killed in the middle of writing loses nothing that it acknowledged.
func TestKill(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "refrain.db")
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestWorkUntilKilled$")
	cmd.Env = append(os.Environ(), crashEnv+"="+path)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	acknowledged := map[string]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if f := strings.Fields(lines.Text()); len(f) == 3 && f[0] == "ACK" {
			acknowledged[f[1]] = f[2]
			if len(acknowledged) == 25 { // it goes on with the next meanwhile
				require.NoError(t, cmd.Process.Kill())
			}
		}
	}
	require.Error(t, cmd.Wait())
	require.GreaterOrEqual(t, len(acknowledged), 25)

	db := open(t, path)
	for rec, frz := range acknowledged {
		r, err := db.Recordings.Get(t.Context(), recording.ID(rec))
		require.NoError(t, err)
		require.Equal(t, recording.Done, r.State)
		f, err := db.Freezes.Get(t.Context(), freeze.ID(frz))
		require.NoError(t, err)
		require.Equal(t, r.Number, f.Number)
	}
	v := freeze.Verifier{Keys: options(t).Keys}
	require.NoError(t, db.Freezes.Ledger(t.Context(), v.Next))
	var check string
	require.NoError(t, db.Writer().QueryRowContext(t.Context(),
		`PRAGMA integrity_check`).Scan(&check))
	require.Equal(t, "ok", check)
}
