package words

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"strconv"
)

//go:generate go run -tags generate ./gen

//go:embed zh.txt.gz
var packed []byte

// Count is the number of words that Each hands out.
const Count = 73591

// Each calls add with every word and its frequency, a count of 1 or more in the
// corpus that jieba's authors counted, until add returns an error. The words are in
// simplified characters and in order of code points.
func Each(add func(word string, frequency float64) error) error {
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return fmt.Errorf("unpack the embedded dictionary of words: %w", err)
	}
	lines := bufio.NewScanner(unpacked)
	for lines.Scan() {
		word, count, _ := bytes.Cut(lines.Bytes(), []byte{' '})
		frequency, err := strconv.Atoi(string(count))
		if err != nil {
			return fmt.Errorf("read the embedded dictionary of words at %q: %w", lines.Bytes(), err)
		}
		if err := add(string(word), float64(frequency)); err != nil {
			return fmt.Errorf("add %q from the embedded dictionary of words: %w", word, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("unpack the embedded dictionary of words: %w", err)
	}
	return nil
}
