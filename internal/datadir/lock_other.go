//go:build !unix

package datadir

import "github.com/gofrs/flock"

// ofDirectory is nothing: such systems lock no directories, and keep an open file from
// being removed.
func ofDirectory(string) []*flock.Flock { return nil }
