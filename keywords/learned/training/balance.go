package training

import (
	"slices"

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
	// for refusals: the base follows from it.
	falseAlarms = 0.0012
)

// balance weighs m against the lexicon's hits so that of the ordinary lines, which it was not made
// from, as few are taken for refusals as falseAlarms says.
func (t *Trainer) balance(m *learned.Model, ordinary []line) learned.Balance {
	b := learned.Balance{Learned: learnedWeight, Least: leastSum, Rules: rulesWeight,
		Vetoed: vetoedWeight, Doubted: doubtedWeight}
	var w learned.Weigher
	odds := make([]float64, len(ordinary))
	for i, l := range ordinary {
		odds[i] = b.LogOdds(w.Weigh(m, l.Passage), l.Evidence(t.discount), l.Vetoed)
	}
	slices.Sort(odds)
	if n := len(odds); n > 0 {
		b.Base = -odds[n-1-int(falseAlarms*float64(n))]
	}
	return b
}
