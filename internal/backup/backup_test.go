package backup_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/backup"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
)

var made = time.Date(2026, 11, 28, 19, 0, 0, 0, time.UTC)

func clock() time.Time { return made }

// data is a data directory that is open.
type data struct {
	dir    string
	secret []byte
	db     *store.DB
	blobs  *blob.Dir
	keys   freeze.Keys

	mu  sync.Mutex
	ids []recording.ID
	n   int
}

func open(t *testing.T) *data {
	t.Helper()
	d := &data{dir: t.TempDir(), secret: datadir.NewKey()}
	require.NoError(t, datadir.WriteKey(d.path("ledger.key"), d.secret))
	var err error
	d.keys, err = freeze.NewKeys(d.secret)
	require.NoError(t, err)
	d.db, err = store.Open(t.Context(), d.path("refrain.db"), store.Options{Keys: d.keys,
		Now:     time.Now,
		Enqueue: func(context.Context, store.Tx, recording.Recording) error { return nil }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.db.Close()) })
	require.NoError(t, d.db.Belong(t.Context(), "dir-1", d.keys.ID()))
	d.blobs, err = blob.Open(d.path("audio"))
	require.NoError(t, err)
	return d
}

func (d *data) path(name string) string { return filepath.Join(d.dir, filepath.FromSlash(name)) }

func audioName(id recording.ID) string { return "audio/" + string(id[24:]) + "/" + string(id) }

// put writes audio, and its row where that is new.
func (d *data) put(ctx context.Context, id recording.ID, text string) error {
	b, err := d.blobs.NewBlob()
	if err != nil {
		return err
	}
	defer b.Discard()
	if _, err := b.Write([]byte(text)); err != nil {
		return err
	}
	return b.Commit(id)
}

// upload takes a recording in, as a server does.
func (d *data) upload(ctx context.Context, text string) error {
	id := recording.ID(ulid.MustNewDefault(time.Now()).String())
	if err := d.put(ctx, id, text); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(text))
	d.mu.Lock()
	d.n++
	n := d.n
	d.mu.Unlock()
	num, err := number.Parse("13800138000", "CN")
	if err != nil {
		return err
	}
	_, _, err = d.db.Recordings.CreateRecording(ctx, recording.Recording{ID: id,
		CallID: fmt.Sprint("call-", n), Number: num, CustomerChannel: "right",
		State: recording.Queued, CreatedAt: time.Now(), UpdatedAt: time.Now(),
		SHA256: hex.EncodeToString(sum[:]), Size: int64(len(text))})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ids = append(d.ids, id)
	return err
}

// freeze puts n entries into the ledger.
func (d *data) freeze(ctx context.Context, n int) error {
	s := freeze.Service{Store: d.db.Freezes, Keys: d.keys, Now: time.Now}
	for i := range n {
		num, err := number.Parse(fmt.Sprintf("1390013%04d", i), "CN")
		if err != nil {
			return err
		}
		_, err = s.Order(ctx, request.Request{}, []freeze.Freeze{{Number: num, Reason: freeze.Manual,
			Actor: "ops", Note: "asked us to"}})
		if err != nil {
			return err
		}
	}
	return nil
}

// filled has three freezes and some recordings.
func filled(t *testing.T) *data {
	t.Helper()
	d := open(t)
	for i := range 5 {
		require.NoError(t, d.upload(t.Context(), fmt.Sprint("audio ", i, strings.Repeat("~", i*1000))))
	}
	require.NoError(t, d.freeze(t.Context(), 3))
	return d
}

func (d *data) options(dir string) backup.Options {
	return backup.Options{Data: d.dir, Dir: dir, Database: app.Databases{}, Now: clock}
}

func (d *data) backUp(t *testing.T, edit ...func(*backup.Options)) (string, backup.Made) {
	t.Helper()
	o := d.options(filepath.Join(t.TempDir(), "backup"))
	for _, f := range edit {
		f(&o)
	}
	m, err := backup.Make(t.Context(), o)
	require.NoError(t, err)
	return o.Dir, m
}

func withKey(o *backup.Options) { o.WithKey = true }

