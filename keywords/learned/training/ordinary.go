package training

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// Ordinary is talk in which nobody refuses, an utterance a line.
type Ordinary struct {
	Lines []string
	// Data is the SHA-256, in hex, of its files.
	Data string
}

// LoadOrdinary reads all *.txt files of a folder, in order of their names. It fails where
// there are none.
func LoadOrdinary(folder string) (o Ordinary, err error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil {
		return o, err
	}
	if len(names) == 0 {
		return o, fmt.Errorf("no *.txt in the folder %q: a model needs ordinary talk, an "+
			"utterance a line, to know what is no refusal; "+
			"keywords/testdata/labelled/README.md says where such talk is to be had", folder)
	}
	slices.Sort(names)
	sum := sha256.New()
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return o, err
		}
		sum.Write(text)
		lines := bufio.NewScanner(strings.NewReader(string(text)))
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if line := strings.TrimSpace(lines.Text()); line != "" {
				o.Lines = append(o.Lines, line)
			}
		}
		if err := lines.Err(); err != nil {
			return o, fmt.Errorf("read %s: %w", name, err)
		}
	}
	o.Data = hex.EncodeToString(sum.Sum(nil))
	return o, nil
}

// longestPiece is up to how many characters a line is learned from as a whole: on the telephone
// people say little at once.
const longestPiece = 40

// pieces are what is learned from a line: all of it, or of a long one some clauses in a row, and
// one clause alone.
func pieces(random *rand.Rand, text string) []string {
	clauses := strings.FieldsFunc(text,
		func(r rune) bool { return strings.ContainsRune("，。！？；,.!?;~…\u3000 ", r) })
	if len(clauses) < 2 {
		return []string{text}
	}
	alone := clauses[random.IntN(len(clauses))]
	if utf8.RuneCountInString(text) <= longestPiece {
		return []string{text, alone}
	}
	from := random.IntN(len(clauses))
	row := clauses[from]
	for _, clause := range clauses[from+1:] {
		if utf8.RuneCountInString(row)+utf8.RuneCountInString(clause) >= longestPiece {
			break
		}
		row += "，" + clause
	}
	return []string{row, alone}
}
