//go:build unix

package pgtest

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience is for how long a statement of this package may take.
const patience = time.Minute

// only is the process's server, with the database that others are copies of.
var only struct {
	sync.Mutex

	server   *server
	err      error
	template string
	made     int
}

// Database is the URL of a database of the test's own, which goes with the test. The first of the process is
// made ready by prepare, and all others are copies of what it was then. Without a PostgreSQL the test is
// skipped; with CI=true in the environment it fails.
func Database(t testing.TB, prepare func(url string) error) string {
	t.Helper()
	only.Lock()
	defer only.Unlock()
	if err := ready(prepare); err != nil {
		if errors.Is(err, errMissing) && os.Getenv("CI") != "true" {
			t.Skip("SKIPPED: ", err)
		}
		t.Fatal("pgtest: ", err)
	}
	only.made++
	name := fmt.Sprintf("test_%d", only.made)
	if err := run(`CREATE DATABASE ` + name + ` TEMPLATE ` + only.template); err != nil {
		t.Fatal("pgtest: ", err)
	}
	t.Cleanup(func() {
		only.Lock()
		defer only.Unlock()
		if err := run(`DROP DATABASE ` + name + ` WITH (FORCE)`); err != nil {
			t.Error("pgtest: ", err)
		}
	})
	return only.server.url(name)
}

// Durable is the URL of an empty database on a server that does all it can for what is committed, and ends with
// the benchmark; programs is where PostgreSQL's programs are. Settings are given to it, as on its command line.
func Durable(b testing.TB, settings ...string) (url, programs string) {
	b.Helper()
	programs, err := binaries()
	if err != nil {
		b.Skip("SKIPPED: ", err)
	}
	s, err := start(settings...)
	if err != nil {
		b.Fatal("pgtest: ", err)
	}
	b.Cleanup(func() {
		if err := s.stop(); err != nil {
			b.Error("pgtest: ", err)
		}
	})
	return s.url("postgres"), programs
}

// ready starts the server and makes the template, once.
func ready(prepare func(url string) error) error {
	if only.server != nil || only.err != nil {
		return only.err
	}
	if only.server, only.err = start(hasty...); only.err != nil {
		return only.err
	}
	only.template = "prepared"
	only.err = run(`CREATE DATABASE ` + only.template + ` TEMPLATE template0`)
	if only.err == nil {
		only.err = prepare(only.server.url(only.template))
	}
	return only.err
}

// run runs a statement in no database in particular.
func run(statement string) error {
	ctx, cancel := background()
	defer cancel()
	conn, err := pgx.Connect(ctx, only.server.url("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// end ends the server, where there is one.
func end() error {
	only.Lock()
	defer only.Unlock()
	if only.server == nil {
		return nil
	}
	return only.server.stop()
}
