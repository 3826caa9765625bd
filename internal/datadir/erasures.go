package datadir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/refrain-asr/refrain/internal/atomicfile"
	"github.com/refrain-asr/refrain/retention"
)

// ErasuresFile tells which people were erased, by the keyed hashes of their numbers, a line each:
// beside the database, so that an older one that is put back learns of them.
const ErasuresFile = "erasures.log"

// Erasures is a data directory's ErasuresFile. It implements retention.Journal; one goroutine at a time
// may use it.
type Erasures struct {
	Dir string
	// Damaged is told of lines that can't be read, which are passed over; nil makes them an error.
	Damaged func(error)
}

// Append implements retention.Journal.
func (e Erasures) Append(erasure retention.Erasure) error {
	line, err := json.Marshal(erasure)
	if err != nil {
		return err
	}
	name := filepath.Join(e.Dir, ErasuresFile)
	old, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(old) > 0 && old[len(old)-1] != '\n' { // a line that is damaged must not damage the next
		old = append(old, '\n')
	}
	return atomicfile.Write(name, append(old, append(line, '\n')...), 0o600)
}

// Erasures implements retention.Journal.
func (e Erasures) Erasures() ([]retention.Erasure, error) {
	return ReadErasures(filepath.Join(e.Dir, ErasuresFile), e.Damaged)
}

// ReadErasures reads a file of erasures; none where there is no file. Damaged is told of lines that can't be
// read, which are passed over; nil makes them an error.
func ReadErasures(name string, damaged func(error)) ([]retention.Erasure, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read which people were erased: %w", err)
	}
	var all []retention.Erasure
	for n, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var erasure retention.Erasure
		if err := json.Unmarshal(line, &erasure); err != nil || erasure.ID == "" || erasure.Name == "" {
			err := fmt.Errorf("line %d of %s is damaged; take the file from a newer backup, or the "+
				"line's erasure from its certificate", n+1, name)
			if damaged == nil {
				return nil, err
			}
			damaged(err)
			continue
		}
		all = append(all, erasure)
	}
	return all, nil
}

// MergeErasures adds to a data directory those of the erasures that it doesn't know yet, and tells of how
// many people these are: one may have been erased several times. Lines there that are damaged stay.
func MergeErasures(dir string, erasures []retention.Erasure) (people int, err error) {
	to := Erasures{Dir: dir, Damaged: func(error) {}}
	have, err := to.Erasures()
	if err != nil {
		return 0, err
	}
	known, added := map[string]bool{}, map[string]bool{}
	for _, e := range have {
		known[e.ID] = true
	}
	for _, e := range erasures {
		if known[e.ID] {
			continue
		}
		if err := to.Append(e); err != nil {
			return len(added), err
		}
		known[e.ID], added[e.Name] = true, true
	}
	return len(added), nil
}
