package main

import (
	"fmt"
	"sort"
)

// stack: fits small LR over [z, rules...] leave-one-file-out on out-of-fold z's.
func stack(res []result, folds []string, names []string, fs func(r result) []float64) []result {
	var out []result
	for _, fold := range append(folds, "") {
		var data []sample
		dim := 0
		for _, r := range res {
			if r.l.file == fold {
				continue
			}
			y := 0.
			if r.l.y {
				y = 1
			}
			var f []feat
			for i, v := range fs(r) {
				f = append(f, feat{i, v})
				dim = i + 1
			}
			data = append(data, sample{f, y, 1})
		}
		w, b := train(data, dim, 100)
		if fold == "" {
			fmt.Printf("   stack weights %.2f b %.2f\n", w, b)
			continue
		}
		for _, r := range res {
			if r.l.file != fold {
				continue
			}
			z := b
			for i, v := range fs(r) {
				z += w[i] * v
			}
			out = append(out, result{r.l, z})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].l.text < out[j].l.text })
	return out
}

func ruleFeats(r result) []float64 {
	veto, doubt := 0., 0.
	e := r.l.o.Evidence
	if r.l.o.Vetoed && e == 0 {
		veto = 1
	} else if r.l.o.Vetoed {
		doubt = 1
	}
	return []float64{r.z, e, veto, doubt}
}
