package blobtest

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/recording"
)

const archived = "RIFF of an old call"

// withArchive is a store with an archive that holds 2019/a.wav.
func withArchive(t *testing.T, p Place) (s blob.Store, root, path string) {
	t.Helper()
	s = p.Open(t, nil)
	root = filepath.Join(t.TempDir(), "archive")
	path = filepath.Join(root, "2019", "a.wav")
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(archived), 0o600))
	require.NoError(t, s.Archive(root))
	return s, root, path
}

// refer keeps a reference to a file.
func refer(t *testing.T, s blob.Store, path string, id recording.ID) {
	t.Helper()
	f, b, err := s.OpenArchived(path)
	require.NoError(t, err)
	_, err = io.Copy(b, f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, b.Commit(t.Context(), id))
	b.Discard()
}

func reference(t *testing.T, p Place) {
	s, _, path := withArchive(t, p)
	id := NewID()
	refer(t, s, path, id)
	require.True(t, has(t, s, id))
	require.Equal(t, archived, string(Get(t, s, id)))
	require.Zero(t, swept(t, s, Among(id), Among(), 0, false).Strayed, "it is known")
	require.Equal(t, archived, string(Get(t, s, id)))

	t.Run("what has changed is not read", func(t *testing.T) {
		require.NoError(t, os.WriteFile(path, []byte("RIFF of another one"), 0o600))
		_, err := s.Open(t.Context(), id)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "changed")
		require.NoError(t, os.Remove(path))
		_, err = s.Open(t.Context(), id)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.NoError(t, os.WriteFile(path, []byte(archived), 0o600))
	})
	require.NoError(t, s.Remove(t.Context(), id))
	require.False(t, has(t, s, id))
	require.FileExists(t, path, "nothing outside is ever removed")

	refer(t, s, path, id)
	require.Equal(t, 1, swept(t, s, Among(), Among(), 0, false).Strayed)
	require.FileExists(t, path)
	require.False(t, has(t, s, id))
	require.Equal(t, 1, swept(t, s, Among(id), Among(), 0, false).Returned)
	require.Equal(t, archived, string(Get(t, s, id)), "it was set aside, and is back")
	require.NoError(t, s.Close())
}

// Of a file and a reference the later one counts, and nothing is left of the other.
func referenceAndFile(t *testing.T, p Place) {
	s, _, path := withArchive(t, p)
	id := NewID()
	for range 2 {
		refer(t, s, path, id)
		require.Equal(t, archived, string(Get(t, s, id)))
		require.Equal(t, []string{Name(id) + blob.ReferenceSuffix}, p.Names(t))
		PutAs(t, s, id, []byte("sent"))
		require.Equal(t, "sent", string(Get(t, s, id)))
		require.Equal(t, []string{Name(id)}, p.Names(t))
	}
	require.FileExists(t, path)
	require.NoError(t, s.Close())
}

func outside(t *testing.T, p Place) {
	s, root, _ := withArchive(t, p)
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
		_, _, err := s.OpenArchived(path)
		require.Equal(t, "NOT_IN_ARCHIVE", fault.ReasonOf(err), path)
	}
	f, _, err := s.OpenArchived(root + "/inside.wav")
	require.NoError(t, err, "a link within")
	require.NoError(t, f.Close())

	none := p.Open(t, nil)
	_, _, err = none.OpenArchived(root + "/2019/a.wav")
	require.Equal(t, "NOT_IN_ARCHIVE", fault.ReasonOf(err))
	require.Error(t, none.Archive("relative"))
	require.Error(t, none.Archive(filepath.Join(root, "missing")))
	require.NoError(t, s.Close())
}

// An archive that is not configured any more is not read either.
func archiveIsGone(t *testing.T, p Place) {
	s, _, path := withArchive(t, p)
	id := NewID()
	refer(t, s, path, id)
	require.NoError(t, s.Close())
	_, err := p.Open(t, nil).Open(t.Context(), id)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "intake.archives")
}
