package store_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// Whoever looks for a number, or through complaints, reads no table whole, however many rows it has.
func TestLookingUsesIndexes(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	for name, query := range store.LookingQueries() {
		steps := plan(t, db, query)
		for _, step := range steps {
			require.NotRegexp(t, `^SCAN [a-z]$`, step, "%s: %s", name, strings.Join(steps, "\n"))
		}
		if want := map[string]string{"tail": "recordings_by_tail", "complaints": "complaints_by_time"}[name]; want != "" {
			require.Contains(t, strings.Join(steps, "\n"), want, name)
		}
	}
	require.Contains(t, strings.Join(plan(t, db, store.LookingQueries()["tail"]), "\n"), "ledger_personal_by_tail")
}

// A number is found by the digits that it ends in, however many, once, and by what is known of it last.
func TestNumbersAreFoundByTheirEnd(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	for i, n := range []int64{8613800005678, 8613800005678, 8613900015678, 8613900010000, 0} {
		_, err := db.Writer().ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO recordings (id, call_id, part, number, agent,
			source, customer_channel, answer_offset, audio, sha256, size, state, attempts, deaths, created_at, updated_at, revision)
			VALUES ('r%d', 'c%d', '', %d, '', '', 'left', 0, '{}', '', 1, 'done', 0, 0, %d, 1, 1)`, i, i, n, i+1))
		require.NoError(t, err)
	}
	for digits, want := range map[string][]string{
		"5678":  {"recordings/r2 +8613900015678", "recordings/r1 +8613800005678"},
		"15678": {"recordings/r2 +8613900015678"}, "05678": {"recordings/r1 +8613800005678"},
		"0000": {"recordings/r3 +8613900010000"}, "1234": nil, "3800005678": {"recordings/r1 +8613800005678"},
	} {
		found, err := db.Conversations.ByTail(t.Context(), digits, nil, 9)
		require.NoError(t, err)
		require.Equal(t, want, namesOf(found), digits)
	}
	found, err := db.Conversations.ByTail(t.Context(), "5678", nil, 1)
	require.NoError(t, err)
	require.Equal(t, []string{"recordings/r2 +8613900015678"}, namesOf(found))
	rest, err := db.Conversations.ByTail(t.Context(), "5678", &request.Cursor{At: found[0].At, ID: found[0].Name}, 9)
	require.NoError(t, err)
	require.Equal(t, []string{"recordings/r1 +8613800005678"}, namesOf(rest), "what comes after it")
	m, ok, err := db.Conversations.ByCall(t.Context(), "c3")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []string{"recordings/r3 +8613900010000"}, namesOf([]number.Match{m}))
	_, ok, err = db.Conversations.ByCall(t.Context(), "c")
	require.NoError(t, err)
	require.False(t, ok)
}

func namesOf(found []number.Match) (all []string) {
	for _, m := range found {
		all = append(all, m.Name+" "+m.Number.E164())
	}
	return all
}
