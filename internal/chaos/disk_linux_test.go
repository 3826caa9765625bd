package chaos_test

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// smallDisk is how large the disk is that is filled.
const smallDisk = "1536m"

// disk is a small file system of its own, which only root may make; ok is false where it can't be
// had, and dir an ordinary one.
func disk(t *testing.T) (dir string, ok bool) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("chaos", dir, "tmpfs", 0, "mode=0700,size="+smallDisk); err != nil {
		t.Logf("NOT TRIED: a full disk: a small file system can't be mounted here: %v", err)
		return dir, false
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir, true
}

// fill takes all the room that is left on the disk that dir is on, until it is emptied.
func fill(dir string) (empty func(), err error) {
	f, err := os.CreateTemp(dir, "ballast-*")
	if err != nil {
		return nil, err
	}
	empty = func() { _ = f.Close(); _ = os.Remove(f.Name()) }
	var size int64
	for step := int64(64 << 20); step >= 4<<10; {
		err := syscall.Fallocate(int(f.Fd()), 0, size, step)
		switch {
		case err == nil:
			size += step
		case errors.Is(err, syscall.ENOSPC):
			step /= 4
		case !errors.Is(err, syscall.EINTR):
			empty()
			return nil, err
		}
	}
	return empty, nil
}
