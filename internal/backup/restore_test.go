package backup_test

import (
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/internal/backup"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/recording"
)

func TestRestore(t *testing.T) {
	t.Parallel()
	d := filled(t)
	dir, m := d.backUp(t)
	before := tree(t, dir)
	to := filepath.Join(t.TempDir(), "a", "data")
	r, err := backup.Restore(t.Context(), restoring(dir, to, d.path("ledger.key")))
	require.NoError(t, err)
	require.EqualValues(t, 5, r.Files)
	require.Equal(t, before, tree(t, dir), "the backup stays as it is")
	got := tree(t, to)
	want := []string{"directory.json", "ledger.head", "ledger.key", "refrain.db", "refrain.lock"}
	for _, id := range d.ids {
		want = append(want, audioName(id))
		original, err := os.ReadFile(d.path(audioName(id)))
		require.NoError(t, err)
		require.Equal(t, string(original), got[audioName(id)])
	}
	slices.Sort(want)
	require.Equal(t, want, names(got))
	head, err := datadir.ReadHead(to)
	require.NoError(t, err)
	require.Equal(t, m.Head, head.MAC.String())
	facts, err := datadir.Look(to)
	require.NoError(t, err)
	require.Equal(t, [][]byte{d.secret}, facts.Secrets)
	require.Equal(t, "dir-1", facts.State.ID)
	require.Empty(t, facts.Readable)
	require.Empty(t, facts.Writable)
}

// What a browser kept lets nobody in where he may have been signed out since.
func TestRestoreEndsSessions(t *testing.T) {
	t.Parallel()
	d := open(t)
	ctx := t.Context()
	require.NoError(t, d.db.Access.AddUser(ctx, access.User{ID: "1", Name: "li", Role: access.Admin, CreatedAt: made}))
	_, err := d.db.Access.ChangeUser(ctx, "li", func(u *access.User) error {
		u.Sessions = []access.Session{{Hash: [32]byte{1}, CreatedAt: made, UsedAt: made}}
		return nil
	})
	require.NoError(t, err)
	dir, _ := d.backUp(t)
	to := filepath.Join(t.TempDir(), "data")
	_, err = backup.Restore(ctx, restoring(dir, to, d.path("ledger.key")))
	require.NoError(t, err)
	require.NotContains(t, names(tree(t, to)), "refrain.db-wal")
	db, err := store.Open(ctx, filepath.Join(to, "refrain.db"), store.Options{Keys: d.keys, Now: clock,
		Enqueue: func(context.Context, store.Tx, recording.Recording) error { return nil }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	users, err := db.Access.Users(ctx)
	require.NoError(t, err)
	require.Len(t, users, 1)
	require.Empty(t, users[0].Sessions)
}

// A restore puts nothing over anything, and says which of the two is newer.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	d := filled(t)
	dir, _ := d.backUp(t)
	require.NoError(t, d.freeze(t.Context(), 4))
	later, _ := d.backUp(t)
	older := filepath.Join(t.TempDir(), "older")
	_, err := backup.Restore(t.Context(), restoring(dir, older, d.path("ledger.key")))
	require.NoError(t, err)
	another := filled(t)
	odd := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(odd, "notes"), nil, 0o600))
	wrongKey := filepath.Join(t.TempDir(), "key")
	require.NoError(t, datadir.WriteKey(wrongKey, datadir.NewKey()))
	for name, tt := range map[string]struct {
		dir, to, key string
		says         string
	}{
		"what is there is newer":       {dir, d.dir, "", "7 entries, 4 more than the backup"},
		"what is there is older":       {later, older, "", "3 entries, 4 less than the backup"},
		"what is there is as new":      {dir, older, "", "3 entries, as many as the backup"},
		"it is of another directory":   {dir, another.dir, "", "its ledger"},
		"something else lies there":    {dir, odd, "", "no database can be read there"},
		"no key":                       {dir, "", "", "--key"},
		"another key":                  {dir, "", wrongKey, "nothing was restored"},
		"no file with the key":         {dir, "", "none", "there is no file none"},
		"a key to the API":             {dir, "", "refrain_abcdefgh_x", "wanted is the file with the ledger's key"},
		"what is no backup":            {odd, "", "", "is no backup"},
		"what was not finished":        {filepath.Join(dir, "audio"), "", "", "is no backup"},
		"what is not there":            {filepath.Join(odd, "x"), "", "", "is no backup"},
		"a key that is no key but ...": {dir, "", filepath.Join(odd, "notes"), "does not hold a key"},
	} {
		t.Run(name, func(t *testing.T) {
			to := tt.to
			if to == "" {
				to = filepath.Join(t.TempDir(), "data")
			}
			var before []string
			if tt.to != "" {
				before = names(tree(t, to))
			}
			_, err := backup.Restore(t.Context(), restoring(tt.dir, to, tt.key))
			require.ErrorContains(t, err, tt.says)
			if tt.to == "" {
				require.NoDirExists(t, to)
				return
			}
			require.Subset(t, names(tree(t, to)), before)
		})
	}
}

// A backup of what an earlier program kept is verified, and restored as it was.
func TestOlderSchema(t *testing.T) {
	t.Parallel()
	const old = "../store/testdata/version-3/"
	dir := t.TempDir()
	in, err := os.Open(old + "refrain.db.gz")
	require.NoError(t, err)
	defer func() { require.NoError(t, in.Close()) }()
	z, err := gzip.NewReader(in)
	require.NoError(t, err)
	db, err := io.ReadAll(z)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "refrain.db"), db, 0o600))
	key, err := os.ReadFile(old + "ledger.key")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ledger.key"), key, 0o600))
	d := &data{dir: dir}
	to, m := d.backUp(t, withKey)
	require.EqualValues(t, 3, m.Schema)
	require.NotEmpty(t, m.Missing, "its audio is not kept here")
	v := verify(t, to, "")
	require.Empty(t, v.Wrong)
	require.True(t, v.Proven)
	restored := filepath.Join(t.TempDir(), "data")
	_, err = backup.Restore(t.Context(), restoring(to, restored, ""))
	require.NoError(t, err)
	i, err := store.Inspect(t.Context(), filepath.Join(restored, "refrain.db"), 0)
	require.NoError(t, err)
	require.Equal(t, m.Head, i.Head.String())
}
