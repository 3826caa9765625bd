package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/refrain-asr/refrain/internal/atomicfile"
)

// Say writes what the directory is, where that is not what it says already.
func (f Facts) Say(s State) error {
	if f.State != nil && f.State.ID == s.ID {
		s.Made, s.Bucket = f.State.Made, f.State.Bucket
	}
	if f.State != nil && *f.State == s {
		return nil
	}
	return WriteState(f.Dir, s)
}

// SetAside gives what belonged to a database that is lost other names, so that a new one can
// be made, and deletes nothing. The key stays: the lost database may be found again.
func (f Facts) SetAside(now time.Time) error {
	suffix := ".lost-" + now.UTC().Format("20060102T150405Z")
	for _, name := range []string{WALFile, DBFile + "-shm", HeadFile, StateFile} {
		if !f.NoDatabase() && name != HeadFile && name != StateFile {
			continue
		}
		err := os.Rename(f.Path(name), f.Path(name+suffix))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("set aside what belongs to a lost database: %w", err)
		}
	}
	return atomicfile.SyncDir(f.Dir)
}
