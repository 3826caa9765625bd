package store

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// SQLite locks these bytes of the file beside the database that ends in -shm.
const (
	// writeLock is the writer's.
	writeLock = 120
)

// holders are the other processes that hold the writer's lock in the file at path. The kernel's
// list is read: to open and close the file itself would drop this process's own locks.
func holders(path string) []holder {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return nil
	}
	var out []holder
	for _, pid := range parseLocks(locks, st.Ino) {
		if pid != os.Getpid() {
			out = append(out, holder{pid, nameOf(pid)})
		}
	}
	return out
}

// parseLocks reads /proc/locks: who has locked the byte of the writer in the file with that inode for writing.
//
//	1: POSIX  ADVISORY  WRITE 4242 00:2e:1234 120 120
func parseLocks(text []byte, inode uint64) (pids []int) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) != 8 || f[1] != "POSIX" || f[3] != "WRITE" { // one that waits has an arrow more
			continue
		}
		pid, err := strconv.Atoi(f[4])
		if err != nil || pid <= 0 || !strings.HasSuffix(f[5], fmt.Sprintf(":%d", inode)) {
			continue
		}
		first, err := strconv.ParseInt(f[6], 10, 64)
		last, bad := strconv.ParseInt(f[7], 10, 64)
		if f[7] == "EOF" {
			last, bad = writeLock, nil
		}
		if err == nil && bad == nil && first <= writeLock && writeLock <= last {
			pids = append(pids, pid)
		}
	}
	return pids
}

// nameOf is what a process is called, as far as that is known.
func nameOf(pid int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(name))
}
