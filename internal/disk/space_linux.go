package disk

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// SpaceOf asks the file system that dir lies on.
func SpaceOf(dir string) (Space, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return Space{}, err
	}
	block := int64(s.Bsize) //nolint:unconvert // its type differs between machines
	return Space{Free: int64(s.Bavail) * block, Size: int64(s.Blocks) * block,
		FreeFiles: int64(s.Ffree), Files: int64(s.Files),
		ReadOnly: s.Flags&unix.ST_RDONLY != 0}, nil
}

// Together tells whether two directories lie on one disk; so it takes those that it can't find.
func Together(a, b string) bool {
	of := func(dir string) (uint64, bool) {
		info, err := os.Stat(dir)
		if err != nil {
			return 0, false
		}
		s, ok := info.Sys().(*syscall.Stat_t)
		return s.Dev, ok
	}
	x, okX := of(a)
	y, okY := of(b)
	return !okX || !okY || x == y
}
