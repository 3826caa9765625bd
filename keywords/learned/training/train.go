package training

import (
	"fmt"
	"slices"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/eval"
	"github.com/refrain-asr/refrain/keywords/learned"
	"github.com/refrain-asr/refrain/keywords/lexicon"
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
	penalty      = 1.0 // on the squares of the weights for a refusal
	classPenalty = 1.0
	leastSeen    = 2 // in how many places a feature must stand
	// everydayWeight is how much an utterance of ordinary talk counts.
	everydayWeight = 2.0
)

// line is an utterance made ready.
type line struct {
	eval.Utterance
	keywords.Example
	features []feature
	weight   float64
}

// Trainer trains models from parts.
type Trainer struct {
	parts   []Part
	classes []string // what refusals mean, as the judge's lexicon orders them
	lines   [][]line // by part
	index   map[uint64]int
	names   []uint64 // of the features, by index
}

// New reads the parts as judge does.
func New(judge *keywords.Judge, parts []Part) (*Trainer, error) {
	t := &Trainer{parts: parts, classes: classes(judge.Lexicon(), parts), index: map[uint64]int{}}
	for _, part := range parts {
		var lines []line
		weight := 1.0
		if part.Everyday {
			weight = everydayWeight
		}
		for _, u := range part.List {
			examples := judge.Examples(u.Text)
			if len(examples) == 0 {
				continue // nothing but fillers
			}
			if len(examples) > 1 {
				return nil, fmt.Errorf("utterance %q of %s has %d passages; give one, of up to 60 characters", u.Text, part.Name, len(examples))
			}
			lines = append(lines, line{u, examples[0], t.features(examples[0].Passage), weight})
		}
		t.lines = append(t.lines, lines)
	}
	return t, nil
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

// features are those of p, each once.
func (t *Trainer) features(p learned.Passage) []feature {
	var list []feature
	var w learned.Weigher
	w.Features(p, func(name uint64, factor float64) {
		i, known := t.index[name]
		if !known {
			i = len(t.names)
			t.index[name] = i
			t.names = append(t.names, name)
		}
		list = append(list, feature{i, factor})
	})
	slices.SortFunc(list, func(a, b feature) int { return a.index - b.index })
	kept := list[:0]
	for _, f := range list {
		if n := len(kept); n == 0 || kept[n-1].index != f.index {
			kept = append(kept, f)
		}
	}
	return kept
}

// Train makes a model of all parts.
func (t *Trainer) Train(data string) (learned.Weights, error) {
	w := t.train(-1)
	w.Data = data
	balance, err := t.balance()
	w.Balance = balance
	return w, err
}

// train makes a model of all parts but one; it has no balance yet.
func (t *Trainer) train(without int) learned.Weights {
	var lines []line
	for i, list := range t.lines {
		if i != without {
			lines = append(lines, list...)
		}
	}
	usual, names := t.usual(lines)
	w := learned.Weights{Classes: t.classes, ClassBias: make([]float64, len(t.classes)), Features: make(map[uint64]learned.Weight, len(names))}
	list := make([]learned.Weight, len(names))
	weights, bias := fit(rows(lines, usual, ""), len(names), penalty)
	w.Bias = bias
	for i, weight := range weights {
		list[i] = learned.Weight{Refusal: weight, Classes: make([]float64, len(t.classes))}
	}
	lines = slices.DeleteFunc(lines, func(l line) bool { return !l.Refusal })
	for c, id := range t.classes {
		weights, bias := fit(rows(lines, usual, id), len(names), classPenalty)
		w.ClassBias[c] = bias
		for i, weight := range weights {
			list[i].Classes[c] = weight
		}
	}
	for i, name := range names {
		w.Features[name] = list[i]
	}
	return w
}

// usual numbers the features that stand in enough of the lines, from 0 on, others are -1.
func (t *Trainer) usual(lines []line) (index []int, names []uint64) {
	index = make([]int, len(t.names))
	for _, l := range lines {
		for _, f := range l.features {
			index[f.index]++
		}
	}
	for i, count := range index {
		index[i] = -1
		if count >= leastSeen {
			index[i] = len(names)
			names = append(names, t.names[i])
		}
	}
	return index, names
}

// rows are the lines as examples of refusals, or of a class of them.
func rows(lines []line, usual []int, class string) []example {
	list := make([]example, len(lines))
	for i, l := range lines {
		e := example{yes: l.Refusal, weight: l.weight}
		if class != "" {
			e.yes = l.Class == class
		}
		for _, f := range l.features {
			if at := usual[f.index]; at >= 0 {
				e.features = append(e.features, feature{at, f.factor})
			}
		}
		list[i] = e
	}
	return list
}

// balance finds how the model's sums, on lines it was not trained from, and the lexicon's
// hits weigh against each other.
func (t *Trainer) balance() (learned.Balance, error) {
	var points []example
	for i, part := range t.parts {
		if part.Seen {
			continue
		}
		m, err := packed(t.train(i))
		if err != nil {
			return learned.Balance{}, err
		}
		points = append(points, t.points(m, i)...)
	}
	return weighAgainst(points), nil
}

func packed(w learned.Weights) (*learned.Model, error) {
	file, err := learned.Write(w)
	if err != nil {
		return nil, err
	}
	return learned.Read(file)
}

// points are the lines of a part as sums and hits.
func (t *Trainer) points(m *learned.Model, part int) []example {
	var w learned.Weigher
	var list []example
	for _, l := range t.lines[part] {
		e := example{yes: l.Refusal, weight: 1, features: []feature{{0, w.Weigh(m, l.Passage)}, {1, l.Evidence}}}
		switch {
		case l.Vetoed && l.Evidence == 0:
			e.features = append(e.features, feature{2, 1})
		case l.Vetoed:
			e.features = append(e.features, feature{3, 1})
		}
		list = append(list, e)
	}
	return list
}

// slightPenalty keeps the few numbers of a balance finite.
const slightPenalty = 0.01

func weighAgainst(points []example) learned.Balance {
	w, bias := fit(points, 4, slightPenalty)
	return learned.Balance{Base: bias, Learned: w[0], Rules: w[1], Vetoed: w[2], Doubted: w[3]}
}

// Held is a model that was trained without one of the parts, for measuring on it.
type Held struct {
	Part  Part
	Model *learned.Model
}

// CrossValidate trains a model for each part from all the others, with a balance from parts
// other than it that were not Seen.
func (t *Trainer) CrossValidate() ([]Held, error) {
	list := make([]Held, len(t.parts))
	points := make([][]example, len(t.parts))
	weights := make([]learned.Weights, len(t.parts))
	for i, part := range t.parts {
		weights[i] = t.train(i)
		m, err := packed(weights[i])
		if err != nil {
			return nil, err
		}
		if !part.Seen {
			points[i] = t.points(m, i)
		}
	}
	for i, part := range t.parts {
		others := slices.Concat(slices.Concat(points[:i]...), slices.Concat(points[i+1:]...))
		weights[i].Balance = weighAgainst(others)
		m, err := packed(weights[i])
		if err != nil {
			return nil, err
		}
		list[i] = Held{part, m}
	}
	return list, nil
}
