package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/refrain-asr/refrain/internal/atomicfile"
)

// MovedFile tells that what a directory keeps was moved elsewhere.
const MovedFile = "moved.json"

// Moved is where what a directory kept was moved.
type Moved struct {
	// Database and Directory name the database, and the data directory beside it.
	Database  string    `json:"database"`
	Directory string    `json:"directory"`
	At        time.Time `json:"at"`
}

// ReadMoved reads where a directory's contents were moved, nil where they were not.
func ReadMoved(dir string) (*Moved, error) {
	name := filepath.Join(dir, MovedFile)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // it was not moved
	}
	if err != nil {
		return nil, fmt.Errorf("read whether the data directory was moved: %w", err)
	}
	var m Moved
	if err := json.Unmarshal(text, &m); err != nil { // whatever it says, somebody put it there
		m = Moved{Database: "an unknown database (" + MovedFile + " is damaged)", Directory: "an unknown directory"}
	}
	return &m, nil
}

// MarkMoved has no server start on a directory any more, unless it is meant so.
func MarkMoved(dir string, m Moved) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := atomicfile.Write(filepath.Join(dir, MovedFile), append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("mark the data directory as moved: %w", err)
	}
	return nil
}

// UnmarkMoved lets servers start on a directory again.
func UnmarkMoved(dir string) error {
	err := os.Remove(filepath.Join(dir, MovedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, atomicfile.SyncDir(dir))
}

// moved refuses a directory whose contents go on elsewhere.
func (f Facts) moved() []Finding {
	if f.Moved == nil {
		return nil
	}
	when := ""
	if !f.Moved.At.IsZero() {
		when = " at " + f.Moved.At.UTC().Format(time.RFC3339)
	}
	return []Finding{{MovedAway, fmt.Sprintf("what %s keeps was moved%s to the database %s, with the data directory %s, and goes on "+
		"there: what is frozen there from now on would not be known here. Start the server with that database (database.url) "+
		"and directory", f.Dir, when, f.Moved.Database, f.Moved.Directory),
		"the directory is used on as it was before it was moved, and what came to the database since is not in it; start no " +
			"server on that database then"}}
}
