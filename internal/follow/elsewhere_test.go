//go:build unix

package follow_test

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/internal/follow"
	"github.com/refrain-asr/refrain/internal/metrics"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// soon is for how long a server may not know yet what another one did.
const soon = 10 * time.Second

// server is one of several on a database, with what it holds in memory.
type server struct {
	*follow.Follower

	db       *store.DB
	keys     freeze.Keys
	calls    *calls.Service
	freezes  *freeze.Service
	lexicons *keywords.Lexicons
}

func open(t *testing.T, url string) *server {
	t.Helper()
	ctx := t.Context()
	keys, err := freeze.NewKeys([]byte("a secret that is thirty-two bytes"))
	require.NoError(t, err)
	s := &server{keys: keys}
	s.db, err = store.OpenPostgres(ctx, url, store.Options{Keys: keys, Now: time.Now,
		Enqueue: func(context.Context, store.Tx, recording.Recording) error { return nil }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.db.Close()) })
	rules, err := calls.OpenRules(ctx, s.db.Rules, nil)
	require.NoError(t, err)
	s.lexicons, err = keywords.OpenLexicons(ctx, s.db.Lexicons, keywords.LexiconsOptions{})
	require.NoError(t, err)
	s.calls = calls.NewService(s.db.Calls, keys, rules.Timeline, time.Now)
	t.Cleanup(s.calls.Close)
	s.freezes = &freeze.Service{Store: s.db.Freezes, Keys: keys, Now: time.Now}
	table := gate.NewTable()
	table.Named(keys.NumberMACs)
	s.Follower = &follow.Follower{
		Table: table, Rules: rules, Metrics: metrics.New(func() map[freeze.Reason]int { return nil }, nil),
		Freezes: s.db.Freezes, Calls: s.db.Calls, Lexicon: s.lexicons.Reload, Watched: func(recording.ID) {},
		Reviewed: func(review.ID) {}, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	}
	s.db.Follow(s.Follow)
	s.calls.Activated, s.calls.Denied = s.Reload, table.Denials
	require.NoError(t, s.Load(ctx))
	return s
}

func numberOf(t *testing.T, i uint64) number.Number {
	t.Helper()
	n, err := number.FromDigits(8613800138000 + i)
	require.NoError(t, err)
	return n
}

// activate brings rules into force by a server.
func activate(t *testing.T, s *server, source string) (version string) {
	t.Helper()
	set, err := calls.Parse([]byte(source))
	require.NoError(t, err)
	_, err = s.calls.Activate(t.Context(), request.Request{}, set, "ops")
	require.NoError(t, err)
	return set.Version
}

func (s *server) frozen(n number.Number) bool {
	_, is := s.Table.Standing(n, time.Now())
	return is
}

// What one server is told, another one's memory has soon: freezes and their releases, what rules deny, rules,
// lexicons, and that somebody was erased.
func TestServersFollowOneAnother(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.Database(t, func(string) error { return nil })
	one := open(t, url)
	f, err := one.freezes.Order(ctx, request.Request{}, []freeze.Freeze{{Number: numberOf(t, 1), Reason: freeze.Manual}})
	require.NoError(t, err)
	two := open(t, url)
	require.True(t, two.frozen(numberOf(t, 1)), "it is there from before")
	knows := func(what string, is func() bool) {
		t.Helper()
		require.Eventually(t, is, soon, 10*time.Millisecond, what)
	}

	_, err = one.freezes.Release(ctx, request.Request{}, numberOf(t, 1), "ops", "asked")
	require.NoError(t, err)
	require.False(t, one.frozen(numberOf(t, 1)), "its own memory has it at once")
	knows("the release", func() bool { return !two.frozen(numberOf(t, 1)) })
	require.Equal(t, f[0].Number, numberOf(t, 1))

	activate(t, two, `{name: one, rules: [{name: one, title: One, when: "true", limit: 1, window: day, per: number, deny: true}]}`)
	c := calls.Call{ID: "c", Number: numberOf(t, 2), Start: time.Now(), Outcome: calls.NoAnswer, Revision: 1}
	_, err = one.calls.Report(ctx, []calls.Call{c})
	require.NoError(t, err)
	require.NotEmpty(t, one.Table.Denials(numberOf(t, 2)), "a report goes by the rules that the other has activated just now")
	knows("what the rules deny", func() bool { return len(two.Table.Denials(numberOf(t, 2))) > 0 })
	require.Equal(t, one.Table.Denials(numberOf(t, 2)), two.Table.Denials(numberOf(t, 2)))

	_, _, err = one.db.Retention.ForgetPerson(ctx, numberOf(t, 2), 100)
	require.NoError(t, err)
	require.Empty(t, one.Table.Denied())
	knows("that somebody was erased of whom rules deny something", func() bool { return len(two.Table.Denied()) == 0 })

	c.ID, c.Number = "d", numberOf(t, 5)
	_, err = one.calls.Report(ctx, []calls.Call{c})
	require.NoError(t, err)
	knows("what the rules deny", func() bool { return len(two.Table.Denied()) == 1 })
	require.NoError(t, two.db.InTx(ctx, func(ctx context.Context, tx store.Tx) error { // as an older program, which names nobody
		_, err := tx.ExecContext(ctx, `DELETE FROM calls WHERE call_id = 'd'`)
		require.NoError(t, err)
		_, err = tx.ExecContext(ctx, `INSERT INTO changes (seq, at, kind, id) SELECT MAX(seq) + 1, 0, 'erased', '' FROM changes`)
		return err
	}))
	knows("that somebody was erased", func() bool { return len(one.Table.Denied())+len(two.Table.Denied()) == 0 })

	version := activate(t, two, "{name: none, rules: []}")
	knows("the rules", func() bool {
		return one.Rules.Timeline().Last().Version == version && len(one.Table.Denials(numberOf(t, 2))) == 0
	})

	other, err := lexicon.Parse(append(lexicon.Default().Source(), "\n# another\n"...))
	require.NoError(t, err)
	_, err = one.lexicons.Activate(ctx, other, "ops", request.Request{})
	require.NoError(t, err)
	knows("the lexicon", func() bool { return two.lexicons.Active().Lexicon().ID() == other.ID() })

	_, err = one.freezes.Order(ctx, request.Request{}, []freeze.Freeze{{Number: numberOf(t, 3), Reason: freeze.Manual}})
	require.NoError(t, err)
	knows("a freeze", func() bool { return two.frozen(numberOf(t, 3)) })
	held := two.Table.Len()
	_, _, err = one.db.Retention.ForgetPerson(ctx, numberOf(t, 3), 100)
	require.NoError(t, err)
	_, err = two.freezes.Order(ctx, request.Request{}, []freeze.Freeze{{Number: numberOf(t, 4), Reason: freeze.Manual}})
	require.NoError(t, err, "a transaction hears first what others did")
	require.Equal(t, held+1, two.Table.Len(), "the erased number is known by its name alone")
	require.True(t, two.frozen(numberOf(t, 3)))
	require.WithinDuration(t, time.Now(), two.db.AsOf(), soon)
}
