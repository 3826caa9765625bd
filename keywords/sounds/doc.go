// Package sounds knows how Chinese characters are read, without tones, and which
// syllables are easily taken for each other.
//
// The readings come from go-pinyin: see the head of gen/main.go.
package sounds
