//go:build unix

package datadir

import (
	"os"

	"github.com/gofrs/flock"
)

// ofDirectory is the lock of the directory itself.
func ofDirectory(dir string) []*flock.Flock {
	return []*flock.Flock{flock.New(dir, flock.SetFlag(os.O_RDONLY))}
}
