package batch

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/cli/output"
)

// Failure is a recording that could not be used, as JSON.
type Failure struct {
	File   string  `json:"file"`
	Member *string `json:"member"`
	// Kind is what is wrong in a word: that of the audio, or unreadable or speech.
	Kind  string `json:"kind"`
	Error string `json:"error"`
}

func newFailure(c *call) Failure {
	return Failure{c.told.File, output.OrNull(c.told.Member), kindOf(c.err), c.err.Error()}
}

func kindOf(err error) string {
	if bad, ok := errors.AsType[*audio.Error](err); ok {
		return string(bad.Kind)
	}
	if errors.Is(err, errOnlyAgent) {
		return "only_agent"
	}
	if errors.Is(err, asr.ErrDied) {
		return "speech"
	}
	return "unreadable"
}

// errorFile holds the failures of the last run. It is begun with the first one.
type errorFile struct {
	path string
	mu   sync.Mutex
	file *os.File
}

// newErrorFile takes those of an earlier run away: they are tried again.
func newErrorFile(path string) (*errorFile, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("the file of errors: %w", err)
	}
	return &errorFile{path: path}, nil
}

func (e *errorFile) add(c *call) (err error) {
	line, err := json.Marshal(newFailure(c))
	if err != nil {
		return fmt.Errorf("the file of errors: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.file == nil {
		if e.file, err = os.OpenFile(e.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
			return fmt.Errorf("the file of errors: %w", err)
		}
	}
	if _, err := e.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write %s: %w", e.path, err)
	}
	return nil
}

func (e *errorFile) close() error {
	if e.file == nil {
		return nil
	}
	return errors.Join(e.file.Sync(), e.file.Close())
}
