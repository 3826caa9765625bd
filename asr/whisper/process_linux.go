package whisper

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// ownExecutable is this very program, even when its file was replaced since.
func ownExecutable() (string, error) { return "/proc/self/exe", nil }

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
