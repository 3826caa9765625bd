package app_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/backup"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/datadir"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func rotate(tb testing.TB, cfg config.Config) app.Rotation {
	tb.Helper()
	r, err := app.RotateKey(tb.Context(), cfg, app.Options{Logger: newLogbook().Logger()})
	require.NoError(tb, err)
	return r
}

func secretsOf(tb testing.TB, dir string) [][]byte {
	tb.Helper()
	secrets, ok, err := datadir.ReadKey(in(dir, "ledger.key"))
	require.NoError(tb, err)
	require.True(tb, ok)
	return secrets
}

// After its key was rotated the ledger verifies from its first entry on; numbers that were frozen under
// any generation are refused, released, extended and counted by rules; requests of before are known again.
func TestRotateKey(t *testing.T) {
	t.Parallel()
	cfg := testConfig(killed(t))
	s := start(t, cfg)
	order := &pb.CreateFreezeRequest{Number: "13800138009", Reason: "asked us to", RequestId: "order-1"}
	first, err := s.Freezes.CreateFreeze(as(t.Context(), "ops"), order)
	require.NoError(t, err)
	_, err = app.RotateKey(t.Context(), cfg, app.Options{Logger: newLogbook().Logger()})
	require.Error(t, err, "while a server runs")
	require.NoError(t, s.stop())
	require.Len(t, secretsOf(t, cfg.Data), 1)

	before := rotate(t, cfg)
	r := rotate(t, cfg)
	require.Equal(t, before.Now, r.Before)
	require.Len(t, secretsOf(t, cfg.Data), 3)
	s = start(t, cfg)
	asked, reserved := standing(t, s)
	both := slices.Concat(frozenFirst, frozenLast)
	require.Equal(t, both, asked)
	require.Equal(t, both, reserved)
	require.EqualValues(t, 8, s.Sound(t).GetEntries(), "six freezes, and the key changed twice")
	again, err := s.Freezes.CreateFreeze(as(t.Context(), "ops"), order)
	require.NoError(t, err)
	require.Equal(t, first.GetFreeze().GetName(), again.GetFreeze().GetName())

	list, err := s.Freezes.ListFreezes(t.Context(), &pb.ListFreezesRequest{Number: frozenFirst[0]})
	require.NoError(t, err)
	require.Len(t, list.GetFreezes(), 1)
	s.freezeAll(t, frozenFirst[0]) // a second one, under another name of the same number
	require.Len(t, s.Release(t, frozenFirst[0]), 2)
	require.True(t, s.Ask(t, frozenFirst[0]).GetAllowed())
	s.Sound(t)
	require.NoError(t, s.stop())
	s = start(t, cfg)
	s.Sound(t)
	require.True(t, s.Ask(t, frozenFirst[0]).GetAllowed())
	require.False(t, s.Ask(t, frozenFirst[1]).GetAllowed())
}

// Broken off at any moment, a rotation is gone on with by the next start or the same command, and no
// generation is lost.
func TestRotationIsBrokenOff(t *testing.T) {
	t.Parallel()
	whole := killed(t)
	settled := start(t, testConfig(whole))
	require.NoError(t, settled.stop())
	done := testConfig(copyDir(t, whole))
	rotate(t, done)
	for name, breakOff := range map[string]func(t *testing.T, dir string){
		"before the key is written": func(*testing.T, string) {},
		"while the key is written": func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(in(dir, "ledger.key.1.tmp"), []byte("half"), 0o600))
		},
		"after the key, before the database": func(t *testing.T, dir string) {
			replace(t, dir, "ledger.key", done.Data)
		},
		"after the database, before what lies beside it": func(t *testing.T, dir string) {
			for _, name := range []string{"ledger.key", "refrain.db"} {
				replace(t, dir, name, done.Data)
			}
			remove(t, dir, "refrain.db-wal", "refrain.db-shm")
		},
	} {
		for _, again := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", the command again", false: ", a start"}[again], func(t *testing.T) {
				t.Parallel()
				cfg := testConfig(copyDir(t, whole))
				breakOff(t, cfg.Data)
				if again {
					rotate(t, cfg)
				}
				s := start(t, cfg)
				asked, _ := standing(t, s)
				require.Equal(t, slices.Concat(frozenFirst, frozenLast), asked)
				s.Sound(t)
				state, err := datadir.ReadState(cfg.Data)
				require.NoError(t, err)
				facts, err := datadir.Look(cfg.Data)
				require.NoError(t, err)
				keys, err := facts.Keys()
				require.NoError(t, err)
				require.Equal(t, keys.ID(), state.Key)
			})
		}
	}
}

