package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
)

// Scrub implements retention.People. What is deleted is overwritten at once, but not what was deleted
// by programs before that did not, nor what SQLite moves about within a page; so the files are searched,
// and written anew where something is found. What is left in rows after that can't be changed.
//
// With PostgreSQL it is vacuumed, and the rows alone are searched: what lies on pages that nobody reads, in its
// log and in copies of both, PostgreSQL and those who keep it end.
func (s *Retention) Scrub(ctx context.Context, n number.Number) (left []string, err error) {
	if s.d.shared {
		return s.scrubTables(ctx, n)
	}
	if err := s.checkpoint(ctx); err != nil {
		return nil, err
	}
	if n.IsZero() {
		return nil, errors.Join(s.vacuum(ctx), s.checkpoint(ctx))
	}
	inRows, err := s.Remains(ctx, n)
	if err != nil {
		return nil, err
	}
	left, err = s.SearchFiles(ctx, n)
	if err != nil || len(left) == 0 {
		return append(inRows, left...), err
	}
	if err := errors.Join(s.vacuum(ctx), s.checkpoint(ctx)); err != nil {
		return append(inRows, left...), err
	}
	left, err = s.SearchFiles(ctx, n)
	return append(inRows, left...), err
}

// checkpointTries is how often, a tenth of a second apart, readers are waited for that still read what
// was before.
const checkpointTries = 300

// checkpoint brings all of the write-ahead log into the database's file, and empties the log.
func (s *Retention) checkpoint(ctx context.Context) error {
	for range checkpointTries {
		var busy, logged, done int
		err := s.exclusively(ctx, func() error {
			return s.w.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &logged, &done)
		})
		if err != nil {
			return fmt.Errorf("empty the write-ahead log: %w", err)
		}
		if busy == 0 {
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.New("the write-ahead log can't be emptied, since somebody reads an old state of the " +
		"database all the time: is a backup being made? It is tried again within the hour")
}

// TempDir is where SQLite puts a copy of the database while it writes it anew.
func TempDir() string {
	for _, dir := range []string{os.Getenv("SQLITE_TMPDIR"), os.Getenv("TMPDIR"), "/var/tmp", "/usr/tmp", "/tmp"} {
		if info, err := os.Stat(dir); err == nil && info.IsDir() { //nolint:gosec // SQLite goes by the same
			return dir
		}
	}
	return "."
}

// room refuses to write the database anew where the disk can't take it: what fills up on the way is
// needed by those who freeze and report.
func (s *Retention) room() error {
	if s.o.Room == nil {
		return nil
	}
	info, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	if err := s.o.Room(info.Size()); err != nil {
		return &fault.Error{Op: "retention.Scrub", Kind: fault.Unavailable, Reason: fault.ReasonOf(err), Err: err,
			Message: fmt.Sprintf("everything was erased, but what is left of it on pages of the database that nobody "+
				"reads is not overwritten, since that takes the database's %d bytes anew and there is no room for "+
				"them: free space; it is tried again within the hour", info.Size())}
	}
	return nil
}

// vacuum writes the database anew. Nobody else writes meanwhile.
func (s *Retention) vacuum(ctx context.Context) error {
	if err := s.room(); err != nil {
		return err
	}
	return s.exclusively(ctx, func() error {
		// As large as the database: not in memory.
		if _, err := s.w.ExecContext(ctx, `PRAGMA temp_store = FILE`); err != nil {
			return err
		}
		_, err := s.w.ExecContext(ctx, `VACUUM`)
		_, back := s.w.ExecContext(ctx, `PRAGMA temp_store = MEMORY`)
		return wrap("write the database anew", errors.Join(err, back))
	})
}

// traceOf is a number as SQLite stores integers; nil where it is short, as such are found everywhere by
// chance.
func traceOf(n number.Number) []byte {
	if n.Digits() < 1<<31 {
		return nil
	}
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n.Digits())
	return b[2:]
}

// SearchFiles looks for a number in the database's file and its log, whatever belongs to a row or not: as
// an integer, and in any form that is known in texts.
func (s *Retention) SearchFiles(ctx context.Context, n number.Number) (left []string, err error) {
	if s.d.shared {
		return nil, errNoFile
	}
	raw, err := s.rawFile()
	if err != nil {
		return nil, err
	}
	info, err := raw.Stat()
	if err != nil {
		return nil, err
	}
	finder, trace := number.NewFinder(n), traceOf(n)
	is := func(piece []byte) bool {
		return trace != nil && bytes.Contains(piece, trace) || finder.Has(string(piece))
	}
	found, err := search(ctx, io.NewSectionReader(raw, 0, info.Size()), is)
	if err != nil {
		return nil, fmt.Errorf("search the database's file: %w", err)
	}
	if found {
		left = append(left, "the database's file")
	}
	wal, err := os.Open(s.path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return left, nil
	}
	if err != nil {
		return nil, err
	}
	found, err = search(ctx, wal, is)
	if found {
		left = append(left, "the database's write-ahead log")
	}
	return left, errors.Join(err, wal.Close())
}

// rawFile opens the database's file beside SQLite. It stays open as long as the database: closing it
// would end SQLite's own locks on it, as the system counts them by process.
func (e *engine) rawFile() (*os.File, error) {
	e.rawOnce.Lock()
	defer e.rawOnce.Unlock()
	if e.raw != nil {
		return e.raw, nil
	}
	var err error
	e.raw, err = os.Open(e.path)
	return e.raw, err
}

// searchPiece is how much is searched at once, in bytes, and searchOverlap how much of it again with what
// follows: a number has up to fifteen digits, and each of these with three separators up to twelve bytes.
const (
	searchPiece   = 1 << 20
	searchOverlap = 256
)

// search tells whether one of the pieces of what r gives is what is looked for.
func search(ctx context.Context, r io.Reader, is func([]byte) bool) (bool, error) {
	buf := make([]byte, searchPiece+searchOverlap)
	kept := 0
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		n, err := io.ReadFull(r, buf[kept:])
		have := buf[:kept+n]
		if is(have) {
			return true, nil
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buf, have[len(have)-searchOverlap:])
	}
}
