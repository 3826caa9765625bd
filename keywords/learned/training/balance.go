package training

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/refrain-asr/refrain/keywords/learned"
)

// How sums, hits and vetoes weigh against each other.
const (
	learnedWeight = 1.0
	leastSum      = -4.0
	rulesWeight   = 4.8
	vetoedWeight  = -1.0
	doubtedWeight = -0.2
	// falseAlarms is which share of ordinary lines that it wasn't made from a model may take
	// for refusals, heardFalseAlarms that of misheard ones: the bases follow from them. Of what was
	// heard more may be taken, since a person hears it before it counts, and a refusal that was
	// misheard has less to show.
	falseAlarms      = 0.00115
	heardFalseAlarms = 0.0019
)

// balance weighs m against the lexicon's hits so that of the ordinary lines, which it was not made
// from, as few are taken for refusals as falseAlarms and heardFalseAlarms say.
func (t *Trainer) balance(m *learned.Model, ordinary []line) learned.Balance {
	b := learned.Balance{Learned: learnedWeight, Least: leastSum, Rules: rulesWeight,
		Vetoed: vetoedWeight, Doubted: doubtedWeight}
	var w learned.Weigher
	var written, heard []float64
	for _, l := range ordinary {
		odds := b.LogOdds(w.Weigh(m, l.Passage), l.Evidence(t.discount), l.Vetoed)
		if l.misheard {
			heard = append(heard, odds)
		} else {
			written = append(written, odds)
		}
	}
	b.Base = baseFor(written, falseAlarms)
	b.Heard = baseFor(heard, heardFalseAlarms) - b.Base
	return b
}

// baseFor is the base with which so large a share of odds without one is over zero; 0 for none.
// There are few so far out, so it goes by a line through the odds against the logarithm of the
// share, from half the share to eight times as much.
func baseFor(odds []float64, share float64) float64 {
	n := len(odds)
	if n == 0 {
		return 0
	}
	slices.Sort(odds)
	var shares, at []float64
	for s := share / 2; s <= 8*share; s *= 1.2 {
		shares = append(shares, math.Log(s))
		at = append(at, odds[max(0, n-1-int(s*float64(n)))])
	}
	offset, slope := stat.LinearRegression(shares, at, nil, false)
	return -(offset + slope*math.Log(share))
}
