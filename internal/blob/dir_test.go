package blob_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/blob/blobtest"
)

// place is a directory.
type place struct{ root string }

func (p place) Open(tb testing.TB, c *blob.Cipher) blob.Store {
	tb.Helper()
	d, err := blob.Open(p.root)
	require.NoError(tb, err)
	if c != nil {
		d.Encrypt(c)
	}
	return d
}

// Names leaves out what is under way, which no sweep finds in a bucket.
func (p place) Names(tb testing.TB) []string {
	tb.Helper()
	return slices.DeleteFunc(files(tb, p.root), func(name string) bool { return strings.HasPrefix(name, "tmp/") })
}

func (p place) path(name string) string { return filepath.Join(p.root, filepath.FromSlash(name)) }

func (p place) Read(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := os.ReadFile(p.path(name))
	require.NoError(tb, err)
	return text
}

func (p place) Write(tb testing.TB, name string, contents []byte) {
	tb.Helper()
	require.NoError(tb, os.MkdirAll(filepath.Dir(p.path(name)), 0o700))
	require.NoError(tb, os.WriteFile(p.path(name), contents, 0o600))
}

func TestDir(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(tb testing.TB) blobtest.Place {
		tb.Helper()
		return place{filepath.Join(tb.TempDir(), "data", "audio")}
	})
}

func open(t *testing.T) (*blob.Dir, string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "data", "audio")
	d, err := blob.Open(root)
	require.NoError(t, err)
	return d, root
}

// files lists the regular files below root.
func files(tb testing.TB, root string) []string {
	tb.Helper()
	var names []string
	require.NoError(tb, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			name, _ := filepath.Rel(root, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	}))
	return names
}

// What lies there is its owner's alone.
func TestModes(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: modes tell nothing here")
	}
	d, root := open(t)
	id := blobtest.Put(t, d, []byte("audio"))
	info, err := os.Stat(filepath.Join(root, blobtest.Name(id)))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
}

func TestMissingBlobNamesTheDirectory(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	_, err := d.Open(t.Context(), blobtest.NewID())
	require.ErrorContains(t, err, root)
}

// What is on its way lies in a file, which goes when it is given up, or else at the next start.
func TestUnfinished(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	b, err := d.NewBlob()
	require.NoError(t, err)
	_, err = b.Write(make([]byte, 1<<20))
	require.NoError(t, err)
	require.Len(t, files(t, root), 1)
	b.Discard()
	require.Empty(t, files(t, root))
	_, err = d.NewBlob()
	require.NoError(t, err)
	require.Len(t, files(t, root), 1)
	d, err = blob.Open(root)
	require.NoError(t, err)
	_, err = d.Sweep(t.Context(), blobtest.Among(), blobtest.Among(), blobtest.SweptOn, false)
	require.NoError(t, err)
	require.Empty(t, files(t, root))
}

// A commit that fails leaves nothing after Discard.
func TestCommitFails(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	id := blobtest.NewID()
	// where the directory should be
	require.NoError(t, os.WriteFile(filepath.Join(root, string(id[24:])), nil, 0o600))
	b, err := d.NewBlob()
	require.NoError(t, err)
	require.Error(t, b.Commit(t.Context(), id))
	b.Discard()
	require.Equal(t, []string{string(id[24:])}, files(t, root))
}

func TestSweptTo(t *testing.T) {
	t.Parallel()
	d, root := open(t)
	blobtest.Put(t, d, nil)
	swept, err := d.Sweep(t.Context(), blobtest.Among(), blobtest.Among(), blobtest.SweptOn, false)
	require.NoError(t, err)
	require.Equal(t, blob.Swept{Strayed: 1, To: filepath.Join(root, "stray", "2026-11-28")}, swept)
}
