package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/recording"
)

var _ recording.Blobs = (*blob.Dir)(nil)

func newID() recording.ID { return recording.ID(ulid.MustNewDefault(time.Now()).String()) }

func open(t *testing.T) (*blob.Dir, string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "data", "audio")
	d, err := blob.Open(root)
	require.NoError(t, err)
	return d, root
}

// files lists the regular files below root.
func files(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	require.NoError(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			name, _ := filepath.Rel(root, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	}))
	return names
}

func put(t *testing.T, d *blob.Dir, data []byte) recording.ID {
	t.Helper()
	b, err := d.NewBlob()
	require.NoError(t, err)
	defer b.Discard()
	_, err = b.Write(data)
	require.NoError(t, err)
	id := newID()
	require.NoError(t, b.Commit(id))
	return id
}

func TestCommit(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	data := make([]byte, 700<<10)
	rnd := rand.NewChaCha8([32]byte{})
	_, _ = rnd.Read(data)
	b, err := d.NewBlob()
	require.NoError(t, err)
	for part := data; len(part) > 0; {
		n := min(len(part), 1<<uint(rand.IntN(18))) // any sizes
		_, err := b.Write(part[:n])
		require.NoError(t, err)
		part = part[n:]
	}
	id := newID()
	_, err = d.Open(id)
	require.ErrorIs(t, err, fs.ErrNotExist, "nobody sees it before it is committed")
	require.NoError(t, b.Commit(id))
	b.Discard()
	require.Equal(t, []string{string(id[24:]) + "/" + string(id)}, files(t, root))

	f, err := d.Open(id)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	got, err := io.ReadAll(f)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, got))
	info, err := os.Stat(filepath.Join(root, string(id[24:]), string(id)))
	require.NoError(t, err)
	require.EqualValues(t, len(data), info.Size())
	if runtime.GOOS != "windows" {
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	}

	require.NoError(t, d.Remove(id))
	require.NoError(t, d.Remove(id), "twice does nothing")
	require.Empty(t, files(t, root))
}

func TestDiscard(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	b, err := d.NewBlob()
	require.NoError(t, err)
	_, err = b.Write(make([]byte, 1<<20))
	require.NoError(t, err)
	require.Len(t, files(t, root), 1)
	b.Discard()
	b.Discard()
	require.Empty(t, files(t, root))
	require.Error(t, b.Commit(newID()), "it is gone")
	require.Empty(t, files(t, root))
}

func TestMissingBlobSaysSo(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	id := newID()
	_, err := d.Open(id)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "recordings/"+string(id))
	require.ErrorContains(t, err, root)
}

// No id leads out of the directory.
func TestStrangeIDs(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	for _, id := range []recording.ID{"", "x", "../../../../../../etc/passwd",
		"01J0000000000000000000/../", "01j000000000000000000000!!"} {
		_, err := d.Open(id)
		require.ErrorContains(t, err, "no recording's id")
		require.Error(t, d.Remove(id))
		b, err := d.NewBlob()
		require.NoError(t, err)
		require.Error(t, b.Commit(id))
		b.Discard()
	}
	require.Empty(t, files(t, root))
}

// A commit that fails leaves nothing after Discard.
func TestCommitFails(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	id := newID()
	// where the directory should be
	require.NoError(t, os.WriteFile(filepath.Join(root, string(id[24:])), nil, 0o600))
	b, err := d.NewBlob()
	require.NoError(t, err)
	require.Error(t, b.Commit(id))
	b.Discard()
	require.Equal(t, []string{string(id[24:])}, files(t, root))
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	const n = 40
	ids := make([]recording.ID, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			b, err := d.NewBlob()
			if err != nil {
				return
			}
			defer b.Discard()
			_, _ = b.Write([]byte{byte(i)})
			id := newID()
			if b.Commit(id) == nil {
				ids[i] = id
			}
		})
	}
	wg.Wait()
	require.Len(t, files(t, root), n)
	for i, id := range ids {
		f, err := d.Open(id)
		require.NoError(t, err)
		got, err := io.ReadAll(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.Equal(t, []byte{byte(i)}, got)
	}
}

// among makes a Known of ids.
func among(ids ...recording.ID) blob.Known {
	return func(_ context.Context, asked []recording.ID) (map[recording.ID]bool, error) {
		known := map[recording.ID]bool{}
		for _, id := range ids {
			known[id] = true
		}
		out := map[recording.ID]bool{}
		for _, id := range asked {
			out[id] = known[id]
		}
		return out, nil
	}
}

// sweptOn is when tests sweep.
var sweptOn = time.Date(2026, 11, 28, 23, 0, 0, 0, time.FixedZone("CST", 8*3600))

func TestSweep(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	kept, stray := put(t, d, []byte("kept")), put(t, d, []byte("stray"))
	unfinished, err := d.NewBlob()
	require.NoError(t, err)
	_, err = unfinished.Write(make([]byte, 1<<20))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(root, "README"), nil, 0o600))
	require.Len(t, files(t, root), 4)

	d, err = blob.Open(root)
	require.NoError(t, err)
	swept, err := d.Sweep(t.Context(), among(kept), among(), sweptOn, false)
	require.NoError(t, err)
	require.Equal(t, blob.Swept{Strayed: 1, To: filepath.Join(root, "stray", "2026-11-28")}, swept)
	require.ElementsMatch(t, []string{string(kept[24:]) + "/" + string(kept), "README",
		"stray/2026-11-28/" + string(stray)}, files(t, root), "what strayed is not deleted")
	_, err = d.Open(stray)
	require.ErrorIs(t, err, fs.ErrNotExist)
	got, err := os.ReadFile(filepath.Join(swept.To, string(stray)))
	require.NoError(t, err)
	require.Equal(t, "stray", string(got))
}

