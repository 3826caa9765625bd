package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/atomicfile"
)

// Space is how a file system is. Sizes are in bytes.
type Space struct {
	// Free is what this process may use of Size.
	Free, Size int64
	// FreeFiles is how many of Files (inodes) are left. Both are 0 where there is no limit.
	FreeFiles, Files int64
	ReadOnly         bool
}

// What is kept in reserve where nobody says it: a share of the disk, and at most so much.
const (
	share       = 20 // a twentieth
	mostReserve = 1 << 30
	mostBallast = 64 << 20
	mostFiles   = 1024
)

// BySize has an amount go by the size of the disk: a twentieth, and at most 1 GiB for the reserve
// and 64 MiB for the ballast.
const BySize = -1

// Options say what to keep in reserve. Dir and Logger are required.
type Options struct {
	// Dir is the directory whose disk it is, and where the ballast lies.
	Dir string
	// Reserve is how many bytes audio must leave free, and Ballast how large the ballast is, 0 for
	// none; or below 0 BySize.
	Reserve, Ballast int64
	// SpaceOf is asked for the space; nil for the file system.
	SpaceOf func(dir string) (Space, error)
	Logger  *slog.Logger
}

// Reserve keeps space on a disk. It is safe for concurrent use.
type Reserve struct {
	o       Options
	ballast string

	mu sync.Mutex
	// claimed are bytes that uploads are writing at the moment.
	claimed int64
	// has tells that the ballast is there, full that uploads are refused.
	has, full bool
	// making tells that the ballast is being made, and needed that its room was needed meanwhile.
	making, needed bool
}

// BallastFile is the ballast's name.
const BallastFile = "ballast"

// Open begins to keep space. A disk that is full is no error: the ballast is given up, which may
// be what lets a server start. There is none before the first Look.
func Open(o Options) *Reserve {
	if o.SpaceOf == nil {
		o.SpaceOf = SpaceOf
	}
	r := &Reserve{o: o, ballast: filepath.Join(o.Dir, BallastFile)}
	info, err := os.Stat(r.ballast)
	r.has = err == nil && info.Size() > 0
	r.Lighten()
	return r
}

// kept is how many bytes audio leaves free, and how many files.
func (r *Reserve) kept(s Space) (bytes, files int64) {
	bytes = r.o.Reserve
	if bytes < 0 {
		bytes = min(mostReserve, s.Size/share)
	}
	return bytes, min(mostFiles, s.Files/share)
}

func (r *Reserve) ballastSize(s Space) int64 {
	if r.o.Ballast < 0 {
		return min(mostBallast, s.Size/share)
	}
	return r.o.Ballast
}

// Look gives the ballast up where the disk is as good as full, and makes it again where there
// is room. It is to be called now and then.
func (r *Reserve) Look() {
	s, err := r.o.SpaceOf(r.o.Dir)
	if err != nil { // there is nothing to go by
		return
	}
	if r.look(s) {
		r.load(r.ballastSize(s))
	}
}

// look gives the ballast up where there is no room for it, and tells whether to make it. It must
// leave more than what it would be given up at, or it came and went in turns.
func (r *Reserve) look(s Space) (load bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(r.room(s, 0))
	r.lighten(s)
	keep, _ := r.kept(s)
	size := r.ballastSize(s)
	if r.has || r.making || size <= 0 || s.ReadOnly || s.Free-size < max(keep, size) {
		return false
	}
	r.making, r.needed = true, false
	return true
}

// Lighten gives the ballast up where the disk is as good as full. It is quick, and to be called
// before something is written that must not fail.
func (r *Reserve) Lighten() {
	s, err := r.o.SpaceOf(r.o.Dir)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lighten(s)
}

// lighten is Lighten, to be called with the lock.
func (r *Reserve) lighten(s Space) {
	if s.Free < r.ballastSize(s)/2 {
		r.giveUp()
	}
}

// GiveUp gives the ballast up whatever the file system says of its space, since somebody could
// not write. A quota is such a case.
func (r *Reserve) GiveUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.giveUp()
}

