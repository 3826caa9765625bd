package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Key names a recording: a later line with the same key takes the place of an earlier one.
type Key [16]byte

// Mark is what a line is known by without being read again.
type Mark struct {
	Key Key
	// Made, Told and With are hashes of how it was heard, of what else it says, and of what it
	// was heard with.
	Made, Told, With uint64
}

// place is where a line lies in the file.
type place struct {
	at     int64
	length int32
	Mark
}

// Journal is a file of lines that one program at a time writes. It is safe for concurrent use.
type Journal struct {
	path string
	lock *flock.Flock
	mark func(line []byte) (Mark, error)

	mu       sync.Mutex
	file     *os.File
	end      int64
	index    map[Key]place
	replaced int // lines that are no longer in force
	sync     *time.Timer
	err      error // of the last sync
}

// syncAfter is how long a line may be in the file without being on disk.
const syncAfter = time.Second

// ErrInUse is the error of Open where another program has the journal open.
var ErrInUse = errors.New("another run is writing it; wait for its end, or write to another file")

// Open opens a journal, or begins it. A last line that was cut off is taken away, since it was never
// whole. mark tells what a line is; its error says why the line is none of a journal, and that the file
// is something else.
func Open(path string, mark func(line []byte) (Mark, error)) (*Journal, error) {
	j := &Journal{path: path, lock: flock.New(path + ".lock"), mark: mark, index: map[Key]place{}}
	locked, err := j.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !locked {
		return nil, fmt.Errorf("%s: %w", path, ErrInUse)
	}
	if j.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err == nil {
		if err = j.load(); err != nil {
			_ = j.file.Close()
		}
	}
	if err != nil {
		return nil, errors.Join(err, j.lock.Close())
	}
	j.sync = time.AfterFunc(time.Hour, j.syncNow)
	return j, nil
}

// load reads what is there, and mends its end.
func (j *Journal) load() error {
	in := bufio.NewReaderSize(j.file, 1<<18)
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read %s: %w", j.path, err)
		}
		if errors.Is(err, io.EOF) {
			return j.last(line)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			if err := j.note(line); err != nil {
				return fmt.Errorf("%s, line %d: %w; name another file with --out, or move this one away", j.path, number, err)
			}
		}
		j.end += int64(len(line))
	}
}

// last deals with what has no line feed: a line that is whole gets one, the beginning of one goes.
func (j *Journal) last(line []byte) error {
	if len(line) > 0 && json.Valid(line) {
		if err := j.note(line); err == nil {
			_, err := j.file.WriteAt([]byte("\n"), j.end+int64(len(line)))
			j.end += int64(len(line)) + 1
			return err
		}
	}
	if len(line) == 0 {
		return nil
	}
	if len(j.index) == 0 && !bytes.HasPrefix(line, []byte("{")) {
		return fmt.Errorf("%s is no journal of refrain batch; name another file with --out", j.path)
	}
	return j.file.Truncate(j.end)
}

// note takes a line that lies at the end into the index.
func (j *Journal) note(line []byte) error {
	m, err := j.mark(bytes.TrimSpace(line))
	if err != nil {
		return err
	}
	j.put(place{j.end, int32(len(line)), m})
	return nil
}

func (j *Journal) put(p place) {
	if _, there := j.index[p.Key]; there {
		j.replaced++
	}
	j.index[p.Key] = p
}

// Find gives the mark of the line in force for a key.
func (j *Journal) Find(k Key) (Mark, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	p, there := j.index[k]
	return p.Mark, there
}

// Len is how many lines are in force.
func (j *Journal) Len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.index)
}

// Read reads the line in force for a key, without its line feed.
func (j *Journal) Read(k Key) ([]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	p, there := j.index[k]
	if !there {
		return nil, errors.New("no such line")
	}
	return j.read(p)
}

func (j *Journal) read(p place) ([]byte, error) {
	line := make([]byte, p.length)
	if _, err := j.file.ReadAt(line, p.at); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", j.path, err)
	}
	return bytes.TrimSpace(line), nil
}

// Append adds lines, in one write and without line feeds of theirs. They are on disk a second later at
// the latest, or else with Close.
func (j *Journal) Append(lines ...[]byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err
	}
	var all []byte
	var places []place
	for _, line := range lines {
		m, err := j.mark(line)
		if err != nil {
			return err
		}
		places = append(places, place{j.end + int64(len(all)), int32(len(line)) + 1, m})
		all = append(append(all, line...), '\n')
	}
	if len(all) == 0 {
		return nil
	}
	if _, err := j.file.WriteAt(all, j.end); err != nil {
		return fmt.Errorf("write %s: %w", j.path, errors.Join(err, j.file.Truncate(j.end)))
	}
	j.end += int64(len(all))
	for _, p := range places {
		j.put(p)
	}
	j.sync.Reset(syncAfter)
	return nil
}

func (j *Journal) syncNow() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.file.Sync(); err != nil && j.err == nil {
		j.err = fmt.Errorf("write %s: %w", j.path, err)
	}
}

// Each gives all lines in force, in the order in which they were written.
func (j *Journal) Each(f func(line []byte) error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, p := range j.inOrder() {
		line, err := j.read(p)
		if err == nil {
			err = f(line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Close takes lines away that are no longer in force, and has all others on disk.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sync.Stop()
	err := j.err
	if err == nil {
		err = j.file.Sync()
	}
	if err == nil && j.replaced > 0 {
		err = j.compact()
	}
	return errors.Join(err, j.file.Close(), j.lock.Close())
}

// compact puts a file with the lines in force in place of the journal.
func (j *Journal) compact() (err error) {
	f, err := os.CreateTemp(filepath.Dir(j.path), filepath.Base(j.path)+".*")
	if err != nil {
		return fmt.Errorf("tidy %s: %w", j.path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("tidy %s: %w", j.path, err), f.Close(), os.Remove(f.Name()))
		}
	}()
	w := bufio.NewWriterSize(f, 1<<18)
	for _, p := range j.inOrder() {
		line, err := j.read(p)
		if err != nil {
			return err
		}
		_, _ = w.Write(line)  // Flush tells
		_ = w.WriteByte('\n') // as above
	}
	if err := errors.Join(w.Flush(), f.Sync()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), j.path); err != nil {
		return err
	}
	return f.Close()
}
