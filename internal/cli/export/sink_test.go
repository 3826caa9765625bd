package export

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "out")
	f, err := newFolder(dir)
	require.NoError(t, err)
	for _, m := range []*pb.ExportVconsResponse{
		{CallId: "../a", Chunk: []byte(`{"uuid":`)}, {CallId: "../a", Chunk: []byte("1}\n")},
		{CallId: "../a", Last: true}, {CallId: "b", Chunk: []byte("{")},
	} {
		require.NoError(t, f.take(m))
	}
	cut := errors.New("cut off")
	require.ErrorIs(t, f.end(cut), cut)
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, list, 1, "what was cut short is not left behind")
	b, err := os.ReadFile(filepath.Join(dir, "%2E.%2Fa.vcon.json"))
	require.NoError(t, err)
	require.Equal(t, "{\"uuid\":1}\n", string(b))
	f, err = newFolder(dir)
	require.NoError(t, err)
	require.Error(t, f.take(&pb.ExportVconsResponse{CallId: "../a"}), "nothing is overwritten")
}

func TestFileName(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, id := range []string{"1764.11", "a/b", "a%2Fb", "李", ".", "..", "a b", "CON:", "a\x00b"} {
		name := fileName(id)
		require.NotContains(t, seen, name)
		require.Regexp(t, `^[A-Za-z0-9._%-]+$`, name)
		require.NotContains(t, []string{".", ".."}, name)
		seen[name] = id
	}
	require.Equal(t, "1764.11", fileName("1764.11"))
}
