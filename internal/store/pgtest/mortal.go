//go:build unix

package pgtest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Mortal is a server on a port of its own, to be killed, which ends with the test.
type Mortal struct {
	// Addr is where it listens.
	Addr string
	s    *server
}

// NewMortal starts one. Without a PostgreSQL the test is skipped; with CI=true in the environment it fails.
func NewMortal(t testing.TB) *Mortal {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
	if err != nil {
		t.Fatal("pgtest: ", err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(addr)
	s, err := start(append([]string{"-c", "listen_addresses=127.0.0.1", "-p", port}, hasty...)...)
	if errors.Is(err, errMissing) && os.Getenv("CI") != "true" {
		t.Skip("SKIPPED: ", err)
	}
	if err != nil {
		t.Fatal("pgtest: ", err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error("pgtest: ", err)
		}
	})
	return &Mortal{addr, s}
}

// URL is that of its one database, by way of an address.
func (m *Mortal) URL(addr string) string {
	return "postgres://" + owner + "@" + addr + "/postgres?sslmode=disable"
}

// Kill ends all its processes without any warning, and starts it again.
func (m *Mortal) Kill() error {
	_ = m.s.proc.Signal(syscall.SIGSTOP) // or it might start another process meanwhile
	children := childrenOf(m.s.proc.Pid)
	err := m.s.proc.Kill()
	for _, pid := range children {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
	}
	<-m.s.ended
	if err != nil {
		return err
	}
	// Nobody tells when the last of the children is gone: until then it refuses to start.
	for until := time.Now().Add(patience); ; {
		err = m.s.launch()
		if err == nil {
			return nil
		}
		if !strings.Contains(err.Error(), "is still in use") || time.Now().After(until) {
			return fmt.Errorf("start it again: %w", err)
		}
		<-m.s.ended
	}
}

// childrenOf are a process's; none where the system doesn't tell.
func childrenOf(pid int) (pids []int) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		for field := range strings.FieldsSeq(string(text)) {
			if n, err := strconv.Atoi(field); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids
}
