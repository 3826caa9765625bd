package blob_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/recording"
)

const archived = "RIFF of an old call"

// withArchive is a Dir with an archive that holds 2019/a.wav.
func withArchive(t *testing.T) (d *blob.Dir, dir, root string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "audio")
	d, err := blob.Open(dir)
	require.NoError(t, err)
	root = filepath.Join(t.TempDir(), "archive")
	require.NoError(t, os.MkdirAll(filepath.Join(root, "2019"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(root, "2019", "a.wav"), []byte(archived), 0o600))
	require.NoError(t, d.Archive(root))
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d, dir, root
}

// refer keeps a reference to a file.
func refer(t *testing.T, d *blob.Dir, path string, id recording.ID) {
	t.Helper()
	f, b, err := d.OpenArchived(path)
	require.NoError(t, err)
	_, err = io.Copy(b, f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, b.Commit(id))
	b.Discard()
}

func TestReference(t *testing.T) {
	t.Parallel()
	d, _, root := withArchive(t)
	path := filepath.Join(root, "2019", "a.wav")
	id := recording.ID("01K3ABCDEFGHJKMNPQRSTVWXYZ")
	refer(t, d, path, id)
	has, err := d.Has(id)
	require.NoError(t, err)
	require.True(t, has)
	require.Equal(t, archived, readAll(t, d, id))
	swept, err := d.Sweep(t.Context(), among(id), among(), time.Now(), false)
	require.NoError(t, err)
	require.Zero(t, swept.Strayed, "it is known")
	require.Equal(t, archived, readAll(t, d, id))

	t.Run("what has changed is not read", func(t *testing.T) {
		require.NoError(t, os.WriteFile(path, []byte("RIFF of another one"), 0o600))
		_, err := d.Open(id)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "changed")
		require.NoError(t, os.Remove(path))
		_, err = d.Open(id)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.NoError(t, os.WriteFile(path, []byte(archived), 0o600))
	})
	require.NoError(t, d.Remove(id))
	has, err = d.Has(id)
	require.NoError(t, err)
	require.False(t, has)
	require.FileExists(t, path, "nothing outside is ever removed")

	refer(t, d, path, id)
	swept, err = d.Sweep(t.Context(), among(), among(), time.Now(), false)
	require.NoError(t, err)
	require.Equal(t, 1, swept.Strayed)
	require.FileExists(t, path)
	has, err = d.Has(id)
	require.NoError(t, err)
	require.False(t, has)
	swept, err = d.Sweep(t.Context(), among(id), among(), time.Now(), false)
	require.NoError(t, err)
	require.Equal(t, 1, swept.Returned)
	require.Equal(t, archived, readAll(t, d, id), "it was set aside, and is back")
}

// Of a file and a reference the later one counts, and nothing is left of the other.
func TestReferenceAndFile(t *testing.T) {
	t.Parallel()
	d, _, root := withArchive(t)
	id := recording.ID("01K3ABCDEFGHJKMNPQRSTVWXYZ")
	path := filepath.Join(root, "2019", "a.wav")
	for range 2 {
		refer(t, d, path, id)
		require.Equal(t, archived, readAll(t, d, id))
		b, err := d.NewBlob()
		require.NoError(t, err)
		_, err = b.Write([]byte("sent"))
		require.NoError(t, err)
		require.NoError(t, b.Commit(id))
		require.Equal(t, "sent", readAll(t, d, id))
	}
	require.FileExists(t, path)
}

func TestOutsideOfArchives(t *testing.T) {
	t.Parallel()
	d, _, root := withArchive(t)
	outside := filepath.Join(filepath.Dir(root), "secret.wav")
	require.NoError(t, os.WriteFile(outside, []byte("secret"), 0o600))
	for link, to := range map[string]string{
		"link.wav": outside, "relative.wav": "../secret.wav", "up": "..", "abs": filepath.Dir(root),
	} {
		require.NoError(t, os.Symlink(to, filepath.Join(root, link)))
	}
	require.NoError(t, os.Symlink("2019/a.wav", filepath.Join(root, "inside.wav")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(root, "pipe.wav"), 0o600))
	for _, path := range []string{
		outside, root, root + "/2019", root + "/../secret.wav", root + "/2019/../../secret.wav",
		root + "/link.wav", root + "/relative.wav", root + "/up/secret.wav", root + "/abs/secret.wav",
		root + "/pipe.wav", root + "/missing.wav", "2019/a.wav", "", "/", root + "x/a.wav", "/etc/passwd",
	} {
		_, _, err := d.OpenArchived(path)
		require.Equal(t, "NOT_IN_ARCHIVE", fault.ReasonOf(err), path)
	}
	f, _, err := d.OpenArchived(root + "/inside.wav")
	require.NoError(t, err, "a link within")
	require.NoError(t, f.Close())

	none, err := blob.Open(filepath.Join(t.TempDir(), "audio"))
	require.NoError(t, err)
	_, _, err = none.OpenArchived(root + "/2019/a.wav")
	require.Equal(t, "NOT_IN_ARCHIVE", fault.ReasonOf(err))
	require.Error(t, none.Archive("relative"))
	require.Error(t, none.Archive(filepath.Join(root, "missing")))
}

// An archive that is not configured any more is not read either.
func TestArchiveIsGone(t *testing.T) {
	t.Parallel()
	d, dir, root := withArchive(t)
	id := recording.ID("01K3ABCDEFGHJKMNPQRSTVWXYZ")
	refer(t, d, filepath.Join(root, "2019", "a.wav"), id)
	again, err := blob.Open(dir)
	require.NoError(t, err)
	_, err = again.Open(id)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "intake.archives")
}

func readAll(t *testing.T, d *blob.Dir, id recording.ID) string {
	t.Helper()
	f, err := d.Open(id)
	require.NoError(t, err)
	b, err := io.ReadAll(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	return string(b)
}
