//go:build generate

// Command gen writes zh.txt: for every syllable of Mandarin, without its tone, the
// characters that are read so first of all.
//
// Source: github.com/mozillazg/go-pinyin (MIT, Copyright (c) 2016 mozillazg), which
// takes its readings from the Unihan database.
package main

import (
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/mozillazg/go-pinyin"
)

// usual are the readings of characters whose first one in the source is not the one of
// everyday talk.
var usual = map[rune]string{'没': "mei", '卜': "bu", '着': "zhao", '了': "le", '不': "bu", '还': "hai", '都': "dou", '行': "xing", '得': "de", '地': "di"}

func main() {
	args := pinyin.NewArgs()
	args.Style = pinyin.Normal
	syllables := map[string][]rune{}
	for r := rune(0x4e00); r <= 0x9fa5; r++ {
		readings := pinyin.SinglePinyin(r, args)
		if len(readings) == 0 || readings[0] == "" {
			continue
		}
		syllable := readings[0]
		if s, ok := usual[r]; ok {
			syllable = s
		}
		syllables[syllable] = append(syllables[syllable], r)
	}
	var out strings.Builder
	for _, syllable := range slices.Sorted(maps.Keys(syllables)) {
		fmt.Fprintf(&out, "%s %s\n", syllable, string(syllables[syllable]))
	}
	if err := os.WriteFile("zh.txt", []byte(out.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}
