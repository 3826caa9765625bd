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

// readKeys reads the file with the keys by which numbers get their names, none where there is no file. It has those of
// two snapshots where a gate died, or could not write, while one took the other's place: the snapshot tells which
// are its own.
func readKeys(path string) ([]*freeze.Names, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = checkPrivate(path)
	}
	if err != nil {
		return nil, err
	}
	all, err := parseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

// parseKeys reads what formatKeys wrote. Its errors tell nothing of it.
func parseKeys(text []byte) (all []*freeze.Names, err error) {
	for part := range strings.SplitSeq(string(text), "\n\n") {
		var keys [][]byte
		for line := range strings.Lines(part) {
			digits, ok := strings.CutPrefix(strings.TrimSpace(line), keyMark)
			key, err := hex.DecodeString(digits)
			if !ok || err != nil {
				return nil, errors.New("it is no file of keys that name numbers: remove it, and the server tells them anew")
			}
			keys = append(keys, key)
		}
		names, err := freeze.NewNames(keys...)
		if err != nil {
			return nil, err
		}
		all = append(all, names)
	}
	return all, nil
}

func formatKeys(all ...*freeze.Names) []byte {
	var b bytes.Buffer
	for i, names := range all {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, key := range names.Keys() {
			b.WriteString(keyMark + hex.EncodeToString(key) + "\n")
		}
	}
	return b.Bytes()
}

// writeKeys writes the file, readable by its owner only.
func writeKeys(path string, all ...*freeze.Names) error {
	f, err := atomicfile.Create(filepath.Dir(path), ".name-keys-*", 0o600)
	if err != nil {
		return fmt.Errorf("keep the keys that name numbers: %w", err)
	}
	if _, err := f.Write(formatKeys(all...)); err != nil {
		f.Discard()
		return fmt.Errorf("keep the keys that name numbers: %w", err)
	}
	return f.Commit(path)
}
