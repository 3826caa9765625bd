package learn

import (
	"regexp"
	"slices"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// feature is what an item of a correction speaks of.
type feature struct {
	kind lexicon.ItemKind
	text string
}

// featuresOf are those of a passage, each once.
func featuresOf(d keywords.Described) map[feature]bool {
	all := map[feature]bool{{lexicon.Length, lexicon.LengthOf(d.Length)}: true}
	for _, stretch := range d.Runs {
		runs([]rune(stretch), func(run string) { all[feature{lexicon.Run, run}] = true })
	}
	for _, phrase := range d.Phrases {
		all[feature{lexicon.OfPhrase, phrase}] = true
	}
	for _, class := range d.Classes {
		all[feature{lexicon.OfClass, string(class)}] = true
	}
	if len(d.Phrases) == 0 {
		all[feature{lexicon.Unnamed, ""}] = true
	}
	return all
}

// numeral is what may be a part of somebody's number: nothing of that is kept.
var numeral = regexp.MustCompile(`\p{Nd}|[零〇一二三四五六七八九幺两]{2}`)

func runs(text []rune, visit func(run string)) {
	for start := range text {
		for end := start + lexicon.ShortestRun; end <= min(len(text),
			start+lexicon.LongestRun); end++ {
			if run := string(text[start:end]); !numeral.MatchString(run) {
				visit(run)
			}
		}
	}
}

// count is in how many passages of confirmed and of dismissed suspects a feature stands, and in
// how many sentences of the lexicon.
type count struct{ confirmed, dismissed, taught int }

func (c count) all() int { return c.confirmed + c.dismissed + c.taught }

// counted counts the features of passages.
func counted(list []passage) map[feature]count {
	counts := map[feature]count{}
	for _, p := range list {
		for f := range p.features {
			c := counts[f]
			switch {
			case p.taught:
				c.taught++
			case p.yes:
				c.confirmed++
			default:
				c.dismissed++
			}
			counts[f] = c
		}
	}
	return counts
}

// leastSeen is in how many passages a feature must stand to be looked at.
const leastSeen = 2

// worth are the features to look at, in an order that is always the same. Of runs that stand in
// the same passages as a longer one only the longer is kept.
func worth(counts map[feature]count) []feature {
	covered := map[feature]bool{}
	for f, c := range counts {
		text := []rune(f.text)
		if f.kind != lexicon.Run || len(text) == lexicon.ShortestRun || c.all() < leastSeen {
			continue
		}
		for _, shorter := range []string{string(text[1:]), string(text[:len(text)-1])} {
			if part := (feature{lexicon.Run, shorter}); counts[part] == c {
				covered[part] = true
			}
		}
	}
	var list []feature
	for f, c := range counts {
		if c.all() >= leastSeen && !covered[f] {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, byName)
	return list
}