// Strays lie as long as audio is kept from the day on which they were set aside, however old their
// recordings are, but for those of which the database knows that they were erased.
func TestPurgeStraysByTheirDay(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	stray, erased := put(t, d, []byte("stray")), put(t, d, []byte("erased"))
	_, err := d.Sweep(t.Context(), among(), among(), sweptOn.AddDate(1, 0, 0), false)
	require.NoError(t, err)
	aside := time.Date(2027, 11, 28, 0, 0, 0, 0, time.UTC)
	purged, err := d.PurgeStrays(t.Context(), among(erased), aside.AddDate(0, 0, 1))
	require.NoError(t, err)
	require.Equal(t, 1, purged, "a whole day has not passed since")
	require.Equal(t, []string{"stray/2027-11-28/" + string(stray)}, files(t, root))
	purged, err = d.PurgeStrays(t.Context(), among(), aside.AddDate(0, 0, 1).Add(time.Second))
	require.NoError(t, err)
	require.Equal(t, 1, purged)
	require.Empty(t, files(t, root))
}

// Once the right database is back, so is the audio that strayed from a wrong one.
func TestSweepPutsBack(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	id, other := put(t, d, []byte("audio")), put(t, d, []byte("other"))
	before := files(t, root)
	swept, err := d.Sweep(t.Context(), among(), among(), sweptOn, false)
	require.NoError(t, err)
	require.Equal(t, 2, swept.Strayed)
	swept, err = d.Sweep(t.Context(), among(id), among(), sweptOn.AddDate(0, 0, 1), false)
	require.NoError(t, err)
	require.Equal(t, 1, swept.Returned)
	require.Zero(t, swept.Strayed)
	swept, err = d.Sweep(t.Context(), among(id, other), among(), sweptOn.AddDate(0, 0, 2), false)
	require.NoError(t, err)
	require.Equal(t, 1, swept.Returned)
	require.ElementsMatch(t, before, files(t, root))
}

// No stray takes the place of another, and none that of a recording's audio.
func TestStraysOverwriteNothing(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	id := newID()
	for _, text := range []string{"first", "second", "third"} {
		b, err := d.NewBlob()
		require.NoError(t, err)
		_, err = b.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, b.Commit(id))
		if text == "third" {
			break
		}
		_, err = d.Sweep(t.Context(), among(), among(), sweptOn, false)
		require.NoError(t, err)
	}
	swept, err := d.Sweep(t.Context(), among(id), among(), sweptOn, false)
	require.NoError(t, err)
	require.Zero(t, swept.Returned)
	stray := "stray/2026-11-28/" + string(id)
	for name, want := range map[string]string{stray: "first", stray + ".2": "second",
		string(id[24:]) + "/" + string(id): "third"} {
		got, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		require.Equal(t, want, string(got), name)
	}
}

func TestSweepWithoutAnAnswerMovesNothing(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	put(t, d, []byte("audio"))
	before := files(t, root)
	boom := errors.New("boom")
	_, err := d.Sweep(t.Context(), func(context.Context, []recording.ID) (map[recording.ID]bool,
		error) {
		return nil, boom
	}, among(), sweptOn, false)
	require.ErrorIs(t, err, boom)
	require.Equal(t, before, files(t, root))
}

// A server that is started on an empty database must not put a year of audio aside, unless
// that is meant.
// Files that come back for what was erased are removed, also among strays that would be put back, unless
// the database may be the wrong one; and however many there are, they say nothing of the database.
func TestSweepRemovesErased(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	kept, erased, strayed := put(t, d, []byte("kept")), put(t, d, []byte("erased")), put(t, d, []byte("strayed"))
	many := []recording.ID{erased, strayed}
	_, err := d.Sweep(t.Context(), among(kept, erased), among(), sweptOn, false)
	require.NoError(t, err)
	for range 70 {
		many = append(many, put(t, d, []byte("erased")))
	}
	known := among(append(many, kept)...)
	swept, err := d.Sweep(t.Context(), known, among(many...), sweptOn, true)
	require.NoError(t, err)
	require.Equal(t, [3]int{}, [3]int{swept.Removed, swept.Strayed, swept.Returned})
	swept, err = d.Sweep(t.Context(), known, among(many...), sweptOn, false)
	require.NoError(t, err)
	require.Equal(t, [3]int{71, 0, 0}, [3]int{swept.Removed, swept.Strayed, swept.Returned})
	require.ElementsMatch(t, []string{string(kept[24:]) + "/" + string(kept), "stray/2026-11-28/" + string(strayed)},
		files(t, root))
	purged, err := d.PurgeStrays(t.Context(), among(many...), sweptOn)
	require.NoError(t, err)
	require.Equal(t, 1, purged)
}

func TestSweepDoubtsTheDatabase(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	var ids []recording.ID
	for range 66 {
		ids = append(ids, put(t, d, nil))
	}
	before := files(t, root)
	_, err := d.Sweep(t.Context(), among(ids[0]), among(), sweptOn, false)
	require.ErrorContains(t, err, "65 of the 66 files")
	require.Equal(t, before, files(t, root))
	swept, err := d.Sweep(t.Context(), among(ids[:33]...), among(), sweptOn, false)
	require.NoError(t, err)
	require.Equal(t, 33, swept.Strayed)
	swept, err = d.Sweep(t.Context(), among(ids...), among(), sweptOn, false)
	require.NoError(t, err)
	require.Equal(t, 33, swept.Returned)
	swept, err = d.Sweep(t.Context(), among(), among(), sweptOn, true)
	require.NoError(t, err)
	require.Equal(t, 66, swept.Strayed)
	require.Len(t, files(t, root), 66)
}
