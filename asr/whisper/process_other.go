//go:build !linux

package whisper

import (
	"os"
	"syscall"
)

func ownExecutable() (string, error) { return os.Executable() }

// dieWithParent: elsewhere the closed pipe must do.
func dieWithParent() *syscall.SysProcAttr { return nil }

// residentBytes is not known here.
func residentBytes(int) int64 { return 0 }
