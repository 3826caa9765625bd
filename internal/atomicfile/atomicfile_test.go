package atomicfile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/atomicfile"
)

// names are what a directory holds.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	out := []string{}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func requireFile(t *testing.T, path, contents string, mode fs.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, contents, string(got))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, mode, info.Mode().Perm())
}

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	for _, tt := range []struct {
		contents string
		mode     fs.FileMode
	}{{"first", 0o600}, {"the second, longer", 0o644}, {"", 0o666}} {
		require.NoError(t, atomicfile.Write(path, []byte(tt.contents), tt.mode))
		requireFile(t, path, tt.contents, tt.mode)
		require.Equal(t, []string{"key"}, names(t, dir))
	}
}

// Both ways to finish a file: each puts it where it is to be, or leaves nothing.
func TestFinish(t *testing.T) {
	t.Parallel()
	for name, finish := range map[string]func(*atomicfile.File, string) error{
		"commit": (*atomicfile.File).Commit, "publish": (*atomicfile.File).Publish,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tmp, dir := t.TempDir(), t.TempDir()
			made := func() *atomicfile.File {
				f, err := atomicfile.Create(tmp, "upload-*", 0o600)
				require.NoError(t, err)
				_, err = f.WriteString("audio")
				require.NoError(t, err)
				return f
			}
			f := made()
			path := filepath.Join(dir, "a")
			require.NoError(t, finish(f, path))
			f.Discard()
			requireFile(t, path, "audio", 0o600)

			require.NoError(t, os.Mkdir(filepath.Join(dir, "taken"), 0o700))
			require.Error(t, finish(made(), filepath.Join(dir, "taken")))
			require.Error(t, finish(made(), filepath.Join(dir, "missing", "a")))
			require.Equal(t, []string{"a", "taken"}, names(t, dir))

			closed := made()
			require.NoError(t, closed.Close()) // so it can't be synced, as on a broken disk
			require.ErrorIs(t, finish(closed, filepath.Join(dir, "b")), fs.ErrClosed)
			require.Equal(t, []string{"a", "taken"}, names(t, dir))
			require.Empty(t, names(t, tmp))
		})
	}
}

func TestDiscard(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := atomicfile.Create(dir, "*", 0o600)
	require.NoError(t, err)
	f.Discard()
	f.Discard()
	require.Empty(t, names(t, dir))
}

func TestWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	require.ErrorIs(t, atomicfile.Write(filepath.Join(missing, "a"), nil, 0o600), fs.ErrNotExist)
	require.ErrorIs(t, atomicfile.SyncDir(missing), fs.ErrNotExist)
	require.ErrorIs(t, atomicfile.Rename(missing, missing+"2"), fs.ErrNotExist)
}

func TestRename(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	from, to := filepath.Join(dir, "model.part"), filepath.Join(dir, "model")
	require.NoError(t, os.WriteFile(from, []byte("weights"), 0o644))
	require.NoError(t, atomicfile.Rename(from, to))
	requireFile(t, to, "weights", 0o644)
	require.Equal(t, []string{"model"}, names(t, dir))
}