func (r *Reserve) giveUp() {
	r.needed = true
	if !r.has {
		return
	}
	if err := os.Remove(r.ballast); err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.o.Logger.Error("the disk is full, and the ballast could not be removed", "error", err)
		return
	}
	r.has = false
	r.o.Logger.Error("the disk is full: the ballast was given up, so that decisions, reports and "+
		"reservations go on for a while; free space", "directory", r.o.Dir)
}

// load makes the ballast, which takes a while in which nobody is kept waiting. Where it can't be
// had, or its room is needed meanwhile, it is tried again with the next Look.
func (r *Reserve) load(size int64) {
	f, err := atomicfile.Create(r.o.Dir, BallastFile+".*.tmp", 0o600)
	if err == nil {
		defer f.Discard()
		if err = allocate(f.File, size); err == nil {
			err = f.Sync() // before the lock: it is what takes long
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.making = false
	if err == nil && !r.needed {
		r.has = f.Commit(r.ballast) == nil
	}
}

func writeZeros(f *os.File, size int64) error {
	for block := make([]byte, 1<<16); size > 0; size -= int64(len(block)) {
		if _, err := f.Write(block[:min(size, int64(len(block)))]); err != nil {
			return err
		}
	}
	return nil
}

// room is why so many bytes of audio more can't be taken, nil where they can.
func (r *Reserve) room(s Space, bytes int64) error {
	keep, files := r.kept(s)
	free := s.Free - r.claimed
	if !r.has { // what it gave up is not for audio
		free -= r.ballastSize(s)
	}
	switch {
	case s.ReadOnly:
		return ReadOnly(nil)
	case free-bytes < keep:
		return fullFault(fault.Exhausted, fmt.Sprintf("%s are free, and the last %s are kept for decisions, "+
			"reports and reservations", mib(s.Free), mib(keep+r.ballastSize(s))), nil)
	case s.Files > 0 && s.FreeFiles < max(files, 1):
		return fullFault(fault.Exhausted, fmt.Sprintf("it can take no more files: %d of %d are left (inodes)",
			s.FreeFiles, s.Files), nil)
	}
	return nil
}

func mib(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(max(bytes, 0))/(1<<20)) }

// Take takes room for so many bytes of audio, which are about to be written; done is to be
// called once they are. The error is a fault of the kind Exhausted, with the reason DISK_FULL.
func (r *Reserve) Take(bytes int64) (done func(), err error) {
	s, err := r.o.SpaceOf(r.o.Dir)
	if err != nil { // to write will tell
		return func() {}, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	err = r.room(s, bytes)
	r.note(err)
	if err != nil {
		return nil, err
	}
	r.claimed += bytes
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.claimed -= bytes
	}, nil
}

// Spare says why so many bytes more can't be written that can wait for a disk with room, nil where they
// can: the reserve is not for them.
func (r *Reserve) Spare(bytes int64) error {
	s, err := r.o.SpaceOf(r.o.Dir)
	if err != nil { // to write will tell
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.room(s, bytes)
}

// note logs when audio begins to be refused, and when it is taken again.
func (r *Reserve) note(err error) {
	if r.full == (err != nil) {
		return
	}
	r.full = err != nil
	if err != nil {
		r.o.Logger.Error("no audio is taken", "error", err, "directory", r.o.Dir)
		return
	}
	r.o.Logger.Info("there is room again, and audio is taken", "directory", r.o.Dir)
}

// Full is why no audio can be taken, nil where it can.
func (r *Reserve) Full() error {
	s, err := r.o.SpaceOf(r.o.Dir)
	if err != nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.room(s, 0)
}

// Short tells that there may be no room for anything: the ballast is given up, or nothing can
// be written.
func (r *Reserve) Short() bool {
	s, err := r.o.SpaceOf(r.o.Dir)
	r.mu.Lock()
	defer r.mu.Unlock()
	return err == nil && (s.ReadOnly || !r.has && s.Free < r.ballastSize(s)/2)
}
