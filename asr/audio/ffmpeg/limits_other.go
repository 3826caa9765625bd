//go:build !linux

package ffmpeg

import "syscall"

// descriptor is the file that ffmpeg gets.
const descriptor = "/dev/fd/3"

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
