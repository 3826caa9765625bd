//go:build unix && !linux

package pgtest

import (
	"os/exec"
	"syscall"
)

// command is one that runs as somebody else, nil for nobody else. Where this process is killed it goes on.
func command(who *syscall.Credential, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...) //nolint:noctx,gosec // Main ends it, and it is PostgreSQL's own
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	return cmd
}
