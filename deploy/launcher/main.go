// Command launcher is the file "refrain" of a package: it starts libexec/refrain with the C libraries in
// lib/, wherever the package was unpacked.
//
// These libraries are newer than some machines' own, and so is the C library that they need. A program
// names the loader that brings them in by an absolute path, which a package doesn't know; so the loader is
// started here, and told what to load.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

func main() {
	if err := launch(); err != nil {
		fmt.Fprintln(os.Stderr, "refrain:", err)
		os.Exit(1)
	}
}

// launch returns only where it fails: otherwise this process is refrain from there on.
func launch() error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the folder that refrain lies in: %w", err)
	}
	lib := filepath.Join(filepath.Dir(self), "lib")
	loaders, _ := filepath.Glob(filepath.Join(lib, "ld-linux*")) // fails for malformed patterns only
	if len(loaders) == 0 {
		return fmt.Errorf("there is no loader in %s: unpack the package as a whole, and link to the file refrain "+
			"instead of copying it", lib)
	}
	program := filepath.Join(filepath.Dir(self), "libexec", "refrain")
	args := append([]string{os.Args[0], "--argv0", os.Args[0], "--library-path", lib, program}, os.Args[1:]...)
	err = syscall.Exec(loaders[0], args, os.Environ()) //nolint:gosec // the package's own loader and program
	if errors.Is(err, syscall.ENOEXEC) {
		err = fmt.Errorf("%w: is the package for this machine's architecture?", err)
	}
	return fmt.Errorf("start %s: %w", loaders[0], err)
}
