package backup_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/backup"
)

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
			require.NoError(t, d.put(d.ids[0], longer))
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
