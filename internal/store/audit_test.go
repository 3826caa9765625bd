package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
)

// What somebody changes in the file is found, also by whoever gets around the triggers.
func TestAuditIsTamperEvident(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	ctx := t.Context()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for i := range 5 {
		require.NoError(t, db.Audit.Record(ctx, audit.Entry{At: at.Add(time.Duration(i) * time.Hour), Actor: "li",
			Action: audit.KeyAdd, Subject: "keys/pbx", Reason: "call 13800138000"}))
	}
	_, head, err := db.Audit.Head(ctx)
	require.NoError(t, err)
	problems := func() []string {
		t.Helper()
		v, err := db.Audit.Verify(ctx, head)
		require.NoError(t, err)
		return v.Problems
	}
	require.Empty(t, problems())
	for _, query := range []string{`UPDATE audit SET actor = 'wang'`, `DELETE FROM audit`,
		`INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 1`} {
		_, err := db.Writer().ExecContext(ctx, query)
		require.ErrorContains(t, err, "append-only", query)
	}
	all, err := db.Audit.List(ctx, audit.Filter{Action: "key.", Subject: "keys/pbx", Limit: 2})
	require.NoError(t, err)
	require.Equal(t, []int64{5, 4}, []int64{all[0].Seq, all[1].Seq})
	require.Equal(t, "call 138****8000", all[0].Reason)

	n, err := db.Audit.Over(ctx, at.Add(2*time.Hour))
	require.NoError(t, err)
	require.Equal(t, int64(2), n)
	n, more, err := db.Audit.Prune(ctx, at.Add(2*time.Hour), 9)
	require.NoError(t, err)
	require.Equal(t, int64(2), n)
	require.False(t, more)
	require.Empty(t, problems(), "what is old may go")
	n, _, err = db.Audit.Prune(ctx, at.Add(2*time.Hour), 9)
	require.NoError(t, err)
	require.Zero(t, n)
	v, err := db.Audit.Verify(ctx, audit.MAC{})
	require.NoError(t, err)
	require.Equal(t, []int64{4, 3}, []int64{v.Entries, v.First}, "with the entry that tells of it")

	_, err = db.Writer().ExecContext(ctx, `UPDATE audit_anchor SET seq = 3, mac = (SELECT mac FROM audit WHERE seq = 3)`)
	require.NoError(t, err)
	_, err = db.Writer().ExecContext(ctx, `DELETE FROM audit WHERE seq = 3`)
	require.NoError(t, err, "that is how a program deletes")
	require.NotEmpty(t, problems(), "but only the key's owner can prove it")
}

// An entry joins the first transaction that is committed, and one that is rolled back gives it back.
func TestAPendingEntryJoinsTheChange(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	p := audit.NewPending(audit.Entry{Actor: "li", Action: audit.FreezeCreate})
	ctx := audit.With(t.Context(), p)
	failed := errors.New("it fails")
	require.ErrorIs(t, db.InTx(ctx, func(context.Context, store.Tx) error { return failed }), failed)
	for range 2 {
		require.NoError(t, db.InTx(ctx, func(context.Context, store.Tx) error { return nil }))
	}
	_, left := p.Take()
	require.False(t, left)
	all, err := db.Audit.List(t.Context(), audit.Filter{})
	require.NoError(t, err)
	require.Len(t, all, 1)

	// what the transaction adds joins it as well, and is given back with it
	p = audit.NewPending(audit.Entry{Actor: "li", Action: audit.SignIn})
	ctx = audit.With(t.Context(), p)
	p.Add(audit.Entry{Actor: audit.Self, Action: audit.UserChange})
	require.NoError(t, db.InTx(ctx, func(context.Context, store.Tx) error { return nil }))
	all, err = db.Audit.List(t.Context(), audit.Filter{})
	require.NoError(t, err)
	require.Equal(t, []audit.Action{audit.UserChange, audit.SignIn, audit.FreezeCreate},
		[]audit.Action{all[0].Action, all[1].Action, all[2].Action})
	p.PutBack()
	for _, want := range []bool{true, true, false} {
		_, ok := p.Take()
		require.Equal(t, want, ok)
	}
}

// However somebody writes a number, the record has it masked: it can't be changed once it is sealed.
func TestAuditMasksEveryForm(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	ctx := t.Context()
	n, err := number.Parse("13800138000", "CN")
	require.NoError(t, err)
	finder := number.NewFinder(n)
	for _, form := range []string{"138.0013.8000", "１３８００１３８０００", "一三八零零一三八零零零", "138/0013/8000", "(138)00138000",
		"13800 138000", "138_0013_8000", "1380 0138 000", "138  0013  8000"} {
		require.NoError(t, db.Audit.Record(ctx, audit.Entry{Actor: "li " + form, Action: audit.KeyAdd, Subject: "calls/" + form,
			Reason: "call " + form, Details: map[string]string{"call": form}}))
		all, err := db.Audit.List(ctx, audit.Filter{Actor: "li " + form, Subject: "calls/" + form, Limit: 1})
		require.NoError(t, err)
		require.Len(t, all, 1, "it is found by what it was")
		for _, text := range []string{all[0].Actor, all[0].Subject, all[0].Reason, all[0].Details["call"]} {
			require.False(t, finder.Has(text), text)
		}
	}
}

// The record is pruned a portion after the other, and proves itself in between.
func TestAuditIsPrunedInPortions(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	ctx := t.Context()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for i := range 7 {
		require.NoError(t, db.Audit.Record(ctx, audit.Entry{At: at.Add(time.Duration(i) * time.Hour), Actor: "li",
			Action: audit.KeyAdd, Subject: "keys/pbx"}))
	}
	for _, want := range []struct {
		pruned, first int64
		more          bool
	}{{2, 3, true}, {2, 5, true}, {1, 6, false}, {0, 6, false}} {
		n, more, err := db.Audit.Prune(ctx, at.Add(5*time.Hour), 2)
		require.NoError(t, err)
		require.Equal(t, want.pruned, n)
		require.Equal(t, want.more, more)
		v, err := db.Audit.Verify(ctx, audit.MAC{})
		require.NoError(t, err)
		require.Empty(t, v.Problems)
		require.Equal(t, want.first, v.First)
	}
}
