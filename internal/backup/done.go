package backup

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// DoneFile is the file in a data directory whose time says when the last backup of it was made.
const DoneFile = "last-backup"

// NoteDone says in the data directory that a backup of it has just been made, so that whoever watches
// its server hears when backups stop.
func NoteDone(data string, now time.Time) error {
	path := filepath.Join(data, DoneFile)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("note that a backup was made: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("note that a backup was made: %w", err)
	}
	return os.Chtimes(path, now, now)
}