// Of a key whose generations are not all there, or not as they were, a start says so.
func TestGenerationsAreMissing(t *testing.T) {
	t.Parallel()
	cfg := testConfig(killed(t))
	rotate(t, cfg)
	rotate(t, cfg)
	secrets := secretsOf(t, cfg.Data)
	for want, have := range map[string][][]byte{
		"lacks a generation":  {secrets[0], secrets[2]},
		"lacks a generation ": {secrets[2]},
		"is another key":      {secrets[0], secrets[1]},
		"in another order":    {secrets[2], secrets[1], secrets[0]},
		"is another key ":     {datadir.NewKey()},
	} {
		dir := testConfig(copyDir(t, cfg.Data))
		require.NoError(t, datadir.WriteKey(in(dir.Data, "ledger.key"), have...))
		require.Contains(t, refused(t, dir), strings.TrimSpace(want))
		_, err := app.RotateKey(t.Context(), dir, app.Options{Logger: newLogbook().Logger()})
		require.ErrorContains(t, err, strings.TrimSpace(want))
		require.Equal(t, have, secretsOf(t, dir.Data), "and changes nothing")
	}
	require.NoError(t, datadir.WriteKey(in(cfg.Data, "ledger.key"), append([][]byte{datadir.NewKey()}, secrets...)...))
	start(t, cfg).Sound(t) // one more than the ledger ever had does no harm
}

// The key comes from a file elsewhere, a variable or a command; with these the keeper holds the
// new generation first.
func TestKeyFromElsewhere(t *testing.T) {
	t.Parallel()
	whole := killed(t)
	settled := start(t, testConfig(whole))
	require.NoError(t, settled.stop())
	t.Run("a command", func(t *testing.T) {
		t.Parallel()
		cfg := testConfig(copyDir(t, whole))
		vault := filepath.Join(t.TempDir(), "vault")
		replaceFile := func(text []byte) { require.NoError(t, os.WriteFile(vault, text, 0o600)) }
		key, err := os.ReadFile(in(cfg.Data, "ledger.key"))
		require.NoError(t, err)
		replaceFile(key)
		remove(t, cfg.Data, "ledger.key")
		cfg.Ledger.Key.Command = []string{"cat", vault}
		s := start(t, cfg)
		s.Sound(t)
		require.NoError(t, s.stop())
		require.NoFileExists(t, in(cfg.Data, "ledger.key"))
		r := rotate(t, cfg)
		require.True(t, bytes.HasPrefix(r.Store, key), "all generations are to be held")
		s = start(t, cfg)
		require.EqualValues(t, 5, s.Sound(t).GetEntries(), "nothing was rotated yet")
		require.NoError(t, s.stop())
		replaceFile(r.Store)
		require.Nil(t, rotate(t, cfg).Store)
		require.EqualValues(t, 6, start(t, cfg).Sound(t).GetEntries())
	})
	t.Run("a file", func(t *testing.T) {
		t.Parallel()
		cfg := testConfig(copyDir(t, whole))
		cfg.Ledger.Key.File = filepath.Join(t.TempDir(), "elsewhere.key")
		require.NoError(t, os.Rename(in(cfg.Data, "ledger.key"), cfg.Ledger.Key.File))
		require.Equal(t, cfg.Ledger.Key.File, rotate(t, cfg).From)
		start(t, cfg).Sound(t)
	})
	for want, set := range map[string]func(*config.Config){
		"failed (exit status 1)": func(c *config.Config) { c.Ledger.Key.Command = []string{"false"} },
		"has no NOT_SET_AT_ALL":  func(c *config.Config) { c.Ledger.Key.Env = "NOT_SET_AT_ALL" },
		"does not hold a key":    func(c *config.Config) { c.Ledger.Key.Command = []string{"echo", "no key"} },
		"is another key": func(c *config.Config) {
			c.Ledger.Key.Command = []string{"echo", strings.Repeat("ab", 32)}
		},
	} {
		cfg := testConfig(copyDir(t, whole))
		set(&cfg)
		require.Contains(t, refused(t, cfg), want)
	}
}

