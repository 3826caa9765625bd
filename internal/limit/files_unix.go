//go:build unix

package limit

import "syscall"

// Files is how many files this process may have open, connections among them. Go has raised the
// soft limit to the hard one when the program started. 0 is not known.
func Files() int {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) != nil {
		return 0
	}
	return int(min(r.Cur, 1<<20))
}
