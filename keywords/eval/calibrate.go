package eval

import (
	"fmt"
	"math"
	"strings"
)

// Point is an utterance with hits that count: what they come to, and whether it is a
// refusal.
type Point struct {
	Evidence float64 // 0..1
	Refusal  bool
}

// Strength is the scale on which scores are calibrated: −ln(1 − evidence), to which each
// hit adds its own.
func Strength(evidence float64) float64 { return -math.Log(1 - min(evidence, 0.999)) }

// Fit finds the a and b for which 1 / (1 + exp(−a − b·Strength)) agrees best with the
// points (logistic regression by Newton's method, slightly drawn to 0 so that it ends).
func Fit(points []Point) (a, b float64) {
	const pull, rounds = 0.01, 50
	for range rounds {
		ga, gb, haa, hab, hbb := -pull*a, -pull*b, pull, 0.0, pull
		for _, p := range points {
			x, y := Strength(p.Evidence), 0.0
			if p.Refusal {
				y = 1
			}
			guess := 1 / (1 + math.Exp(-a-b*x))
			w := guess * (1 - guess)
			ga, gb = ga+y-guess, gb+(y-guess)*x
			haa, hab, hbb = haa+w, hab+w*x, hbb+w*x*x
		}
		determinant := haa*hbb - hab*hab
		a += (ga*hbb - gb*hab) / determinant
		b += (gb*haa - ga*hab) / determinant
	}
	return a, b
}

// Reliability tells, for each tenth of the scale, how many answers had such a score and
// which share of them were refusals: in a calibrated one that is the score.
func Reliability(list []Utterance, judge func(text string) Answer) string {
	var count, refusals [10]int
	var sum [10]float64
	for _, u := range list {
		score := judge(u.Text).Score
		bin := min(int(score*10), 9)
		count[bin]++
		sum[bin] += score
		if u.Refusal {
			refusals[bin]++
		}
	}
	var out strings.Builder
	fmt.Fprintln(&out, "score      utterances  mean score  refusals")
	for i, n := range count {
		if n > 0 {
			fmt.Fprintf(&out, "%.1f to %.1f  %10d  %10.3f  %8.3f\n", float64(i)/10, float64(i+1)/10,
				n, sum[i]/float64(n), share(refusals[i], n))
		}
	}
	return out.String()
}

// BestThreshold is the score from which on to call an utterance a refusal for the
// highest F1.
func BestThreshold(list []Utterance, judge func(text string) Answer) (threshold, best float64) {
	answers := make([]Answer, len(list))
	for i, u := range list {
		answers[i] = judge(u.Text)
	}
	for at := 0.05; at < 1; at += 0.01 {
		var c Count
		for i, u := range list {
			c.Add(u.Refusal, answers[i].Score >= at)
		}
		if f := c.F1(); f > best {
			threshold, best = at, f
		}
	}
	return threshold, best
}
