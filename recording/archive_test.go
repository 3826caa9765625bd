package recording_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
)

// A recording in an archive is taken in without a copy, once, whether it is named or sent.
func TestUploadFromArchive(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	root := t.TempDir()
	require.NoError(t, b.blobs.Archive(root))
	b.Archives = b.blobs
	path := filepath.Join(root, "old.wav")
	old := wav(0)
	require.NoError(t, os.WriteFile(path, old, 0o600))
	m := meta()
	m.ArchivePath = path
	rec, duplicate, err := b.Upload(t.Context(), m, nil)
	require.NoError(t, err)
	require.False(t, duplicate)
	require.Equal(t, sum(old), rec.SHA256)
	require.EqualValues(t, len(old), rec.Size)
	require.Equal(t, 1, b.files(t), "where it lies")

	for _, named := range []bool{true, false} {
		if !named {
			m.ArchivePath = ""
		}
		again, duplicate, err := b.Upload(t.Context(), m, bytes.NewReader(old))
		require.NoError(t, err)
		require.True(t, duplicate)
		require.Equal(t, rec.ID, again.ID)
	}
	require.Equal(t, 1, b.recordings(t))

	m.CallID, m.ArchivePath = "call-2", filepath.Join(root, "text.wav")
	require.NoError(t, os.WriteFile(m.ArchivePath, []byte("no audio"), 0o600))
	_, _, err = b.Upload(t.Context(), m, nil)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	m.ArchivePath = "/etc/passwd"
	_, _, err = b.Upload(t.Context(), m, nil)
	require.Equal(t, "NOT_IN_ARCHIVE", fault.ReasonOf(err))
	require.Equal(t, 1, b.files(t), "nothing is left behind")
}
