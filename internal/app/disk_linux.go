package app

import "syscall"

// diskOf is what is free for this process on the disk that a directory lies on, and how large that
// is, in bytes; -1 where it can't be told.
func diskOf(dir string) (free, size float64) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return -1, -1
	}
	return float64(s.Bavail) * float64(s.Bsize), float64(s.Blocks) * float64(s.Bsize)
}
