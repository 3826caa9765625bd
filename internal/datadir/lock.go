package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/gofrs/flock"
)

// Lock makes dir if need be and takes it for this process. A second process is refused
// with the owner's pid. The directory itself is locked, which nobody can take away from
// under its owner, and then the file with the pid, which earlier programs know.
func Lock(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	name := filepath.Join(dir, LockFile)
	var held []*flock.Flock
	unlock = func() {
		for _, l := range held {
			_ = l.Close()
		}
	}
	for _, l := range append(ofDirectory(dir), flock.New(name, flock.SetPermissions(0o600))) {
		got, err := l.TryLock()
		if err == nil && !got {
			err = inUse(dir, name)
		} else if err != nil {
			err = fmt.Errorf("lock the data directory: %w", err)
		}
		if err != nil {
			unlock()
			return nil, err
		}
		held = append(held, l)
	}
	// Who has the directory is good to know; on a full disk it is not worth a start.
	err = os.WriteFile(name, fmt.Appendln(nil, os.Getpid()), 0o600)
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		unlock()
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	return unlock, nil
}

// LockToRead takes a directory for this process in which nothing can be written.
func LockToRead(dir string) (unlock func(), err error) {
	unlock = func() {}
	for _, l := range ofDirectory(dir) {
		got, err := l.TryLock()
		if err == nil && !got {
			err = inUse(dir, filepath.Join(dir, LockFile))
		}
		if err != nil {
			return nil, fmt.Errorf("lock the data directory: %w", err)
		}
		unlock = func() { _ = l.Close() }
	}
	return unlock, nil
}

// inUse says who has the directory.
func inUse(dir, name string) error {
	owner := "another process, whose " + LockFile + " was removed"
	pid, err := os.ReadFile(name)
	if err == nil {
		owner = "process " + strings.TrimSpace(string(pid))
	} else if !errors.Is(err, fs.ErrNotExist) {
		owner = "another process"
	}
	return fmt.Errorf("the data directory %s is in use by %s; stop it, or use another directory "+
		"with --data", dir, owner)
}