// A backup of before the rotation is checked and put back with the key that has both generations, and
// one of after it, too.
func TestBackupsAndRotation(t *testing.T) {
	t.Parallel()
	cfg := testConfig(killed(t))
	require.NoError(t, start(t, cfg).stop())
	backedUp := func() string {
		dir := filepath.Join(t.TempDir(), "backup")
		_, err := backup.Make(t.Context(), backup.Options{Data: cfg.Data, Dir: dir, Database: app.Databases{}, Now: time.Now})
		require.NoError(t, err)
		return dir
	}
	old := backedUp()
	rotate(t, cfg)
	key := in(cfg.Data, "ledger.key")
	for entries, dir := range map[int64]string{6: old, 7: backedUp()} {
		v, err := backup.Verify(t.Context(), backup.VerifyOptions{Dir: dir, Key: key, Database: app.Databases{}})
		require.NoError(t, err)
		require.Empty(t, v.Wrong)
		require.True(t, v.Proven)
		to := testConfig(filepath.Join(t.TempDir(), "data"))
		_, err = backup.Restore(t.Context(), backup.RestoreOptions{Dir: dir, Data: to.Data, Key: key,
			Database: app.Databases{}, Now: time.Now})
		require.NoError(t, err)
		s := start(t, to)
		asked, _ := standing(t, s)
		require.Equal(t, slices.Concat(frozenFirst, frozenLast), asked)
		require.EqualValues(t, 6, s.Sound(t).GetEntries(), "the old one was rotated at its start, %d", entries)
	}
	before := filepath.Join(t.TempDir(), "before.key")
	require.NoError(t, datadir.WriteKey(before, secretsOf(t, cfg.Data)[0]))
	v, err := backup.Verify(t.Context(), backup.VerifyOptions{Dir: backedUp(), Key: before, Database: app.Databases{}})
	require.NoError(t, err)
	require.Contains(t, strings.Join(v.Wrong, "\n"), "another key")
}

// identity is a fresh identity of age.
func identity(tb testing.TB) string {
	tb.Helper()
	id, err := age.GenerateX25519Identity()
	require.NoError(tb, err)
	name := filepath.Join(tb.TempDir(), "audio.key")
	require.NoError(tb, os.WriteFile(name, []byte("# a comment\n"+id.String()+"\n"), 0o600))
	return name
}

// Audio is encrypted where it lies from the moment on that it is switched on, and heard, exported and
// backed up as ever; what lay there before stays as it is.
func TestEncryptedAudio(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	cfg.Privacy.Reveal = []string{"ops"}
	wav := sample(t, refusalSample)
	s := start(t, cfg)
	s.send(t.Context(), t, meta(1), wav)
	require.NoError(t, s.stop())
	cfg.Audio.Encrypt.Identity.File = identity(t)
	s = start(t, cfg)
	rec := s.send(t.Context(), t, meta(2), wav)
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
	require.NotNil(t, rec.GetJudgement().GetHits())
	var plain, sealed int
	for name, text := range contents(t, in(cfg.Data, "audio")) {
		switch {
		case strings.HasPrefix(text, "age-encryption.org/v1\n"):
			sealed++
			require.NotContains(t, text, string(wav[1000:1100]), name)
		case text == string(wav):
			plain++
		}
	}
	require.Equal(t, []int{1, 1}, []int{plain, sealed})
	for _, id := range []string{meta(1).GetCallId(), meta(2).GetCallId()} {
		code, doc := rest(t, http.MethodGet, "http://"+s.app.HTTPAddr()+"/v1/calls/"+id+"/vcon?with_audio=true&reveal_reason=backup", "ops", "")
		require.Equal(t, http.StatusOK, code, "%v", doc)
	}
	require.NoError(t, s.stop())

	dir := filepath.Join(t.TempDir(), "backup")
	o := backup.Options{Data: cfg.Data, Dir: dir, Database: app.Databases{}, Now: time.Now}
	made, err := backup.Make(t.Context(), o)
	require.NoError(t, err)
	require.Empty(t, made.Damaged)
	o.Dir, o.Previous = dir+"-2", dir
	made, err = backup.Make(t.Context(), o)
	require.NoError(t, err)
	require.EqualValues(t, 2, made.Linked, "neither is copied again")

	cfg.Audio.Encrypt.Identity.File = identity(t)
	s = start(t, cfg)
	for i, want := range map[int]int{1: http.StatusOK, 2: http.StatusInternalServerError} {
		code, _ := rest(t, http.MethodGet, "http://"+s.app.HTTPAddr()+"/v1/calls/"+meta(i).GetCallId()+"/vcon?with_audio=true&reveal_reason=backup", "ops", "")
		require.Equal(t, want, code, "another identity decrypts nothing")
	}
}
