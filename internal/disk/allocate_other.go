//go:build !linux

package disk

import "os"

// allocate gives a file that many bytes of disk.
func allocate(f *os.File, size int64) error { return writeZeros(f, size) }
