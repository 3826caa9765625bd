package chaos_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/store"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const (
	db  = datadir.DBFile
	wal = datadir.DBFile + "-wal"
	shm = datadir.DBFile + "-shm"
	key = datadir.KeyFile
)

// wrongRestores are what people do to a data directory while its server is stopped. The start must
// be refused, and succeed once it is put right.
func (b *breaker) wrongRestores() []fault {
	const older, other, missing = datadir.OlderDatabase, datadir.OtherDatabase, datadir.MissingDatabase
	all := []string{db, wal, shm}
	foreign := b.putBack("other/"+db, db)
	empty := func() error { return os.WriteFile(b.path(db), nil, 0o600) }
	both := func() error { return errors.Join(foreign(), b.putBack("other/"+key, key)()) }
	restore := func(what string, kind datadir.Kind, put func() error, away ...string) fault {
		return fault{"wrong restore: " + what, 2, func() error { return b.wrong(kind, put, away...) }}
	}
	return []fault{
		restore("an older database", older, b.putBack("older.db", db), all...),
		restore("another's database", other, foreign, all...),
		restore("another's database and key", other, both, append(all, key)...),
		restore("another's key", datadir.OtherKey, b.putBack("other/"+key, key), key),
		restore("no key", datadir.MissingKey, nil, key),
		restore("no database", missing, nil, all...),
		restore("no database, but its log", missing, nil, db),
		restore("an empty database", missing, empty, all...),
		restore("no write-ahead log", older, nil, wal, shm),
	}
}

func (b *breaker) path(name string) string { return filepath.Join(b.dir, name) }

// putBack puts a file there that doesn't belong there.
func (b *breaker) putBack(from, to string) func() error {
	return func() error { return copyFile(filepath.Join(b.root, from), b.path(to)) }
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}

// prepare makes what is put back wrongly: another directory, and an older database.
func (b *breaker) prepare() error {
	other, err := start(b.t, filepath.Join(b.root, "other"), 0)
	if err != nil {
		return err
	}
	_, err = other.Freezes.CreateFreeze(apitest.As(b.t.Context(), "chaos"),
		&pb.CreateFreezeRequest{Number: "13300000000", Reason: "x"})
	if err = errors.Join(err, other.stop()); err != nil {
		return err
	}
	return b.keepOlder()
}

// keepOlder keeps a copy of the database as it is now.
func (b *breaker) keepOlder() error {
	s, _ := b.current()
	if err := s.stop(); err != nil {
		return err
	}
	if err := copyFile(b.path(db), filepath.Join(b.root, "older.db")); err != nil {
		return err
	}
	return b.again()
}

// wrong kills the server, takes files away and puts wrong ones there: the start must be refused
// as what it is. Then the right ones are put back.
func (b *breaker) wrong(kind datadir.Kind, put func() error, names ...string) error {
	if err := b.freezeOne(); err != nil {
		return err
	}
	s, _ := b.current()
	s.kill()
	away := filepath.Join(b.root, "away")
	if err := errors.Join(os.Mkdir(away, 0o700), b.move(b.dir, away, names)); err != nil {
		return err
	}
	if put != nil {
		if err := put(); err != nil {
			return err
		}
	}
	if b.tellable(kind, names) {
		if err := b.mustRefuse(kind); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := os.RemoveAll(b.path(name)); err != nil {
			return err
		}
	}
	if err := errors.Join(b.move(away, b.dir, names), os.Remove(away)); err != nil {
		return err
	}
	return b.again()
}

// tellable is false where the log that was taken away held no entry of the ledger, since all had
// been written into the database by chance.
func (b *breaker) tellable(kind datadir.Kind, names []string) bool {
	if kind != datadir.OlderDatabase || names[0] != wal {
		return true
	}
	head, err := datadir.ReadHead(b.dir)
	if err != nil {
		return true
	}
	alone := filepath.Join(b.root, "alone.db")
	defer func() { _ = os.Remove(alone) }()
	if copyFile(b.path(db), alone) != nil {
		return true
	}
	is, err := store.Inspect(b.t.Context(), alone, head.Entries)
	return err != nil || is.Entries < head.Entries
}

