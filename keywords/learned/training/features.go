package training

import (
	"slices"

	"github.com/refrain-asr/refrain/keywords/learned"
)

// countFeatures counts in how many lines each feature stands.
func (t *Trainer) countFeatures() {
	var w learned.Weigher
	t.all(func(list []line, labelled bool) {
		for i := range list {
			if list[i].misheard {
				continue // or else a model would be full of what is heard but once
			}
			t.counts.next(labelled)
			w.Features(list[i].Passage, func(name uint64, _ float64) { t.counts.add(name) })
		}
	})
}

// readFeatures numbers the features that are usual enough, in the order in which lines have
// them, and gives each line its own, each once.
func (t *Trainer) readFeatures() {
	var w learned.Weigher
	t.all(func(list []line, _ bool) {
		for i := range list {
			list[i].features = t.features(&w, list[i].Passage)
		}
	})
}

func (t *Trainer) features(w *learned.Weigher, p learned.Passage) []feature {
	var list []feature
	w.Features(p, func(name uint64, factor float64) {
		if !t.counts.usual(name) {
			return
		}
		i, known := t.index[name]
		if !known {
			i = int32(len(t.names))
			t.index[name] = i
			t.names = append(t.names, name)
		}
		list = append(list, feature{i, float32(factor)})
	})
	slices.SortFunc(list, func(a, b feature) int { return int(a.index - b.index) })
	return slices.Clip(slices.CompactFunc(list,
		func(a, b feature) bool { return a.index == b.index }))
}
