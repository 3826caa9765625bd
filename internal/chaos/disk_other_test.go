//go:build !linux

package chaos_test

import (
	"errors"
	"testing"
)

// disk is an ordinary directory: a small file system to fill is mounted on Linux only.
func disk(t *testing.T) (dir string, ok bool) {
	t.Helper()
	t.Log("NOT TRIED: a full disk: a small file system is mounted on Linux only")
	return t.TempDir(), false
}

func fill(string) (empty func(), err error) { return nil, errors.ErrUnsupported }
