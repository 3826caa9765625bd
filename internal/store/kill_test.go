package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
)

// stormEnv names the database on which the test binary reports calls until it is
// killed; its round follows a colon.
const stormEnv = "REFRAIN_TEST_STORM_DB"

// stormCall is the i-th report of a round: five calls to every number, all rejected.
func stormCall(t testing.TB, round string, worker, i int) calls.Call {
	t.Helper()
	id := fmt.Sprintf("%s-%d-%d", round, worker, i)
	n, err := number.Parse(fmt.Sprintf("139%02d%d%05d", len(round), worker, i/5), "")
	require.NoError(t, err)
	return calls.Call{ID: id, Number: n, Line: id,
		Start: time.Date(2026, 3, 2, 9, i/60%60, i%60, 0, time.UTC), Outcome: calls.Rejected,
		Revision: 1}
}

// TestReportUntilKilled is the process that TestKillStorm kills.
func TestReportUntilKilled(t *testing.T) {
	path, round, ok := strings.Cut(os.Getenv(stormEnv), "|")
	if !ok {
		t.Skip("only run by TestKillStorm, in a process of its own")
	}
	o := stormOptions(t)
	db, err := store.Open(t.Context(), path, o)
	require.NoError(t, err)
	reports := calls.NewService(db.Calls, o.Keys, shipped, o.Now)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := 0; ; i += 3 {
				batch := []calls.Call{stormCall(t, round, worker, i),
					stormCall(t, round, worker, i+1), stormCall(t, round, worker, i+2)}
				out, err := reports.Report(context.Background(), batch)
				if err != nil {
					fmt.Println("FAILED", err)
					return
				}
				for _, r := range out {
					fmt.Println("ACK", r.Call.ID, r.Status)
				}
			}
		})
	}
	wg.Wait()
}

// stormOptions have a clock that stands still, so that no freeze is over.
func stormOptions(t testing.TB) store.Options {
	o := options(t)
	o.Now = func() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }
	return o
}

// A process that is killed in the middle of a storm of reports, again and again, loses
// none that it acknowledged and counts none twice, and what the rules make of them is
// there, too.
func TestKillStorm(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "refrain.db")
	acknowledged := map[string]bool{}
	for round := range 4 {
		for _, id := range storm(t, path, strings.Repeat("r", round+1)) {
			require.False(t, acknowledged[id])
			acknowledged[id] = true
		}
	}
	require.GreaterOrEqual(t, len(acknowledged), 400)
	db, err := store.Open(t.Context(), path, stormOptions(t))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	checkStorm(t, db, acknowledged)
	v, err := db.Freezes.Verify(t.Context(), freeze.MAC{})
	require.NoError(t, err)
	require.Empty(t, v.Findings)
}

// storm runs a process until it has acknowledged a hundred reports, kills it, and
// returns what it acknowledged.
func storm(t *testing.T, path, round string) (ids []string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestReportUntilKilled$")
	cmd.Env = append(os.Environ(), stormEnv+"="+path+"|"+round)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) != 3 || f[0] != "ACK" {
			continue
		}
		require.Equal(t, string(calls.Created), f[2])
		if ids = append(ids, f[1]); len(ids) == 100 {
			require.NoError(t, cmd.Process.Kill())
		}
	}
	require.Error(t, cmd.Wait())
	return ids
}

// checkStorm holds what is stored against what was acknowledged, and against itself.
func checkStorm(t *testing.T, db *store.DB, acknowledged map[string]bool) {
	t.Helper()
	ctx := t.Context()
	stored, attempts := 0, 0
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	require.NoError(t, db.Calls.EachHistory(ctx, calls.Span{From: day, To: day.AddDate(0, 0, 1)},
		shipped(), func(n number.Number, h calls.History) error {
			stored += len(h.Calls)
			for _, c := range h.Calls {
				delete(acknowledged, c.ID)
			}
			freezes, err := db.Freezes.Freezes(ctx, freeze.Query{Numbers: []number.Number{n}})
			require.NoError(t, err)
			firings := shipped().Firings(h, day, day.AddDate(0, 0, 1))
			require.Len(t, freezes, len(firings))
			for i, f := range firings {
				require.Equal(t, f.Calls, freezes[i].Evidence.Calls)
			}
			return nil
		}))
	require.Empty(t, acknowledged, "acknowledged, but not stored")
	require.NoError(t, db.Writer().QueryRowContext(ctx,
		`SELECT SUM(attempts) FROM line_slots`).Scan(&attempts))
	require.Equal(t, stored, attempts, "each call counts once for its line")
}
