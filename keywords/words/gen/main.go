//go:build generate

// Command gen cuts gse's dictionary of simplified Chinese down to the words that a
// telephone call needs, and writes them to zh.txt.gz in the current folder.
//
// Source: data/dict/zh/s_1.txt of github.com/go-ego/gse (Apache-2.0), which builds on
// the dictionary of jieba (MIT, Copyright (c) 2013 Sun Junyi).
//
// Kept are words of one to four Chinese characters that occur often enough. Idioms of
// four must occur more often, since few are said on the telephone, and names of people
// and places far more often, because a rare name does more harm than good at a
// boundary.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	leastSingle = 5
	leastWord   = 15
	leastIdiom  = 30
	leastName   = 100
	longestWord = 4
)

func main() {
	counts, err := read(source())
	if err != nil {
		log.Fatal(err)
	}
	raiseSingles(counts)
	if err := os.WriteFile("zh.txt.gz", pack(counts), 0o644); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d words\n", len(counts))
}

// source is the dictionary in the module of gse, which the program itself doesn't use.
func source() string {
	out, err := exec.Command("go", "mod", "download", "-json", "github.com/go-ego/gse@v0.80.3").Output()
	var module struct{ Dir string }
	if err == nil {
		err = json.Unmarshal(out, &module)
	}
	if err != nil {
		log.Fatalf("fetch the module of gse: %v", err)
	}
	return filepath.Join(module.Dir, "data", "dict", "zh", "s_1.txt")
}

func read(path string) (map[string]int, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	counts := map[string]int{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		count, err := strconv.Atoi(fields[1])
		if err != nil || !wanted(fields[0], count, fields[2:]) {
			continue
		}
		counts[fields[0]] = max(counts[fields[0]], count)
	}
	return counts, lines.Err()
}

func wanted(word string, count int, kind []string) bool {
	length := utf8.RuneCountInString(word)
	if length > longestWord || strings.ContainsFunc(word, func(r rune) bool { return !unicode.Is(unicode.Han, r) }) {
		return false
	}
	switch {
	case length == 1:
		return true // raiseSingles decides
	case len(kind) > 0 && isName(kind[0]):
		return count >= leastName
	case length == longestWord:
		return count >= leastIdiom
	}
	return count >= leastWord
}

func isName(kind string) bool {
	switch kind {
	case "nr", "nrt", "nrfg", "ns", "nt", "nz":
		return true
	}
	return false
}

// raiseSingles mends the single characters whose count in the source is a placeholder
// (没 stands there with 4): a character counts at least a tenth of the words it is in.
// Characters that are rare even so are left out.
func raiseSingles(counts map[string]int) {
	within := map[string]int{}
	for word, count := range counts {
		if utf8.RuneCountInString(word) > 1 {
			for _, r := range word {
				within[string(r)] += count
			}
		}
	}
	for single, count := range within {
		counts[single] = max(counts[single], count/10)
	}
	for word, count := range counts {
		if utf8.RuneCountInString(word) == 1 && count < leastSingle {
			delete(counts, word)
		}
	}
}

func pack(counts map[string]int) []byte {
	words := make([]string, 0, len(counts))
	for word := range counts {
		words = append(words, word)
	}
	sort.Strings(words)
	var out bytes.Buffer
	packer, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		log.Fatal(err)
	}
	for _, word := range words {
		fmt.Fprintf(io.Writer(packer), "%s %d\n", word, counts[word])
	}
	if err := packer.Close(); err != nil {
		log.Fatal(err)
	}
	return out.Bytes()
}
