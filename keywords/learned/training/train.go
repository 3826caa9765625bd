package training

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/eval"
	"github.com/refrain-asr/refrain/keywords/learned"
)

// Part is a file of labelled utterances by one hand.
type Part struct {
	Name string
	List []eval.Utterance
	// Seen says that whoever wrote these utterances knew the rules, or the rules were
	// written by them: what is found here says nothing about how far it can be trusted.
	Seen bool
	// Everyday says that it holds ordinary talk, of which there is far more in calls than
	// in the other parts, which were made to be hard.
	Everyday bool
}

// What was chosen by cross-validation.
const (
	penalty      = 0.8 // on the squares of the weights for a refusal
	classPenalty = 1.0
	// A feature must stand in so many labelled lines, or in so many lines at all.
	leastLabelled = 2
	leastOverall  = 8
	// How much a line counts: a labelled refusal, another labelled utterance, one of a
	// part of ordinary talk, an unlabelled line of it, and a wording of a phrase.
	refusalWeight  = 2.5
	otherWeight    = 1.0
	everydayWeight = 6.0
	ordinaryWeight = 0.3
	phraseWeight   = 0.25
	// The lexicon teaches by so many wordings of each phrase that ordinary talk has at most
	// rareInOrdinary times.
	wordings       = 12
	rareInOrdinary = 30
)

// line is a passage made ready.
type line struct {
	eval.Utterance
	keywords.Example
	features []feature
	weight   float64
	misheard bool // as a recogniser might, or did
}

// Trainer trains models from labelled parts and ordinary talk.
type Trainer struct {
	parts    []Part
	classes  []string // what refusals mean, as the judge's lexicon orders them
	lines    [][]line // of the parts
	ordinary []line
	wordings []line
	talk     learned.Ordinary
	measured map[string]bool // phrases whose weight the lexicon has measured
	counts   *counts
	names    []uint64 // of the features, by index
	index    map[uint64]int32
}

// New reads the parts and ordinary talk as judge does, and learns from heard how recognisers
// mishear; without it nothing is misheard.
func New(judge *keywords.Judge, parts []Part, ordinary Ordinary, heard []Heard) (*Trainer, error) {
	t := &Trainer{parts: parts, classes: classes(judge.Lexicon(), parts),
		counts: newCounts(len(ordinary.Lines)), index: map[uint64]int32{}}
	t.talk = learned.Ordinary{Data: ordinary.Data, Lines: len(ordinary.Lines),
		Phrases: phrases(judge, ordinary.Lines)}
	t.measured = measured(judge.Lexicon())
	random := rand.New(rand.NewPCG(1, 2))
	e := newEars(heard, ordinary.Lines)
	for _, part := range parts {
		lines, err := labelled(judge, part)
		if err != nil {
			return nil, err
		}
		t.lines = append(t.lines, slices.Concat(lines, e.heard(judge, part),
			e.misheard(judge, part, random)))
	}
	t.ordinary = e.ordinary(judge, ordinary, random)
	t.wordings = slices.Concat(passages(judge, t.teach(judge.Lexicon(), random))...)
	t.countFeatures()
	t.readFeatures()
	return t, nil
}

// weighted is an utterance and how much it counts.
type weighted struct {
	eval.Utterance
	weight float64
}

// weight is how much an utterance of the part counts.
func (p Part) weight(u eval.Utterance) float64 {
	switch {
	case u.Refusal:
		return refusalWeight
	case p.Everyday:
		return everydayWeight
	}
	return otherWeight
}

// labelled makes the utterances of a part ready.
func labelled(judge *keywords.Judge, part Part) ([]line, error) {
	texts := make([]weighted, len(part.List))
	for i, u := range part.List {
		texts[i] = weighted{u, part.weight(u)}
	}
	var list []line
	for i, found := range passages(judge, texts) {
		if len(found) > 1 {
			return nil, fmt.Errorf("utterance %q of %s has %d passages; give one, of up to 60 "+
				"characters", texts[i].Text, part.Name, len(found))
		}
		list = append(list, found...) // none where it has nothing but fillers
	}
	return list, nil
}

// passages are those of each text, made ready.
func passages(judge *keywords.Judge, texts []weighted) [][]line {
	list := make([][]line, len(texts))
	share(len(texts), func(i int) {
		for _, e := range judge.Examples(texts[i].Text) {
			list[i] = append(list[i], line{Utterance: texts[i].Utterance, Example: e,
				weight: texts[i].weight})
		}
	})
	return list
}

// phrases counts in how many lines each phrase has a hit that counts.
func phrases(judge *keywords.Judge, lines []string) map[string]int {
	found := make([]map[string]bool, len(lines))
	share(len(lines), func(i int) {
		for _, e := range judge.Examples(lines[i]) {
			for phrase := range e.Phrases {
				if found[i] == nil {
					found[i] = map[string]bool{}
				}
				found[i][phrase] = true
			}
		}
	})
	counts := map[string]int{}
	for _, phrases := range found {
		for phrase := range phrases {
			counts[phrase]++
		}
	}
	return counts
}

// share does work for each of count numbers from 0 on, several at a time.
func share(count int, work func(i int)) {
	var wait sync.WaitGroup
	for first := range shards {
		wait.Go(func() {
			for i := first; i < count; i += shards {
				work(i)
			}
		})
	}
	wait.Wait()
}

// all calls visit with every list of lines and whether it is labelled.
func (t *Trainer) all(visit func(list []line, labelled bool)) {
	for _, list := range t.lines {
		visit(list, true)
	}
	visit(t.wordings, false)
	visit(t.ordinary, false)
}
