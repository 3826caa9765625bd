package upload

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// growing is a file with that size in its header, written last at that time.
func growing(t *testing.T, size uint32, at time.Time) *os.File {
	t.Helper()
	b := append([]byte("RIFF\x24\x00\x00\x00WAVEfmt "+
		"\x10\x00\x00\x00\x01\x00\x02\x00\x40\x1f\x00\x00\x00\x7d\x00\x00\x04\x00\x10\x00data"),
		binary.LittleEndian.AppendUint32(nil, size)...)
	path := filepath.Join(t.TempDir(), "call.wav")
	require.NoError(t, os.WriteFile(path, append(b, make([]byte, 4000)...), 0o600))
	require.NoError(t, os.Chtimes(path, at, at))
	f, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

func TestSteady(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	const zero, stream, right = 0, 0xFFFFFFFF, 4000
	for _, tt := range []struct {
		name    string
		size    uint32
		age     time.Duration
		ok      bool // --unfinished-ok
		grows   bool // while it is looked at
		pauses  time.Duration
		err     error
		becomes bool // unfinished_ok
	}{
		{"finished just now", right, 0, false, false, 0, nil, false},
		{"no sizes, just now", zero, 0, false, false, 0, errUnfinished, false},
		{"no sizes, minutes ago", zero, 9 * time.Minute, false, false, 0, errUnfinished, false},
		{"no sizes, by a clock that is ahead", zero, -time.Hour, false, false, 0, errUnfinished,
			false},
		{"left by a recorder that died", zero, 10 * time.Minute, false, false, 0, nil, true},
		{"the sender says so", zero, 0, true, false, 0, nil, true},
		{"a stream of long ago", stream, settled, false, false, 0, nil, false},
		{"a stream that settles", stream, 4 * time.Second, false, false, 6 * time.Second, nil, false},
		{"a stream that goes on", stream, 0, false, true, settled, errGrowing, false},
		{"a stream, the sender says so", stream, 0, true, false, 0, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := growing(t, tt.size, noon.Add(-tt.age))
			var paused time.Duration
			u := &Uploader{now: func() time.Time { return noon },
				pause: func(_ context.Context, d time.Duration) error {
					paused += d
					if tt.grows {
						return os.Truncate(f.Name(), 5000)
					}
					return nil
				}}
			meta := &pb.RecordingMetadata{UnfinishedOk: tt.ok}
			require.ErrorIs(t, u.steady(t.Context(), f, meta), tt.err)
			require.Equal(t, tt.pauses, paused)
			require.Equal(t, tt.becomes, meta.GetUnfinishedOk())
		})
	}
}
