package app_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/backup"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Ledger and record prove themselves after people were erased, after the key was rotated between two of them,
// and after a backup of in between was put back; and who was erased stays erased and is not called.
func TestProofAfterEverything(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	s := start(t, cfg)
	ctx := as(t.Context(), "ops")
	people := []string{"13800138001", "13800138002", "13800138003"}
	sound := func(s *server, what string) {
		t.Helper()
		s.Sound(t)
		v, err := s.Audit.VerifyAudit(ctx, &pb.VerifyAuditRequest{})
		require.NoError(t, err)
		require.Empty(t, v.GetProblems(), what)
		require.Zero(t, v.GetUnproven(), what)
		require.Positive(t, v.GetEntries(), what)
		for _, n := range people {
			require.False(t, s.Ask(t, n).GetAllowed(), "%s: %s", what, n)
		}
	}
	erase := func(s *server, n string) {
		t.Helper()
		_, err := s.People.ErasePerson(ctx, &pb.ErasePersonRequest{Number: n, Reason: "asked us to"})
		require.NoError(t, err)
	}
	for _, n := range people {
		s.freezeAll(t, n)
	}
	erase(s, people[0])
	sound(s, "erased")
	require.NoError(t, s.stop())

	rotate(t, cfg)
	s = start(t, cfg)
	sound(s, "rotated")
	dir := filepath.Join(t.TempDir(), "backup")
	_, err := backup.Make(t.Context(), backup.Options{Data: cfg.Data, Dir: dir, Database: app.Databases{}, Now: time.Now})
	require.NoError(t, err)
	erase(s, people[1])
	sound(s, "erased under the next key")
	require.NoError(t, s.stop())

	to := testConfig(filepath.Join(t.TempDir(), "data"))
	_, err = backup.Restore(t.Context(), backup.RestoreOptions{Dir: dir, Data: to.Data, Key: in(cfg.Data, "ledger.key"),
		Erasures: []string{in(cfg.Data, "erasures.log")}, Database: app.Databases{}, Now: time.Now})
	require.NoError(t, err)
	s = start(t, to)
	sound(s, "put back")
	for i, n := range people {
		list, err := s.Freezes.ListFreezes(ctx, &pb.ListFreezesRequest{Number: n})
		require.NoError(t, err)
		require.Len(t, list.GetFreezes(), 1)
		masked := list.GetFreezes()[0].GetMaskedNumber()
		require.Equal(t, i < 2, masked != "138****800"+n[10:], "%s is shown as %s", n, masked)
	}
}
