package whisper

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ownExecutable is this very program, even when its file was replaced since. In a package the loader
// runs, and what started it lies beside it (deploy/launcher).
func ownExecutable() (string, error) {
	const self = "/proc/self/exe"
	running, err := os.Readlink(self)
	if err != nil {
		return "", fmt.Errorf("find the program that runs: %w", err)
	}
	if !strings.HasPrefix(filepath.Base(running), "ld-linux") {
		return self, nil
	}
	launcher := filepath.Join(filepath.Dir(running), "..", "refrain")
	if _, err := os.Stat(launcher); err != nil {
		return "", fmt.Errorf("the process for speech can't be started: the file refrain of the package that this "+
			"is from is gone: %w", err)
	}
	return launcher, nil
}

// dieWithParent has the kernel kill the child when the parent dies, should it be too
// busy to notice that its pipe was closed.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// residentBytes is the memory that a process occupies, 0 if it is gone.
func residentBytes(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(b)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
