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

// State is what a directory says of itself, beside its database.
type State struct {
	// ID is the directory's, which its database knows, too.
	ID string `json:"id"`
	// Key names the key that the ledger is sealed with; see freeze.Keys.
	Key string `json:"key"`
	// Schema is the version of the database's tables.
	Schema int64 `json:"schema"`
	// Made is when the directory was made, or first said what it is.
	Made time.Time `json:"made"`
	// Revived is when the backup was made that the directory was restored from, with the keys and people of
	// then, until a server has told of that; zero where none was, or they are later ones.
	Revived time.Time `json:"revived,omitzero"`
	// Bucket is the id of the bucket that audio lies in; "" where it lies in the directory.
	Bucket string `json:"bucket,omitempty"`
}

// ReadState reads what the directory says of itself; nil where it says nothing.
func ReadState(dir string) (*State, error) {
	name := filepath.Join(dir, StateFile)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // a directory of old says nothing
	}
	if err != nil {
		return nil, fmt.Errorf("read what the data directory is: %w", err)
	}
	s, err := parseState(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: restore it from a backup, or move it away if "+
			"you know that the database and the key beside it belong together", name, err)
	}
	return s, nil
}

func parseState(text []byte) (*State, error) {
	var s State
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	if s.ID == "" || s.Key == "" {
		return nil, errors.New("it names no directory or no key")
	}
	return &s, nil
}

// NoteBucket notes in what bucket the directory's audio lies, "" for in none.
func NoteBucket(dir, id string) error {
	s, err := ReadState(dir)
	if err != nil || s == nil || s.Bucket == id {
		return err
	}
	s.Bucket = id
	return WriteState(dir, *s)
}

// WriteState writes what the directory says of itself.
func WriteState(dir string, s State) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	err = atomicfile.Write(filepath.Join(dir, StateFile), append(text, '\n'), 0o600)
	if err != nil {
		return fmt.Errorf("write what the data directory is: %w", err)
	}
	return nil
}