func verify(t *testing.T, dir, key string) backup.Verified {
	t.Helper()
	v, err := backup.Verify(t.Context(), backup.VerifyOptions{Dir: dir, Key: key,
		Database: app.Databases{}})
	require.NoError(t, err)
	return v
}

func restoring(dir, to, key string) backup.RestoreOptions {
	return backup.RestoreOptions{Dir: dir, Data: to, Key: key, Database: app.Databases{}, Now: clock}
}

// tree are the files below a directory, with their contents.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	}))
	return out
}

func names(files map[string]string) []string {
	var out []string
	for name := range files {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func TestMake(t *testing.T) {
	t.Parallel()
	d := filled(t)
	dir, m := d.backUp(t)
	want := []string{"SHA256SUMS", "backup.json", "refrain.db"}
	for _, id := range d.ids {
		want = append(want, audioName(id))
	}
	slices.Sort(want)
	got := tree(t, dir)
	require.Equal(t, want, names(got), "and nothing else: no log, no lock, no key")
	for _, id := range d.ids {
		original, err := os.ReadFile(d.path(audioName(id)))
		require.NoError(t, err)
		require.Equal(t, string(original), got[audioName(id)])
	}
	_, head, err := d.db.Freezes.LedgerHead(t.Context())
	require.NoError(t, err)
	require.Equal(t, "dir-1", m.Directory)
	require.Equal(t, d.keys.ID(), m.Key)
	require.EqualValues(t, 3, m.Entries)
	require.Equal(t, head.String(), m.Head)
	require.EqualValues(t, 5, m.Recordings)
	require.EqualValues(t, 5, m.Copied)
	require.Equal(t, made, m.Manifest.Made)
	v := verify(t, dir, d.path("ledger.key"))
	require.Empty(t, v.Wrong)
	require.True(t, v.Proven)
	v = verify(t, dir, "")
	require.Empty(t, v.Wrong)
	require.False(t, v.Proven, "without its key nothing is proven")
	info, err := os.Stat(filepath.Join(dir, "refrain.db"))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())

	dir, m = d.backUp(t, withKey)
	require.True(t, m.WithKey)
	v = verify(t, dir, "")
	require.Empty(t, v.Wrong)
	require.True(t, v.Proven)
}

// A backup that is made while the server works has all that its database tells of.
func TestMakeWhileTheServerWorks(t *testing.T) {
	t.Parallel()
	d := filled(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wg sync.WaitGroup
	first := make(chan struct{})
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			if d.upload(ctx, fmt.Sprint("more ", i)) != nil || d.freeze(ctx, 2) != nil {
				return
			}
			if i == 3 {
				close(first)
			}
		}
	})
	<-first
	for range 3 {
		dir, m := d.backUp(t)
		require.Empty(t, m.Missing)
		require.Empty(t, m.Damaged)
		v := verify(t, dir, d.path("ledger.key"))
		require.Empty(t, v.Wrong)
		require.True(t, v.Proven)
	}
	stop()
	wg.Wait()
}

// What an earlier backup holds is not copied again, and the new one is whole by itself.
func TestPrevious(t *testing.T) {
	t.Parallel()
	d := filled(t)
	root := t.TempDir()
	o := d.options(filepath.Join(root, "1"))
	_, err := backup.Make(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, d.upload(t.Context(), "the next day's"))
	o.Previous, o.Dir = o.Dir, filepath.Join(root, "2")
	m, err := backup.Make(t.Context(), o)
	require.NoError(t, err)
	require.EqualValues(t, 5, m.Linked)
	require.EqualValues(t, 1, m.Copied)
	require.Empty(t, verify(t, o.Dir, "").Wrong)
	require.NoError(t, os.RemoveAll(o.Previous))
	require.Empty(t, verify(t, o.Dir, "").Wrong)

	o.Previous = filepath.Join(root, "none")
	o.Dir = filepath.Join(root, "3")
	_, err = backup.Make(t.Context(), o)
	require.ErrorContains(t, err, "is no backup")
}

