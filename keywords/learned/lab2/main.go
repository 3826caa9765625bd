package main

import (
	"fmt"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

func main() {
	fmt.Println("text\tlabel\tclass\tkind")
	seen := map[string]bool{}
	lex := lexicon.Default()
	for _, c := range lex.Classes {
		for _, p := range c.Phrases {
			t := p.Pattern.Example()
			if p.Weight < 0.6 || seen[t] {
				continue
			}
			seen[t] = true
			fmt.Printf("%s\trefusal\t%s\tplain\n", t, c.ID)
		}
	}
	for _, c := range lex.Compounds {
		if !seen[c.Text] {
			fmt.Printf("%s\tother\t\tsetphrase\n", c.Text)
		}
		seen[c.Text] = true
	}
}
