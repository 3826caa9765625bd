package send

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/internal/cli/upload"
)

// Only what is on the server's disk, and what it will never take, is moved away.
func TestMoves(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		named, sent error
		want        string
	}{
		"sent":             {nil, nil, "sent"},
		"no audio":         {nil, status.Error(codes.InvalidArgument, "no audio"), "refused"},
		"other audio":      {nil, status.Error(codes.AlreadyExists, "other audio"), "refused"},
		"name doesn't fit": {errors.New("does not fit"), errors.New("does not fit"), "refused"},
		"server is away":   {nil, status.Error(codes.Unavailable, "away"), "."},
		"disk is full":     {nil, status.Error(codes.ResourceExhausted, "full"), "."},
		"server's fault":   {nil, status.Error(codes.Internal, "bug"), "."},
		"still written":    {nil, errors.New("it is still being written"), "."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "a.wav")
			require.NoError(t, os.WriteFile(path, []byte("sound"), 0o600))
			m := moves{filepath.Join(dir, "sent"), filepath.Join(dir, "refused")}
			require.NoError(t, m.after(upload.Recording{Path: path, Err: tt.named}, tt.sent))
			require.FileExists(t, filepath.Join(dir, tt.want, "a.wav"))
			if tt.want == "refused" {
				why, err := os.ReadFile(filepath.Join(dir, "refused", "a.wav.why.txt"))
				require.NoError(t, err)
				require.Contains(t, string(why), tt.sent.Error())
			}
			require.NoError(t, moves{}.after(upload.Recording{Path: path}, nil), "nothing is to be moved")
		})
	}
}

func TestMoveOverwritesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, sent := filepath.Join(dir, "a.wav"), filepath.Join(dir, "sent")
	require.NoError(t, os.WriteFile(path, []byte("second"), 0o600))
	require.NoError(t, os.Mkdir(sent, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(sent, "a.wav"), []byte("first"), 0o600))
	require.ErrorContains(t, moves{sent: sent}.after(upload.Recording{Path: path}, nil), "is there already")
	require.FileExists(t, path)
}
