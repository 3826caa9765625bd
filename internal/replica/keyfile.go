package replica

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/atomicfile"
)

// keyMark begins each line of the file with the keys by which numbers get their names.
const keyMark = "refrain-name-key "

// readKeys reads the file with the keys by which numbers get their names, nil where there is none.
func readKeys(path string) (*freeze.Names, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there is none
	}
	if err == nil {
		err = checkPrivate(path)
	}
	if err != nil {
		return nil, err
	}
	names, err := parseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return names, nil
}

// parseKeys reads what formatKeys wrote. Its errors tell nothing of it.
func parseKeys(text []byte) (*freeze.Names, error) {
	var keys [][]byte
	for line := range strings.Lines(string(text)) {
		digits, ok := strings.CutPrefix(strings.TrimSpace(line), keyMark)
		key, err := hex.DecodeString(digits)
		if !ok || err != nil {
			return nil, errors.New("it is no file of keys that name numbers: remove it, and the server tells them anew")
		}
		keys = append(keys, key)
	}
	return freeze.NewNames(keys...)
}

func formatKeys(names *freeze.Names) []byte {
	var b bytes.Buffer
	for _, key := range names.Keys() {
		b.WriteString(keyMark + hex.EncodeToString(key) + "\n")
	}
	return b.Bytes()
}

// writeKeys writes the file, readable by its owner only.
func writeKeys(path string, names *freeze.Names) error {
	f, err := atomicfile.Create(filepath.Dir(path), ".name-keys-*", 0o600)
	if err != nil {
		return fmt.Errorf("keep the keys that name numbers: %w", err)
	}
	if _, err := f.Write(formatKeys(names)); err != nil {
		f.Discard()
		return fmt.Errorf("keep the keys that name numbers: %w", err)
	}
	return f.Commit(path)
}
