package pgtest

import (
	"os/exec"
	"syscall"
)

// command is one that runs as somebody else, nil for nobody else, and ends with this process.
func command(who *syscall.Credential, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...) //nolint:noctx,gosec // it ends with the process, and is PostgreSQL's own
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Pdeathsig: syscall.SIGQUIT}
	return cmd
}