func TestLink(t *testing.T) {
	t.Parallel()
	d := filled(t)
	dir, m := d.backUp(t, func(o *backup.Options) { o.Link = true })
	require.EqualValues(t, 5, m.Linked)
	require.Empty(t, verify(t, dir, "").Wrong)
	for _, id := range d.ids {
		a, err := os.Stat(d.path(audioName(id)))
		require.NoError(t, err)
		b, err := os.Stat(filepath.Join(dir, audioName(id)))
		require.NoError(t, err)
		require.True(t, os.SameFile(a, b))
	}
}

// What a backup that was broken off left is used, or removed.
func TestMakeGoesOn(t *testing.T) {
	t.Parallel()
	d := filled(t)
	o := d.options(filepath.Join(t.TempDir(), "backup"))
	left := func(name, text string) {
		path := filepath.Join(o.Dir+".partial", name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	whole, err := os.ReadFile(d.path(audioName(d.ids[0])))
	require.NoError(t, err)
	left(audioName(d.ids[0]), string(whole))
	left(audioName(d.ids[1]), "half")
	left("audio/00/x.123.tmp", "half")
	left("ledger.key", "of one that was made with it")
	left("refrain.db", "half")
	left("refrain.db-journal", "half")
	_, err = backup.Make(t.Context(), o)
	require.NoError(t, err)
	require.Len(t, tree(t, o.Dir), 3+len(d.ids))
	require.Empty(t, verify(t, o.Dir, d.path("ledger.key")).Wrong)
	require.NoFileExists(t, o.Dir+".partial")
}

func TestMakeRefuses(t *testing.T) {
	t.Parallel()
	d := filled(t)
	dir, _ := d.backUp(t)
	_, err := backup.Make(t.Context(), d.options(dir))
	require.ErrorContains(t, err, "is there already")
	_, err = backup.Make(t.Context(), d.options(d.path("backups/1")))
	require.ErrorContains(t, err, "in the data directory")
	o := d.options(filepath.Join(t.TempDir(), "x"))
	o.Data = t.TempDir()
	_, err = backup.Make(t.Context(), o)
	require.ErrorContains(t, err, "there is no database")
	require.Empty(t, tree(t, o.Data))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o = d.options(filepath.Join(t.TempDir(), "y"))
	_, err = backup.Make(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
	require.NoDirExists(t, o.Dir)
}

// One bad recording is no reason to have no backup.
func TestMakeTellsOfOddAudio(t *testing.T) {
	t.Parallel()
	d := filled(t)
	require.NoError(t, os.Remove(d.path(audioName(d.ids[0]))))
	require.NoError(t, os.WriteFile(d.path(audioName(d.ids[1])), []byte("rotten"), 0o600))
	dir, m := d.backUp(t)
	require.Equal(t, []string{string(d.ids[0])}, m.Missing)
	require.Equal(t, []string{string(d.ids[1])}, m.Damaged)
	require.Empty(t, m.Newer)
	v := verify(t, dir, d.path("ledger.key"))
	require.Empty(t, v.Wrong, "it is what was copied")
	require.Equal(t, m.Missing, v.Missing)
	to := filepath.Join(t.TempDir(), "data")
	r, err := backup.Restore(t.Context(), restoring(dir, to, d.path("ledger.key")))
	require.NoError(t, err)
	require.EqualValues(t, 4, r.Files)
}

// replacing replaces a recording's audio once the database was copied.
type replacing struct {
	app.Databases
	after func()
}

func (r replacing) Copy(ctx context.Context, from, to string, progress func(done, whole int64)) error {
	err := r.Databases.Copy(ctx, from, to, progress)
	r.after()
	return err
}

// Audio that a longer file took the place of meanwhile is no damage.
func TestMakeKnowsNewerAudio(t *testing.T) {
	t.Parallel()
	d := filled(t)
	longer := "audio 0 goes on"
	dir, m := d.backUp(t, func(o *backup.Options) {
		o.Database = replacing{after: func() {
			require.NoError(t, d.put(t.Context(), d.ids[0], longer))
			sum := sha256.Sum256([]byte(longer))
			_, err := d.db.Writer().ExecContext(t.Context(),
				`UPDATE recordings SET sha256 = $1, size = $2 WHERE id = $3`, hex.EncodeToString(sum[:]),
				len(longer), d.ids[0])
			require.NoError(t, err)
		}}
	})
	require.Equal(t, []string{string(d.ids[0])}, m.Newer)
	require.Empty(t, m.Damaged)
	require.Empty(t, verify(t, dir, "").Wrong)
}

// Whatever is changed in a backup is found, and nothing is restored from it.
func TestVerifyFinds(t *testing.T) {
	t.Parallel()
	d := filled(t)
	whole, _ := d.backUp(t, withKey)
	other, _ := filled(t).backUp(t, withKey)
	edit := func(name, from, to string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, name)
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Contains(t, string(b), from)
			require.NoError(t, os.WriteFile(path, bytes.Replace(b, []byte(from), []byte(to), 1), 0o600))
		}
	}
	from := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			b, err := os.ReadFile(filepath.Join(other, name))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
		}
	}
	gone := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, name))) }
	}
	audio := audioName(d.ids[2])
	for name, tt := range map[string]struct {
		spoil func(t *testing.T, dir string)
		says  string
	}{
		"a byte of audio":      {edit(audio, "audio 2", "audio 3"), audio + " was changed"},
		"audio is gone":        {gone(audio), audio + " is missing"},
		"a byte of the db":     {edit("refrain.db", "asked us to", "asked us no"), "refrain.db was changed"},
		"another db":           {from("refrain.db"), "refrain.db was changed"},
		"the db is gone":       {gone("refrain.db"), "refrain.db is missing"},
		"another key":          {from("ledger.key"), "is another key"},
		"the sums are gone":    {gone("SHA256SUMS"), "SHA256SUMS is missing"},
		"the sums were edited": {edit("SHA256SUMS", "audio/", "audiO/"), "SHA256SUMS is missing, or not"},
		"another manifest":     {from("backup.json"), "SHA256SUMS is missing, or not"},
		"another length":       {edit("backup.json", `"entries": 3`, `"entries": 4`), "its ledger has 3 entries"},
		"another directory":    {edit("backup.json", `"dir-1"`, `"dir-2"`), "is not the one"},
		"audio is left out": {func(t *testing.T, dir string) {
			id := string(d.ids[2])
			forge(t, dir, func(sums string) string {
				var out []string
				for line := range strings.Lines(sums) {
					if !strings.Contains(line, id) {
						out = append(out, line)
					}
				}
				return strings.Join(out, "")
			})
		}, "is not in the backup"},
		"a name leads out": {func(t *testing.T, dir string) {
			forge(t, dir, func(sums string) string { return strings.ReplaceAll(sums, "audio/", "../") })
		}, "outside of the backup"},
		"the ledger was edited": {func(t *testing.T, dir string) {
			edit("refrain.db", "manual", "manuel")(t, dir)
			forge(t, dir, nil)
		}, "was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "copy")
			require.NoError(t, os.CopyFS(dir, os.DirFS(whole)))
			tt.spoil(t, dir)
			v := verify(t, dir, "")
			require.Contains(t, strings.Join(v.Wrong, "\n"), tt.says)
			to := filepath.Join(t.TempDir(), "data")
			_, err := backup.Restore(t.Context(), restoring(dir, to, ""))
			require.ErrorContains(t, err, "nothing was restored")
			require.NoDirExists(t, to)
		})
	}
}

// forge edits the checksums, has them fit the files, and the manifest fit them.
func forge(t *testing.T, dir string, edit func(string) string) {
	t.Helper()
	path := filepath.Join(dir, "SHA256SUMS")
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	before := sha256.Sum256(b)
	text := string(b)
	if edit != nil {
		text = edit(text)
	} else {
		var out strings.Builder
		for line := range strings.Lines(text) {
			name := strings.TrimSpace(line[66:])
			file, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(file), name)
		}
		text = out.String()
	}
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	manifest, err := os.ReadFile(filepath.Join(dir, "backup.json"))
	require.NoError(t, err)
	manifest = bytes.Replace(manifest, fmt.Appendf(nil, "%x", before),
		fmt.Appendf(nil, "%x", sha256.Sum256([]byte(text))), 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "backup.json"), manifest, 0o600))
}

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
	require.Equal(t, d.secret, facts.Secret)
	require.Equal(t, "dir-1", facts.State.ID)
	require.Empty(t, facts.Readable)
	require.Empty(t, facts.Writable)
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
