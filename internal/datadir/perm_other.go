//go:build !unix

package datadir

import "io/fs"

// readable and writable can't be told from the mode here.
func readable(fs.FileInfo) bool { return false }

func writable(fs.FileInfo) bool { return false }
