//go:build !linux

package app

// diskOf can't tell here.
func diskOf(string) (free, size float64) { return -1, -1 }
