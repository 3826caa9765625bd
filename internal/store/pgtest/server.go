//go:build unix

package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// server is one that this process started.
type server struct {
	dir string
	// ended is closed when it has ended.
	ended chan struct{}
	proc  *os.Process
	log   *tail
	// program is run as who, with args.
	program string
	args    []string
	who     *syscall.Credential
}

// owner is the name of the one who may do everything in the server's databases.
const owner = "refrain"

// hasty are settings for a server of which nothing need outlive the machine.
var hasty = []string{"-c", "fsync=off", "-c", "full_page_writes=off"}

// start starts a server on a socket in a new directory.
func start(settings ...string) (*server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "refrain-postgres-")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir}
	if err := s.run(bin, settings); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func (s *server) run(bin string, settings []string) error {
	who, err := s.unprivileged()
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	// Not sorted by bytes, as few databases of people are.
	init := command(who, filepath.Join(bin, "initdb"), "-D", data, "-U", owner, "--auth=trust", "-E", "UTF8",
		"--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en", "--no-sync")
	if out, err := init.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	s.program, s.who = filepath.Join(bin, "postgres"), who
	s.args = append([]string{"-D", data, "-k", s.dir, "-c", "listen_addresses=",
		"-c", "max_connections=400", "-c", "shared_buffers=64MB"}, settings...)
	return s.launch()
}

// launch starts what run made ready, or what was killed since.
func (s *server) launch() error { return s.follow(command(s.who, s.program, s.args...)) }

// follow starts a server, and waits until it is ready.
func (s *server) follow(cmd *exec.Cmd) error {
	s.ended, s.log = make(chan struct{}), &tail{}
	ended := s.ended
	out, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	began := make(chan error, 1)
	go func() {
		// The system ends it with the thread that started it, so that thread stays.
		runtime.LockOSThread()
		if err := cmd.Start(); err != nil {
			began <- err
			return
		}
		s.proc = cmd.Process
		ready := make(chan bool, 1)
		go s.log.follow(out, ready)
		if <-ready {
			began <- nil
		} else {
			began <- fmt.Errorf("the server ended at once: %s", s.log)
		}
		_ = cmd.Wait() // that it was asked to end is no error
		close(ended)
	}()
	return <-began
}

// unprivileged is whom the server runs as: it refuses to as root.
func (s *server) unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(s.dir, int(uid), int(gid))
}

// stop ends the server at once, and takes its directory away.
func (s *server) stop() error {
	err := s.proc.Signal(syscall.SIGQUIT)
	<-s.ended
	return errors.Join(err, os.RemoveAll(s.dir))
}

// url is that of a database.
func (s *server) url(database string) string {
	return "postgres:///" + database + "?host=" + s.dir + "&user=" + owner
}

// binaries is the directory of PostgreSQL's programs. Debian has them outside of PATH, by version.
func binaries() (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		path, err = filepath.EvalSymlinks(path)
		return filepath.Dir(path), err
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", errors.Join(errMissing, err)
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

func version(path string) int {
	v, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	if err != nil {
		return 0
	}
	return v
}

var errMissing = errors.New("there is no PostgreSQL: install Debian's package postgresql")

// tail is the end of what a server says.
type tail struct {
	lines []string
}

// tailLines is how many lines of it are kept.
const tailLines = 50

// follow reads what the server says, and says on ready whether it is ready, once that is known.
func (t *tail) follow(from io.Reader, ready chan<- bool) {
	told := false
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		if told {
			continue
		}
		t.lines = append(t.lines, lines.Text())
		t.lines = t.lines[max(0, len(t.lines)-tailLines):]
		if strings.Contains(lines.Text(), "database system is ready to accept connections") {
			told = true
			ready <- true
		}
	}
	if !told {
		ready <- false
	}
}

func (t *tail) String() string { return strings.Join(t.lines, "\n") }

// Main runs the tests, and ends the server if any of them began one. It gives what is to be handed to
// os.Exit.
func Main(m *testing.M) int {
	code := m.Run()
	if err := end(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		return 1
	}
	return code
}

// background is a context for what ends by itself.
func background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}
