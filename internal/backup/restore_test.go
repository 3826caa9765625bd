package backup_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	o := restoring(dir, to, d.path("ledger.key"))
	o.KeepAccess = true
	_, err = backup.Restore(ctx, o)
	require.NoError(t, err)
	require.NotContains(t, names(tree(t, to)), "refrain.db-wal")
	users, err := d.opened(t, to).Access.Users(ctx)
	require.NoError(t, err)
	require.Len(t, users, 1)
	require.Empty(t, users[0].Sessions)
}

// opened is the database in a directory that was restored.
func (d *data) opened(t *testing.T, dir string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(dir, "refrain.db"), store.Options{Keys: d.keys, Now: clock,
		Enqueue: func(context.Context, store.Tx, recording.Recording) error { return nil }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// admits has a database let two keys and two people in.
func (d *data) admits(t *testing.T) {
	t.Helper()
	for i, name := range []string{"leaked", "pbx"} {
		require.NoError(t, d.db.Access.AddKey(t.Context(), access.Key{ID: name, Name: name, Role: access.Dialler, CreatedAt: made,
			Secrets: []access.Secret{{Prefix: "refrain_" + name, Hash: [32]byte{byte(i)}, CreatedAt: made}}}))
	}
	for _, name := range []string{"li", "wang"} {
		require.NoError(t, d.db.Access.AddUser(t.Context(), access.User{ID: name, Name: name, Role: access.Admin, CreatedAt: made,
			Password: "old"}))
	}
}

// revokes ends one key and one user, gives the other key another token and the other user another role.
func (d *data) revokes(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	_, err := d.db.Access.ChangeKey(ctx, "leaked", func(k *access.Key) error { k.RevokedAt = made; return nil })
	require.NoError(t, err)
	_, err = d.db.Access.ChangeKey(ctx, "pbx", func(k *access.Key) error {
		k.Secrets[0].EndsAt = made.Add(-1)
		k.Secrets = append(k.Secrets, access.Secret{Prefix: "refrain_new", Hash: [32]byte{9}, CreatedAt: made})
		return nil
	})
	require.NoError(t, err)
	_, err = d.db.Access.ChangeUser(ctx, "li", func(u *access.User) error { u.DisabledAt = made; return nil })
	require.NoError(t, err)
	_, err = d.db.Access.ChangeUser(ctx, "wang", func(u *access.User) error {
		u.Role, u.Password = access.Reviewer, "new"
		return nil
	})
	require.NoError(t, err)
}

// What was revoked since a backup was made works again only where somebody says so, and not where the old data
// directory, or a newer backup, tells of it.
func TestRestoreOfRevoked(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := filled(t)
	d.admits(t)
	dir, _ := d.backUp(t)
	d.revokes(t)
	newer, _ := d.backUp(t)
	before := []backup.Admitted{
		{Kind: "key", Name: "leaked", Role: "dialler", Lines: []string{}, Tokens: []string{"refrain_leaked"}},
		{Kind: "key", Name: "pbx", Role: "dialler", Lines: []string{}, Tokens: []string{"refrain_pbx"}},
		{Kind: "user", Name: "li", Role: "admin", Lines: []string{}, Tokens: []string{}},
		{Kind: "user", Name: "wang", Role: "admin", Lines: []string{}, Tokens: []string{}},
	}
	now := []backup.Admitted{
		{Kind: "key", Name: "pbx", Role: "dialler", Lines: []string{}, Tokens: []string{"refrain_new"}},
		{Kind: "user", Name: "wang", Role: "reviewer", Lines: []string{}, Tokens: []string{}},
	}

	to := filepath.Join(t.TempDir(), "data")
	_, err := backup.Restore(ctx, restoring(dir, to, d.path("ledger.key")))
	var unasked *backup.AdmittedError
	require.ErrorAs(t, err, &unasked)
	require.Equal(t, before, unasked.Admitted)
	require.NoDirExists(t, to, "nothing was written")

	for name, tt := range map[string]struct {
		former  string
		want    []backup.Admitted
		revived bool
	}{
		"as they were":                {"", before, true},
		"as the old directory has it": {d.dir, now, false},
		"as a newer backup has it":    {newer, now, false},
	} {
		o := restoring(dir, filepath.Join(t.TempDir(), "data"), d.path("ledger.key"))
		o.Former, o.KeepAccess = tt.former, tt.former == ""
		r, err := backup.Restore(ctx, o)
		require.NoError(t, err, name)
		require.Equal(t, tt.want, r.Admitted, name)
		state, err := datadir.ReadState(o.Data)
		require.NoError(t, err)
		require.Equal(t, tt.revived, !state.Revived.IsZero(), "the server is to tell of it: %s", name)
		users, err := d.opened(t, o.Data).Access.Users(ctx)
		require.NoError(t, err)
		require.Len(t, users, 2)
		require.Equal(t, tt.revived, users[1].Password == "old", name)
	}
	another := filled(t)
	require.NoError(t, another.db.Belong(ctx, "dir-2", another.keys.ID()))
	require.NoError(t, d.freeze(ctx, 1))
	later, _ := d.backUp(t)
	for name, tt := range map[string]struct{ dir, former, says string }{
		"another directory":   {dir, another.dir, "no later state"},
		"nothing":             {dir, t.TempDir(), "--keep-access"},
		"an earlier database": {later, dir, "is older"},
	} {
		o := restoring(tt.dir, filepath.Join(t.TempDir(), "data"), d.path("ledger.key"))
		o.Former = tt.former
		_, err := backup.Restore(ctx, o)
		require.ErrorContains(t, err, tt.says, name)
		require.NoDirExists(t, o.Data)
	}
}

// Who was erased is gathered before anything is written, from what lies beside the backup as far as that can be
// read, and not from what belongs to other data directories; whatever the directory is called.
func TestRestoreGathersErasures(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := filled(t)
	root := filepath.Join(t.TempDir(), "[1]*")
	o := d.options(filepath.Join(root, "old"))
	_, err := backup.Make(ctx, o)
	require.NoError(t, err)
	log := func(dir string, lines ...string) {
		t.Helper()
		require.NoError(t, os.MkdirAll(dir, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, datadir.ErasuresFile),
			[]byte(strings.Join(lines, "\n")+"\n"), 0o600))
	}
	line := func(id, name, key string) string {
		return fmt.Sprintf(`{"id":%q,"at":"2026-11-28T19:00:00Z","name":%q,"key":%q}`, id, name, key)
	}
	log(d.dir, line("1", "aa", d.keys.ID()), line("2", "bb", "a newer key"))
	o.Dir = filepath.Join(root, "new")
	_, err = backup.Make(ctx, o)
	require.NoError(t, err)
	log(filepath.Join(root, "new.partial"), `{"id":"3`, line("4", "cc", d.keys.ID()), line("5", "dd", "another's"))
	another := filled(t)
	require.NoError(t, another.db.Belong(ctx, "dir-2", another.keys.ID()))
	log(another.dir, line("6", "ee", another.keys.ID()))
	o = another.options(filepath.Join(root, "another"))
	_, err = backup.Make(ctx, o)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(root, "notes"), nil, 0o600))

	restore := restoring(filepath.Join(root, "old"), filepath.Join(t.TempDir(), "data"), d.path("ledger.key"))
	r, err := backup.Restore(ctx, restore)
	require.NoError(t, err)
	require.Equal(t, 3, r.Erasures)
	require.Len(t, r.Doubts, 1)
	require.Contains(t, r.Doubts[0], "line 1 of")
	all, err := datadir.Erasures{Dir: restore.Data}.Erasures()
	require.NoError(t, err)
	var ids []string
	for _, e := range all {
		ids = append(ids, e.ID)
	}
	slices.Sort(ids)
	require.Equal(t, []string{"1", "2", "4"}, ids)

	restore.Data, restore.Erasures = filepath.Join(t.TempDir(), "data"), []string{filepath.Join(root, "new.partial", datadir.ErasuresFile)}
	_, err = backup.Restore(ctx, restore)
	require.ErrorContains(t, err, "is damaged", "what was named must be in order")
	require.NoDirExists(t, restore.Data)
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