func (b *breaker) move(from, to string, names []string) error {
	for _, name := range names {
		err := os.Rename(filepath.Join(from, name), filepath.Join(to, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (b *breaker) mustRefuse(kind datadir.Kind) error {
	s, ready, err := launch(b.t, b.dir, b.offset())
	if err != nil {
		return err
	}
	select {
	case _, ok := <-ready:
		if ok {
			s.kill()
			b.fail("the server starts with %s", kind)
			return nil
		}
	case <-time.After(startPatience):
		s.kill()
		return errors.New("the server neither starts nor ends")
	}
	if text := s.log.text(); !strings.Contains(text, "--accept "+string(kind)) {
		b.fail("the refusal does not say %s:\n%s", kind, text)
	}
	return nil
}

// backedUp makes a backup while the server runs, and is killed now and then, and restores it
// somewhere else: all that was acknowledged before is there.
func (b *breaker) backedUp() error {
	b.backups++
	dir := filepath.Join(b.spare, fmt.Sprint("backup-", b.backups))
	restored := filepath.Join(b.spare, fmt.Sprint("restored-", b.backups))
	defer func() { _ = errors.Join(os.RemoveAll(dir), os.RemoveAll(restored)) }()
	holds, calls, recordings := b.frozen.snapshot(), b.someCalls(200), b.uploads.snapshot()
	result := make(chan error, 1)
	go func() {
		out, err := run(b.t, "backup", dir, "--data", b.dir, "--with-key")
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		result <- err
	}()
	if b.rnd.IntN(2) == 0 {
		b.moment(300 * time.Millisecond)
		if err := b.killed(); err != nil {
			return err
		}
	}
	if err := <-result; err != nil {
		return err
	}
	maps.DeleteFunc(holds, func(n string, h *hold) bool { return b.frozen.get(n) != h })
	for _, args := range [][]string{{"backup", "verify", dir}, {"restore", dir, "--data", restored}} {
		if out, err := run(b.t, args...); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
	}
	return b.compare(restored, holds, calls, recordings)
}

// compare holds a restored directory against what was acknowledged before the backup.
func (b *breaker) compare(
	dir string, holds map[string]*hold, calls map[string]int64, recordings []*upload,
) error {
	s, err := start(b.t, dir, b.offset())
	if err != nil {
		return err
	}
	for number, h := range holds {
		resp, err := s.Gate.CheckNumber(b.t.Context(), &pb.CheckNumberRequest{Number: number})
		if err != nil {
			return err
		}
		if resp.GetAnswer().GetAllowed() {
			b.fail("the backup allows %s, which was frozen: %s", number, h.why)
		}
	}
	for id, revision := range calls {
		resp, err := s.Calls.GetCall(b.t.Context(), &pb.GetCallRequest{Name: "calls/" + id})
		if err != nil || resp.GetCall().GetRevision() < revision {
			b.fail("the backup lacks the call %s, revision %d: %v", id, revision, err)
		}
	}
	for _, up := range recordings {
		if _, err := s.Recordings.GetRecording(b.t.Context(),
			&pb.GetRecordingRequest{Name: up.name}); err != nil {
			b.fail("the backup lacks the recording of %s: %v", up.call, err)
			continue
		}
		b.uploads.bytes(up, dir)
	}
	s.Sound(b.t)
	return s.stop()
}

// someCalls are calls of which it was acknowledged that they were reported.
func (b *breaker) someCalls(n int) map[string]int64 {
	out := map[string]int64{}
	r := b.reports[len(b.reports)-1]
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, revision := range r.acked { // in no order
		if len(out) == n {
			break
		}
		out[id] = revision
	}
	return out
}
