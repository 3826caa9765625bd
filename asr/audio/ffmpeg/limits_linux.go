package ffmpeg

import "syscall"

// descriptor is the file that ffmpeg gets, opened anew so that it can be read in any order.
const descriptor = "/proc/self/fd/3"

// ownGroup makes the child the head of a group of its own, and has the kernel kill it when
// its parent dies.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup ends a child with all that it started.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
