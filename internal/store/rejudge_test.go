package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/rejudge"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// noonOfRuns is when the tests' runs are carried out.
var noonOfRuns = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// archiveSize makes several portions.
const archiveSize = 1100

// judgingAgain is a service over db; outcomes keeps what it finds.
func judgingAgain(t testing.TB, db *store.DB, outcomes rejudge.Outcomes) *rejudge.Service {
	t.Helper()
	j := byDefault()
	return rejudge.NewService(rejudge.Config{
		Runs: db.Runs, Archive: db.Runs, Outcomes: outcomes, PerDay: 200,
		Judge:   func(context.Context, string) (*keywords.Judge, error) { return j, nil },
		Workers: func() int { return 3 }, Zone: func() *time.Location { return time.UTC },
		Now: func() time.Time { return noonOfRuns }, Logger: slog.New(slog.DiscardHandler),
	})
}

// endOf is what a run that applies comes to, whatever it was broken off by; ids and times are its
// own.
func endOf(t testing.TB, db *store.DB) []string {
	t.Helper()
	var all []string
	for _, query := range []string{
		`SELECT recording_id, lexicon, score, suspect, verdict, revision FROM judgements ORDER BY 1`,
		`SELECT recording_id, hits, score, class, lexicon, round, verdict, freeze_from FROM suspects ORDER BY 1`,
		`SELECT recording_id, kind, fate, class, class_before, score, score_before, text, basis, verdict,
			opened_at IS NULL FROM run_changes ORDER BY 1`,
		`SELECT state, cursor, last, total, done, tally FROM runs`,
	} {
		err := db.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
			rows, err := tx.QueryContext(ctx, query)
			if err != nil {
				return err
			}
			defer func() { _ = rows.Close() }()
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			for rows.Next() {
				values, dest := make([]any, len(columns)), make([]any, len(columns))
				for i := range values {
					dest[i] = &values[i]
				}
				if err := rows.Scan(dest...); err != nil {
					return err
				}
				all = append(all, fmt.Sprint(values...))
			}
			return rows.Err()
		})
		require.NoError(t, err)
	}
	return all
}

// undisturbed is what a run comes to that nothing breaks off.
func undisturbed(t testing.TB, path string, perDay int) []string {
	t.Helper()
	db := archive(t, path, archiveSize, byDefault())
	s := judgingAgain(t, db, db.Runs)
	r, err := s.Create(t.Context(), request.Request{}, rejudge.Order{Apply: true, PerDay: perDay}, "li")
	require.NoError(t, err)
	require.NoError(t, s.Work(t.Context()))
	r, err = db.Runs.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, archiveSize, r.Done)
	require.Equal(t, archiveSize, r.Total)
	require.Positive(t, r.Tally.Gained)
	require.Equal(t, min(perDay, r.Tally.Gained), r.Tally.Opened)
	return endOf(t, db)
}

// byDefault is the judge of the default lexicon.
var byDefault = sync.OnceValue(func() *keywords.Judge {
	j, err := keywords.New(lexicon.Default(), keywords.Options{})
	if err != nil {
		panic(err)
	}
	return j
})

var errBroken = errors.New("broken off")

// breaking fails once so many steps were taken: before a step where the number is even, or else
// after it, when what it wrote is there already.
type breaking struct {
	rejudge.Outcomes
	steps int
}

func (k *breaking) step(do func() error) error {
	k.steps--
	if k.steps == 0 {
		return errBroken
	}
	err := do()
	k.steps--
	if k.steps == 0 {
		return errBroken
	}
	return err
}

func (k *breaking) KeepPortion(ctx context.Context, p rejudge.Portion) (r rejudge.Run, err error) {
	err = k.step(func() error { r, err = k.Outcomes.KeepPortion(ctx, p); return err })
	return r, err
}

func (k *breaking) OpenSuspects(
	ctx context.Context, day time.Time, open func(review.Heard, keywords.Verdict) (review.Suspect, bool),
) (n int, err error) {
	err = k.step(func() error { n, err = k.Outcomes.OpenSuspects(ctx, day, open); return err })
	return n, err
}

// A run that is broken off anywhere goes on where it was, and comes to the same.
func TestRunGoesOn(t *testing.T) {
	t.Parallel()
	for _, perDay := range []int{5, 1000} {
		want := undisturbed(t, filepath.Join(t.TempDir(), "refrain.db"), perDay)
		db := archive(t, filepath.Join(t.TempDir(), "refrain.db"), archiveSize, byDefault())
		_, err := judgingAgain(t, db, db.Runs).Create(t.Context(), request.Request{},
			rejudge.Order{Apply: true, PerDay: perDay}, "li")
		require.NoError(t, err)
		broken := 0
		for steps := 3; ; steps++ {
			s := judgingAgain(t, db, &breaking{db.Runs, steps})
			if err = s.Work(t.Context()); err == nil {
				break
			}
			require.ErrorIs(t, err, errBroken)
			broken++
		}
		require.Greater(t, broken, 2)
		require.Equal(t, want, endOf(t, db))
	}
}

// killEnv names the database on which the test binary judges again until it is killed.
const killEnv = "REFRAIN_TEST_REJUDGE_DB"

// telling says on standard output that a portion is kept.
type telling struct{ rejudge.Outcomes }

func (k telling) KeepPortion(ctx context.Context, p rejudge.Portion) (rejudge.Run, error) {
	r, err := k.Outcomes.KeepPortion(ctx, p)
	fmt.Println("KEPT", p.Count)
	return r, err
}

// TestRejudgeUntilKilled is the process that TestRunSurvivesKills kills.
func TestRejudgeUntilKilled(t *testing.T) {
	path := os.Getenv(killEnv)
	if path == "" {
		t.Skip("only run by TestRunSurvivesKills, in a process of its own")
	}
	db := open(t, path)
	require.NoError(t, judgingAgain(t, db, telling{db.Runs}).Work(t.Context()))
	fmt.Println("DONE")
}

func TestRunSurvivesKills(t *testing.T) {
	t.Parallel()
	const perDay = 1000
	want := undisturbed(t, filepath.Join(t.TempDir(), "refrain.db"), perDay)
	path := filepath.Join(t.TempDir(), "refrain.db")
	db := archive(t, path, archiveSize, byDefault())
	_, err := judgingAgain(t, db, db.Runs).Create(t.Context(), request.Request{},
		rejudge.Order{Apply: true, PerDay: perDay}, "li")
	require.NoError(t, err)
	kills := 0
	for done := false; !done; {
		done = rejudgeOnce(t, path)
		if !done {
			kills++
		}
	}
	require.Positive(t, kills)
	require.Equal(t, want, endOf(t, db))
}

// rejudgeOnce runs the process until it has kept a portion, and kills it; it reports whether it was
// done before that.
func rejudgeOnce(t *testing.T, path string) (done bool) {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe, "-test.run", "^TestRejudgeUntilKilled$", "-test.v")
	cmd.Env = append(os.Environ(), killEnv+"="+path)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "DONE") {
			done = true
		}
		if strings.HasPrefix(lines.Text(), "KEPT 500") {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	return done
}
