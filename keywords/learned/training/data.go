package training

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/keywords/eval"
)

// RulesPart is the part by which the lexicon's rules were written.
const RulesPart = "rules.tsv"

// known are the parts whose authors knew the rules or where a model erred, everyday the
// beginning of the names of those that hold ordinary talk.
var known = []string{RulesPart, "traps.tsv"}

const everyday = "everyday"

// Load reads all parts in a folder, in order of their names, and tells the SHA-256 of them
// all in hex.
func Load(folder string) (parts []Part, data string, err error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.tsv"))
	if err != nil {
		return nil, "", err
	}
	if len(names) == 0 {
		return nil, "", fmt.Errorf("no *.tsv in %s: give the folder of the tuning parts", folder)
	}
	slices.Sort(names)
	sum := sha256.New()
	for _, name := range names {
		list, err := read(name, sum)
		if err != nil {
			return nil, "", err
		}
		base := filepath.Base(name)
		usual := strings.HasPrefix(base, everyday)
		parts = append(parts, Part{Name: base, List: list, Seen: usual ||
			slices.Contains(known, base), Everyday: usual})
	}
	return parts, hex.EncodeToString(sum.Sum(nil)), nil
}

func read(name string, sum io.Writer) ([]eval.Utterance, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	list, err := eval.Read(io.TeeReader(file, sum))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return list, nil
}
