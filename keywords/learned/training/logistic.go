package training

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"gonum.org/v1/gonum/optimize"
)

// example is a row of features with their factors, and whether it is what is looked for.
type example struct {
	features []feature
	yes      bool
	weight   float64
}

type feature struct {
	index  int32
	factor float32
}

const (
	mostSteps = 60
	enough    = 1e-5 // stop where the loss falls by less than this share
)

// fit finds the weights of features and the bias for which 1 / (1 + exp(−sum − bias)) agrees best
// with the examples: logistic regression, with a penalty on the squares of the
// weights. The result depends on nothing but the examples and their order.
func fit(
	examples []example, features int, penalty float64,
) (weights []float64, bias float64, err error) {
	last := newLoss(examples, features, penalty)
	problem := optimize.Problem{
		Func: func(w []float64) float64 { return last.at(w).value },
		Grad: func(slope, w []float64) { copy(slope, last.at(w).slope) },
	}
	settings := &optimize.Settings{
		MajorIterations: mostSteps,
		Converger:       &optimize.FunctionConverge{Relative: enough, Iterations: 2},
	}
	result, err := optimize.Minimize(problem, make([]float64, features+1), settings,
		&optimize.LBFGS{Store: 8})
	if result == nil {
		return nil, 0, fmt.Errorf("fit %d examples: %w", len(examples), err)
	}
	// a search that ends for want of progress is at its best
	return result.X[:features], result.X[features], nil
}

// shards is into how many parts examples are split, to use several cores; it is always the
// same, so that rounding is.
const shards = 4

// loss is how badly weights agree with examples. It keeps the last place it was asked about.
type loss struct {
	parts   [shards]shard
	penalty float64

	place, slope []float64
	value        float64
}

func newLoss(examples []example, features int, penalty float64) *loss {
	l := &loss{penalty: penalty, slope: make([]float64, features+1)}
	for i := range l.parts {
		l.parts[i].examples = examples[i*len(examples)/shards : (i+1)*len(examples)/shards]
		l.parts[i].slope = make([]float64, features+1)
	}
	return l
}

// at computes the loss and its derivatives at w, unless it just has.
func (l *loss) at(w []float64) *loss {
	if l.place != nil && slices.Equal(l.place, w) {
		return l
	}
	l.place = append(l.place[:0], w...)
	var wait sync.WaitGroup
	for i := range l.parts {
		wait.Go(func() { l.parts[i].at(w) })
	}
	last := len(w) - 1
	l.value = 0
	for i, weight := range w[:last] {
		l.slope[i] = l.penalty * weight
		l.value += l.penalty * weight * weight / 2
	}
	l.slope[last] = 0
	wait.Wait()
	for i := range l.parts {
		l.value += l.parts[i].value
		for k, slope := range l.parts[i].slope {
			l.slope[k] += slope
		}
	}
	return l
}

// shard is a part of the examples, and what it adds to the loss.
type shard struct {
	examples []example
	slope    []float64
	value    float64
}

func (s *shard) at(w []float64) {
	s.value = 0
	clear(s.slope)
	for i := range s.examples {
		s.add(&s.examples[i], w)
	}
}

func (s *shard) add(e *example, w []float64) {
	last := len(w) - 1
	sum := w[last]
	for _, f := range e.features {
		sum += w[f.index] * float64(f.factor)
	}
	want := 0.0
	if e.yes {
		want = 1
	}
	s.value += e.weight * (softPlus(sum) - want*sum)
	off := e.weight * (1/(1+math.Exp(-sum)) - want)
	for _, f := range e.features {
		s.slope[f.index] += off * float64(f.factor)
	}
	s.slope[last] += off
}

// softPlus is ln(1 + exp(x)).
func softPlus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
