package datadir

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// maxSocketPath is how long the path of a socket may be, in bytes, on all systems.
const maxSocketPath = 100

// SocketPath is by what path a data directory's admin socket can be used until done is called: a path
// longer than sockets may have is gone around.
func SocketPath(dir string) (path string, done func(), err error) {
	path = filepath.Join(dir, AdminSocket)
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	if runtime.GOOS != "linux" {
		return "", nil, fmt.Errorf("%s is too long for a socket", path)
	}
	d, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", d.Fd(), AdminSocket), func() { _ = d.Close() }, nil
}
