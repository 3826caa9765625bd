package learn

import "math"

// example is a passage: which features it has, and whether it is a refusal.
type example struct {
	features []int
	yes      bool
	weight   float64
	// offset is what its log odds are without any weight.
	offset float64
}

// How the fit goes on: until no weight changes by enough, at most mostRounds times; no weight by
// more than farthest at once.
const (
	enough     = 1e-4
	mostRounds = 200
	farthest   = 1.0
)

// fit finds the weights of features, with scales by which each counts, for which 1 / (1 + exp(−sum
// − bias)) agrees best with the examples: logistic regression with a penalty on the squares of the
// weights and none on the bias. It goes from weight to weight, each by a step of Newton's, since
// the examples are few and the program that it is part of has no optimiser. The weights are
// those by which a feature counts, times its scale.
func fit(examples []example, scales []float64, penalty float64) (weights []float64, bias float64) {
	f := newFitting(examples, len(scales))
	all := make([]int, len(examples))
	for i := range all {
		all[i] = i
	}
	weights = make([]float64, len(scales))
	for range mostRounds {
		step := f.step(all, 0, 1e-6, 1)
		bias += step
		change := math.Abs(step)
		for k := range weights {
			step := f.step(f.having[k], weights[k], penalty, scales[k])
			weights[k] += step
			change = max(change, math.Abs(step))
		}
		if change < enough {
			break
		}
	}
	for k := range weights {
		weights[k] *= scales[k]
	}
	return weights, bias
}

// fitting is where a fit has come to.
type fitting struct {
	examples []example
	sums     []float64 // of the examples
	having   [][]int   // the examples with a feature
}

func newFitting(examples []example, features int) *fitting {
	f := &fitting{examples, make([]float64, len(examples)), make([][]int, features)}
	for i, e := range examples {
		f.sums[i] = e.offset
		for _, k := range e.features {
			f.having[k] = append(f.having[k], i)
		}
	}
	return f
}

// step changes one weight, which those examples have, and returns by how much.
func (f *fitting) step(having []int, weight, penalty, scale float64) float64 {
	slope, bend := penalty*weight, penalty
	for _, i := range having {
		e := &f.examples[i]
		p := 1 / (1 + math.Exp(-f.sums[i]))
		want := 0.0
		if e.yes {
			want = 1
		}
		slope += e.weight * (p - want) * scale
		bend += e.weight * p * (1 - p) * scale * scale
	}
	step := max(-farthest, min(farthest, -slope/bend))
	for _, i := range having {
		f.sums[i] += step * scale
	}
	return step
}
