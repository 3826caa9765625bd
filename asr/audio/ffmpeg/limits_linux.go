package ffmpeg

import (
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// descriptor is the file that ffmpeg gets, opened anew so that it can be read in any order.
const descriptor = "/proc/self/fd/3"

// ownGroup makes the child the head of a group of its own, and has the kernel kill it when
// its parent dies.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup ends a child with all that it started.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// restrict sets the child's limits right after its start, before it can have read anything:
// linking its libraries takes longer. It may write no file at all, pipes but.
func restrict(pid int, l limits) error {
	seconds := uint64(max(1, l.cpu/time.Second))
	for _, limit := range []struct {
		what int
		most uint64
	}{
		{unix.RLIMIT_AS, l.memory},
		{unix.RLIMIT_CPU, seconds},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_CORE, 0},
	} {
		set := unix.Rlimit{Cur: limit.most, Max: limit.most}
		err := unix.Prlimit(pid, limit.what, &set, nil)
		if err != nil && !errors.Is(err, unix.ESRCH) { // gone already: its exit says why
			return err
		}
	}
	return nil
}
