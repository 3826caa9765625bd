package disk

import "golang.org/x/sys/unix"

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
