//go:build unix

package pgtest

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Archived is a server of a test's own that keeps its log, so that it can be brought back to any moment, and takes
// connections over TLS. It goes with the test.
type Archived struct {
	s    *server
	bin  string
	port string
	who  *syscall.Credential
}

// StartArchived starts one. Cert and key are files of its certificate, which has to name localhost.
func StartArchived(t testing.TB, cert, key []byte) *Archived {
	t.Helper()
	bin, err := binaries()
	if err != nil {
		if errors.Is(err, errMissing) && os.Getenv("CI") != "true" {
			t.Skip("SKIPPED: ", err)
		}
		t.Fatal("pgtest: ", err)
	}
	dir, err := os.MkdirTemp("", "refrain-postgres-") //nolint:usetesting // its path must be short, for the socket, and open to the server
	if err != nil {
		t.Fatal("pgtest: ", err)
	}
	a := &Archived{s: &server{dir: dir}, bin: bin}
	if a.who, err = a.s.unprivileged(); err == nil {
		err = errors.Join(a.write("server.crt", cert), a.write("server.key", key), a.own("archive"))
	}
	if err == nil {
		a.port, err = freePort(t)
	}
	if err == nil {
		err = a.s.run(bin, a.settings())
	}
	if err != nil {
		t.Fatal("pgtest: ", errors.Join(err, os.RemoveAll(dir)))
	}
	t.Cleanup(func() {
		if err := a.s.stop(); err != nil {
			t.Error("pgtest: ", err)
		}
	})
	return a
}

func freePort(t testing.TB) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// settings come behind those of every server, and take their place.
func (a *Archived) settings() []string {
	return append(hasty, "-c", "listen_addresses=127.0.0.1", "-p", a.port, "-c", "ssl=on", "-c", "ssl_cert_file="+a.path("server.crt"),
		"-c", "ssl_key_file="+a.path("server.key"), "-c", "wal_level=replica", "-c", "max_connections=100", "-c", "archive_mode=on",
		"-c", "archive_command=cp %p "+a.path("archive")+"/%f")
}

func (a *Archived) path(name string) string { return filepath.Join(a.s.dir, name) }

// write makes a file that is the server's.
func (a *Archived) write(name string, text []byte) error {
	if err := os.WriteFile(a.path(name), text, 0o600); err != nil || a.who == nil {
		return err
	}
	return os.Chown(a.path(name), int(a.who.Uid), int(a.who.Gid))
}

// own makes a directory that is the server's.
func (a *Archived) own(name string) error {
	if err := os.Mkdir(a.path(name), 0o700); err != nil || a.who == nil {
		return err
	}
	return os.Chown(a.path(name), int(a.who.Uid), int(a.who.Gid))
}

// URL is that of its database, by its socket.
func (a *Archived) URL() string { return a.s.url("postgres") + "&port=" + a.port }

// Remote is that of its database over TCP, with more settings.
func (a *Archived) Remote(host, settings string) string {
	return "postgres://" + owner + "@" + host + ":" + a.port + "/postgres?" + settings
}

// Program runs one of PostgreSQL's programs as the server's user.
func (a *Archived) Program(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := command(a.who, filepath.Join(a.bin, name), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("pgtest: %s: %v: %s", name, err, out)
	}
	return string(out)
}

// BaseBackup copies the server's files while it runs.
func (a *Archived) BaseBackup(t testing.TB) {
	t.Helper()
	a.Program(t, "pg_basebackup", "-h", a.s.dir, "-p", a.port, "-U", owner, "-D", a.path("base"), "--checkpoint=fast", "-X", "none",
		"--no-sync")
}

// RecoverTo ends the server, and starts another one on the base backup, brought to what it was at a time.
func (a *Archived) RecoverTo(t testing.TB, at time.Time) {
	t.Helper()
	a.Program(t, "psql", "-h", a.s.dir, "-p", a.port, "-U", owner, "-c", "SELECT pg_switch_wal()", "postgres")
	if err := a.s.proc.Signal(syscall.SIGINT); err != nil { // which waits for the archive
		t.Fatal("pgtest: ", err)
	}
	<-a.s.ended
	err := errors.Join(a.write("base/recovery.signal", nil))
	if err != nil {
		t.Fatal("pgtest: ", err)
	}
	args := append([]string{"-D", a.path("base"), "-k", a.s.dir}, a.settings()...)
	args = append(args, "-c", "archive_mode=off", "-c", "restore_command=cp "+a.path("archive")+"/%f %p", "-c",
		"recovery_target_time="+at.UTC().Format("2006-01-02 15:04:05.999999+00"), "-c", "recovery_target_action=promote")
	if err := a.s.follow(command(a.who, filepath.Join(a.bin, "postgres"), args...)); err != nil {
		t.Fatal("pgtest: ", err)
	}
}

// Program is where one of PostgreSQL's programs is.
func Program(t testing.TB, name string) string {
	t.Helper()
	bin, err := binaries()
	if err != nil {
		t.Skip("SKIPPED: ", err)
	}
	return filepath.Join(bin, name)
}

// As is a database's URL for another role.
func As(url, role string) string { return strings.Replace(url, "user="+owner, "user="+role, 1) }
