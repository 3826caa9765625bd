package training

import "math"

// example is a row of features with their factors, and whether it is what is looked for.
type example struct {
	features []feature
	yes      bool
	weight   float64
}

type feature struct {
	index  int
	factor float64
}

// fit finds the weights of features and the bias for which 1 / (1 + exp(−sum − bias)) agrees best
// with the examples: logistic regression, with a penalty on the squares of the
// weights. The result
// depends on nothing but the examples and their order.
func fit(examples []example, features int, penalty float64) (weights []float64, bias float64) {
	all := descend(features+1, func(w, slope []float64) float64 { return loss(examples, penalty, w, slope) })
	return all[:features], all[features]
}

// loss is how badly w agrees with the examples; slope becomes its derivatives.
func loss(examples []example, penalty float64, w, slope []float64) float64 {
	last, total := len(w)-1, 0.0
	for i, weight := range w[:last] {
		slope[i] = penalty * weight
		total += penalty * weight * weight / 2
	}
	slope[last] = 0
	for _, e := range examples {
		sum := w[last]
		for _, f := range e.features {
			sum += w[f.index] * f.factor
		}
		want := 0.0
		if e.yes {
			want = 1
		}
		total += e.weight * (softPlus(sum) - want*sum)
		off := e.weight * (1/(1+math.Exp(-sum)) - want)
		for _, f := range e.features {
			slope[f.index] += off * f.factor
		}
		slope[last] += off
	}
	return total
}

// softPlus is ln(1 + exp(x)).
func softPlus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

const (
	memory    = 8    // steps that shape the next one
	mostSteps = 80   //
	mostTries = 20   // to shorten a step
	enough    = 1e-6 // stop where the loss falls by less than this share
)

// step is one made: by how much the place and the slope changed.
type step struct {
	place, slope []float64
	curvature    float64 // 1 / (place · slope)
}

// descend looks for the least value of a smooth convex function, which also tells its
// slope (Nocedal's limited-memory method after Broyden, Fletcher, Goldfarb and Shanno).
func descend(size int, value func(at, slope []float64) float64) []float64 {
	at, slope := make([]float64, size), make([]float64, size)
	now := value(at, slope)
	var steps []step
	for range mostSteps {
		direction := downhill(slope, steps)
		length := 1.0
		if len(steps) == 0 {
			length = 1 / max(1, math.Sqrt(dot(slope, slope)))
		}
		next, nextSlope := make([]float64, size), make([]float64, size)
		fall, then := dot(slope, direction), 0.0
		for range mostTries {
			for i := range at {
				next[i] = at[i] + length*direction[i]
			}
			if then = value(next, nextSlope); then <= now+1e-4*length*fall {
				break
			}
			length /= 2
		}
		s := step{make([]float64, size), make([]float64, size), 0}
		for i := range at {
			s.place[i], s.slope[i] = next[i]-at[i], nextSlope[i]-slope[i]
		}
		if curve := dot(s.place, s.slope); curve > 1e-12 {
			s.curvature = 1 / curve
			steps = append(steps, s)
			steps = steps[max(0, len(steps)-memory):]
		}
		before := now
		at, slope, now = next, nextSlope, then
		if before-now < enough*math.Abs(now) {
			break
		}
	}
	return at
}

// downhill is the direction in which to go on.
func downhill(slope []float64, steps []step) []float64 {
	d := make([]float64, len(slope))
	add(d, -1, slope)
	shares := make([]float64, len(steps))
	for i := len(steps) - 1; i >= 0; i-- {
		shares[i] = steps[i].curvature * dot(steps[i].place, d)
		add(d, -shares[i], steps[i].slope)
	}
	if n := len(steps); n > 0 {
		last := steps[n-1]
		scale := 1 / (last.curvature * dot(last.slope, last.slope))
		for i := range d {
			d[i] *= scale
		}
	}
	for i, s := range steps {
		add(d, shares[i]-s.curvature*dot(s.slope, d), s.place)
	}
	return d
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}

// add adds factor times what to sum.
func add(sum []float64, factor float64, what []float64) {
	for i, x := range what {
		sum[i] += factor * x
	}
}
