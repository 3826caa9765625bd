package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

func num(t *testing.T, s string) number.Number {
	t.Helper()
	n, err := number.Parse(s, "CN")
	require.NoError(t, err)
	return n
}

func hand(t *testing.T, db *store.DB, keys freeze.Keys) *freeze.Service {
	t.Helper()
	return &freeze.Service{Store: db.Freezes, Keys: keys, Now: options(t).Now}
}

// order freezes numbers and releases the first.
func order(t *testing.T, s *freeze.Service, numbers ...string) {
	t.Helper()
	for _, n := range numbers {
		_, err := s.Order(t.Context(), request.Request{},
			[]freeze.Freeze{{Number: num(t, n), Reason: freeze.Manual, Note: "asked us to", Actor: "ops"}})
		require.NoError(t, err)
	}
	_, err := s.Release(t.Context(), request.Request{}, num(t, numbers[0]), "ops", "called us")
	require.NoError(t, err)
}

// What a database says of itself is read while it is open, and from its file.
func TestInspect(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "refrain.db")
	o := options(t)
	var told []int64
	o.Entered = func(entries int64, head freeze.MAC) {
		told = append(told, entries)
		require.NotZero(t, head)
	}
	db, err := store.Open(t.Context(), path, o)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	i, err := store.Inspect(t.Context(), path, 0)
	require.NoError(t, err)
	require.GreaterOrEqual(t, i.Schema, int64(12))
	require.Equal(t, store.Inspection{Schema: i.Schema}, i, "nothing was said yet")

	require.NoError(t, db.Belong(t.Context(), "dir-1", "key-1"))
	require.NoError(t, db.Belong(t.Context(), "dir-2", "key-2"))
	order(t, hand(t, db, o.Keys), "13800138001", "13800138002")
	require.Equal(t, []int64{1, 2, 3}, told)
	for _, inspect := range []func(context.Context, int64) (store.Inspection, error){db.Inspect,
		func(ctx context.Context, n int64) (store.Inspection, error) {
			return store.Inspect(ctx, path, n)
		}} {
		i, err = inspect(t.Context(), 2)
		require.NoError(t, err)
		require.Equal(t, "dir-2", i.Directory)
		require.Equal(t, "key-2", i.Key)
		require.EqualValues(t, 3, i.Entries)
		require.EqualValues(t, 1, i.First.Seq)
		require.True(t, o.Keys.Sealed(i.First))
		require.NotZero(t, i.Noted)
		require.NotEqual(t, i.Head, i.Noted)
		last, err := inspect(t.Context(), 3)
		require.NoError(t, err)
		require.Equal(t, last.Head, last.Noted)
		beyond, err := inspect(t.Context(), 4)
		require.NoError(t, err)
		require.Zero(t, beyond.Noted)
	}
}

// A transaction that is rolled back tells of no head.
func TestNoHeadOfWhatWasRolledBack(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Entered = func(int64, freeze.MAC) { t.Error("it was never committed") }
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "refrain.db"), o)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	boom := errors.New("boom")
	_, _, err = db.Freezes.Once(t.Context(), request.Request{}, "",
		func(ctx context.Context, tx freeze.Tx) ([]string, error) {
			w := freeze.Writer{Book: tx, Keys: o.Keys, Now: o.Now()}
			_, err := w.Open(ctx, freeze.Freeze{Number: num(t, "13800138001"), Reason: freeze.Manual,
				Actor: "ops", From: o.Now()})
			require.NoError(t, err)
			return nil, boom
		})
	require.ErrorIs(t, err, boom)
}

// An old program's database tells what it can.
func TestInspectOlder(t *testing.T) {
	t.Parallel()
	path := unpacked(t, "testdata/version-3/refrain.db.gz")
	i, err := store.Inspect(t.Context(), path, 1)
	require.NoError(t, err)
	require.EqualValues(t, 3, i.Schema)
	require.Empty(t, i.Directory)
	require.Equal(t, oldHead, i.Head.String())
	require.NotZero(t, i.First.MAC)
	require.Equal(t, i.First.MAC, i.Noted)
}

func TestInspectWhatIsNoDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "refrain.db")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	i, err := store.Inspect(t.Context(), path, 0)
	require.NoError(t, err)
	require.Zero(t, i)
	require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("no database "), 1000), 0o600))
	_, err = store.Inspect(t.Context(), path, 0)
	require.ErrorContains(t, err, "not a database")
}

// Whoever lost the key seals the ledger anew: it verifies under the new key, numbers are
// recognised again, and its guard stands as before.
func TestReseal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "refrain.db")
	o := options(t)
	db, err := store.Open(t.Context(), path, o)
	require.NoError(t, err)
	order(t, hand(t, db, o.Keys), "13800138001", "13800138002", "13800138003")
	before, err := db.Freezes.Verify(t.Context(), freeze.MAC{})
	require.NoError(t, err)
	require.NoError(t, db.Close())

	o.Keys, err = freeze.NewKeys(bytes.Repeat([]byte{77}, freeze.SecretSize))
	require.NoError(t, err)
	var told int64
	o.Entered = func(entries int64, _ freeze.MAC) { told = entries }
	db, err = store.Open(t.Context(), path, o)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	v, err := db.Freezes.Verify(t.Context(), freeze.MAC{})
	require.NoError(t, err)
	require.NotEmpty(t, v.Findings)
	require.NoError(t, db.Freezes.Reseal(t.Context()))
	require.EqualValues(t, 4, told)
	v, err = db.Freezes.Verify(t.Context(), freeze.MAC{})
	require.NoError(t, err)
	require.Empty(t, v.Findings)
	require.Equal(t, before.Entries, v.Entries)
	require.NotEqual(t, before.Head, v.Head)
	fs, err := db.Freezes.List(t.Context(), freeze.Filter{Number: num(t, "13800138002")})
	require.NoError(t, err)
	require.Len(t, fs, 1)
	_, err = db.Writer().ExecContext(t.Context(), `UPDATE ledger SET reason = 'x'`)
	require.ErrorContains(t, err, "append-only")
	order(t, hand(t, db, o.Keys), "13800138004")
	v, err = db.Freezes.Verify(t.Context(), freeze.MAC{})
	require.NoError(t, err)
	require.Empty(t, v.Findings)
}

func TestQuickCheck(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "refrain.db")
	o := options(t)
	db, err := store.Open(t.Context(), path, o)
	require.NoError(t, err)
	require.NoError(t, db.QuickCheck(t.Context(), func(what string) { t.Error(what) }))
	require.NoError(t, db.Close())
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := 40 * 4096; i < 60*4096; i += 7 { // pages in the middle
		b[i] ^= 0x55
	}
	require.NoError(t, os.WriteFile(path, b, 0o600))
	db, err = store.Open(t.Context(), path, o)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	found := 0
	err = db.QuickCheck(t.Context(), func(string) { found++ })
	require.True(t, found > 0 || err != nil, errors.Join(err))
}
