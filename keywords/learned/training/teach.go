package training

import (
	"math/rand/v2"
	"slices"

	"github.com/refrain-asr/refrain/keywords/eval"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// teach makes refusals of the lexicon's phrases.
func (t *Trainer) teach(lex *lexicon.Lexicon, random *rand.Rand) []weighted {
	var list []weighted
	for _, class := range lex.Classes {
		if class.Track == lexicon.TrackAgent || !slices.Contains(t.classes, class.ID) {
			continue
		}
		for _, phrase := range class.Phrases {
			list = append(list, t.taughtBy(class.ID, phrase, random)...)
		}
	}
	return list
}

// taughtBy are wordings of a phrase that ordinary talk seldom has, and its sentences.
func (t *Trainer) taughtBy(class string, phrase lexicon.Phrase, random *rand.Rand) []weighted {
	var list []weighted
	if t.talk.Phrases[phrase.Text] <= rareInOrdinary {
		for range wordings {
			text := dressed(random, wording(random, phrase.Pattern))
			list = append(list, weighted{eval.Utterance{Text: text, Refusal: true, Class: class},
				phraseWeight})
		}
	}
	for _, sentence := range phrase.Finds {
		list = append(list, weighted{eval.Utterance{Text: sentence.Text, Refusal: true,
			Class: class}, refusalWeight})
	}
	for _, sentence := range phrase.Skips {
		list = append(list, weighted{eval.Utterance{Text: sentence.Text}, otherWeight})
	}
	return list
}

// measured are the phrases of lex whose weight was measured by ordinary talk.
func measured(lex *lexicon.Lexicon) map[string]bool {
	list := map[string]bool{}
	for _, class := range lex.Classes {
		for _, phrase := range class.Phrases {
			list[phrase.Text] = phrase.Count != nil
		}
	}
	return list
}

// discount is by how much a hit of the phrase counts less since ordinary talk has it too.
func (t *Trainer) discount(phrase string) float64 {
	if t.measured[phrase] {
		return 0
	}
	return t.talk.Discount(phrase)
}

// classes are those of lex that some utterance has.
func classes(lex *lexicon.Lexicon, parts []Part) []string {
	said := map[string]bool{}
	for _, part := range parts {
		for _, u := range part.List {
			said[u.Class] = true
		}
	}
	var list []string
	for _, class := range lex.Classes {
		if said[class.ID] {
			list = append(list, class.ID)
		}
	}
	return list
}
