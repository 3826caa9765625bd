package disk_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/disk"
)

const mib = 1 << 20

// drive is a disk whose space a test sets.
type drive struct {
	mu    sync.Mutex
	space disk.Space
	err   error
}

func (d *drive) of(string) (disk.Space, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.space, d.err
}

func (d *drive) set(f func(*disk.Space)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(&d.space)
}

func open(t *testing.T, d *drive, edit ...func(*disk.Options)) (*disk.Reserve, string) {
	t.Helper()
	o := disk.Options{Dir: t.TempDir(), Reserve: disk.BySize, Ballast: disk.BySize, SpaceOf: d.of,
		Logger: slog.New(slog.DiscardHandler)}
	for _, f := range edit {
		f(&o)
	}
	return disk.Open(o), filepath.Join(o.Dir, disk.BallastFile)
}

// 200 MiB of which a twentieth each is the reserve and the ballast.
func roomy() *drive {
	return &drive{space: disk.Space{Size: 200 * mib, Free: 100 * mib, Files: 1000, FreeFiles: 500}}
}

func TestAudioLeavesTheReserve(t *testing.T) {
	t.Parallel()
	d := roomy()
	r, _ := open(t, d)
	r.Look()
	done, err := r.Take(90 * mib)
	require.NoError(t, err)
	_, err = r.Take(1)
	require.Equal(t, fault.Exhausted, fault.KindOf(err), "what is being written counts")
	require.Equal(t, disk.FullReason, fault.ReasonOf(err))
	require.ErrorContains(t, err, "disk is full")
	require.ErrorContains(t, err, "free space")
	done()
	require.NoError(t, r.Full())
	done, err = r.Take(90 * mib)
	require.NoError(t, err)
	done()
}

func TestRoomForAudio(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*disk.Space)
		reason string
	}{
		{"there is room", func(*disk.Space) {}, ""},
		{"down to the reserve", func(s *disk.Space) { s.Free = 10 * mib }, ""},
		{"below the reserve", func(s *disk.Space) { s.Free = 10*mib - 1 }, disk.FullReason},
		{"no files any more", func(s *disk.Space) { s.FreeFiles = 49 }, disk.FullReason},
		{"no limit of files", func(s *disk.Space) { s.Files, s.FreeFiles = 0, 0 }, ""},
		{"only to be read", func(s *disk.Space) { s.ReadOnly = true }, disk.ReadOnlyReason},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := roomy()
			r, _ := open(t, d)
			r.Look()
			d.set(tt.change)
			require.Equal(t, tt.reason, fault.ReasonOf(r.Full()))
		})
	}
}

// Where nothing is known of the disk, to write tells.
func TestUnknownDisk(t *testing.T) {
	t.Parallel()
	r, ballast := open(t, &drive{err: errors.New("no such thing")})
	r.Look()
	r.Lighten()
	require.NoFileExists(t, ballast)
	require.NoError(t, r.Full())
	require.False(t, r.Short())
	done, err := r.Take(1 << 40)
	require.NoError(t, err)
	done()
}

func TestAmountsThatAreSet(t *testing.T) {
	t.Parallel()
	d := roomy()
	r, ballast := open(t, d, func(o *disk.Options) { o.Reserve, o.Ballast = 60*mib, 0 })
	r.Look()
	require.NoFileExists(t, ballast, "none was asked for")
	_, err := r.Take(41 * mib)
	require.Equal(t, disk.FullReason, fault.ReasonOf(err))
	done, err := r.Take(40 * mib)
	require.NoError(t, err)
	done()
}

// Whatever fills the disk beside audio heeds no reserve.
func TestBallast(t *testing.T) {
	t.Parallel()
	d := roomy()
	r, ballast := open(t, d)
	require.NoFileExists(t, ballast, "nothing is made before somebody looks")
	r.Look()
	info, err := os.Stat(ballast)
	require.NoError(t, err)
	require.EqualValues(t, 10*mib, info.Size())
	st, ok := info.Sys().(*syscall.Stat_t)
	require.True(t, ok)
	require.GreaterOrEqual(t, st.Blocks*512, int64(10*mib), "it has room of its own")

	d.set(func(s *disk.Space) { s.Free = 5 * mib })
	r.Lighten()
	require.FileExists(t, ballast, "there is room yet")
	d.set(func(s *disk.Space) { s.Free = 5*mib - 1 })
	require.False(t, r.Short())
	r.Lighten()
	require.NoFileExists(t, ballast)
	require.True(t, r.Short())

	d.set(func(s *disk.Space) { s.Free = 15 * mib })
	require.False(t, r.Short())
	require.Error(t, r.Full(), "what it gave up is not for audio")
	r.Look()
	require.NoFileExists(t, ballast, "the reserve comes first")
	d.set(func(s *disk.Space) { s.Free = 20 * mib })
	r.Look()
	require.FileExists(t, ballast)

	r.GiveUp()
	require.NoFileExists(t, ballast, "a quota is not told of in the file system's space")
	r.GiveUp()
}

// Without a reserve the ballast is made only where it leaves more than it is given up at.
func TestBallastStays(t *testing.T) {
	t.Parallel()
	d := roomy()
	r, ballast := open(t, d, func(o *disk.Options) { o.Reserve = 0 })
	for _, free := range []int64{10 * mib, 14 * mib, 20*mib - 1} {
		d.set(func(s *disk.Space) { s.Free = free })
		r.Look()
		require.NoFileExists(t, ballast)
	}
	d.set(func(s *disk.Space) { s.Free = 20 * mib })
	r.Look()
	require.FileExists(t, ballast)
	d.set(func(s *disk.Space) { s.Free -= 10 * mib })
	r.Look()
	require.FileExists(t, ballast)
}

// A server that died left its ballast, which may be what lets the next one start.
func TestBallastOfBefore(t *testing.T) {
	t.Parallel()
	d := roomy()
	dir := t.TempDir()
	in := func(o *disk.Options) { o.Dir = dir }
	r, _ := open(t, d, in)
	r.Look()
	d.set(func(s *disk.Space) { s.Free = 0 })
	open(t, d, in)
	require.NoFileExists(t, filepath.Join(dir, disk.BallastFile))
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for err, reason := range map[error]string{
		syscall.ENOSPC: disk.FullReason, syscall.EDQUOT: disk.FullReason,
		syscall.EROFS: disk.ReadOnlyReason, syscall.EIO: disk.FailedReason,
	} {
		f := disk.Explain(&os.PathError{Op: "write", Path: "a", Err: err})
		require.NotNil(t, f)
		require.Equal(t, reason, f.Reason)
		require.Equal(t, fault.Unavailable, f.Kind)
		require.ErrorIs(t, f, err)
	}
	require.Nil(t, disk.Explain(nil))
	require.Nil(t, disk.Explain(os.ErrNotExist))
}

func TestSpaceOf(t *testing.T) {
	t.Parallel()
	s, err := disk.SpaceOf(t.TempDir())
	require.NoError(t, err)
	require.Positive(t, s.Size)
	require.LessOrEqual(t, s.Free, s.Size)
	_, err = disk.SpaceOf(filepath.Join(t.TempDir(), "missing"))
	require.Error(t, err)
}
