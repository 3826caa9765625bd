package training

import (
	"slices"

	"github.com/refrain-asr/refrain/keywords/learned"
)

// Train makes a model of all parts and of all ordinary lines but every fifth, from which it takes
// the balance.
func (t *Trainer) Train(data string) (learned.Weights, error) {
	w, err := t.model(func(int) bool { return false })
	w.Data = data
	return w, err
}

// ordinaryFolds: one in so many ordinary lines is kept from the model, to see how often it errs
// on talk that it doesn't know.
const ordinaryFolds = 5

// model makes one of the parts that are not left out, of the lexicon's wordings and of the
// ordinary lines but those by which it is balanced.
func (t *Trainer) model(leftOut func(part int) bool) (learned.Weights, error) {
	lines := slices.Clone(t.wordings)
	for i, list := range t.lines {
		if !leftOut(i) {
			lines = append(lines, list...)
		}
	}
	var unknown []line
	for i, l := range t.ordinary {
		if i%ordinaryFolds == 0 {
			unknown = append(unknown, l)
		} else {
			lines = append(lines, l)
		}
	}
	w, err := t.weights(lines)
	if err != nil {
		return w, err
	}
	if err := t.classify(&w, lines); err != nil {
		return w, err
	}
	m, err := packed(w)
	if err != nil {
		return w, err
	}
	w.Balance = t.balance(m, unknown)
	return w, nil
}

// weights makes a model of lines that knows no classes; it has no balance yet.
func (t *Trainer) weights(lines []line) (learned.Weights, error) {
	w := learned.Weights{Features: make(map[uint64]learned.Weight, len(t.names)), Ordinary: t.talk}
	weights, bias, err := fit(rows(lines, ""), len(t.names), penalty)
	w.Bias = bias
	for i, weight := range weights {
		w.Features[t.names[i]] = learned.Weight{Refusal: weight}
	}
	return w, err
}

// classify adds to w what tells the classes of refusals apart.
func (t *Trainer) classify(w *learned.Weights, lines []line) error {
	lines = slices.DeleteFunc(slices.Clone(lines), func(l line) bool { return !l.Refusal })
	names := t.renumber(lines)
	w.Classes, w.ClassBias = t.classes, make([]float64, len(t.classes))
	for c, id := range t.classes {
		weights, bias, err := fit(rows(lines, id), len(names), classPenalty)
		if err != nil {
			return err
		}
		w.ClassBias[c] = bias
		for i, weight := range weights {
			f := w.Features[names[i]]
			if f.Classes == nil {
				f.Classes = make([]float64, len(t.classes))
			}
			f.Classes[c] = weight
			w.Features[names[i]] = f
		}
	}
	return nil
}

// renumber gives the features of lines numbers of their own, from 0 on, and returns their
// names.
func (t *Trainer) renumber(lines []line) (names []uint64) {
	index := map[int32]int32{}
	for i, l := range lines {
		features := slices.Clone(l.features)
		for k, f := range features {
			at, known := index[f.index]
			if !known {
				at = int32(len(names))
				index[f.index] = at
				names = append(names, t.names[f.index])
			}
			features[k].index = at
		}
		lines[i].features = features
	}
	return names
}

// rows are the lines as examples of refusals, or of a class of them.
func rows(lines []line, class string) []example {
	list := make([]example, len(lines))
	for i, l := range lines {
		yes := l.Refusal
		if class != "" {
			yes = l.Class == class
		}
		list[i] = example{l.features, yes, l.weight}
	}
	return list
}

func packed(w learned.Weights) (*learned.Model, error) {
	file, err := learned.Write(w)
	if err != nil {
		return nil, err
	}
	return learned.Read(file)
}

// Held is a model that was trained without some of the parts, for measuring on them.
type Held struct {
	Parts []Part
	Model *learned.Model
}

// CrossValidate trains folds models, each without every folds-th of the parts that were not
// Seen.
func (t *Trainer) CrossValidate(folds int) ([]Held, error) {
	number, fresh := make([]int, len(t.parts)), 0
	for i, part := range t.parts {
		number[i] = -1
		if !part.Seen {
			number[i] = fresh % folds
			fresh++
		}
	}
	list := make([]Held, folds)
	for fold := range folds {
		w, err := t.model(func(part int) bool { return number[part] == fold })
		if err != nil {
			return nil, err
		}
		if list[fold].Model, err = packed(w); err != nil {
			return nil, err
		}
	}
	for i, part := range t.parts {
		if fold := number[i]; fold >= 0 {
			list[fold].Parts = append(list[fold].Parts, part)
		}
	}
	return list, nil
}
