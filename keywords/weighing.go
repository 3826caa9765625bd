package keywords

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/keywords/learned"
)

// Weighing tells how surely a passage is a refusal, and which words make it so.
type Weighing struct {
	Text string `json:"text"` // normalised, with its gaps
	// For and Against are the stretches that speak most for and against a refusal.
	For     []Share `json:"for"`
	Against []Share `json:"against"`
	// Learned is the model's sum of all shares: over 0 it speaks for a refusal.
	Learned float64 `json:"learned"`
	// Evidence (0..1) is what the lexicon's hits that count come to; Vetoed says that some
	// don't count.
	Evidence float64 `json:"evidence"`
	Vetoed   bool    `json:"vetoed"`
	// Crowd is what is taken off because the call has other passages.
	Crowd float64 `json:"crowd"`
	// Kept says that the passage is a refusal only since ordinary talk hardly ever has a
	// phrase of it.
	Kept bool `json:"kept"`
	// Here are what the lexicon's correction goes by, if it has one, and Corrected what it adds.
	Here      []Share `json:"here,omitempty"`
	Corrected float64 `json:"corrected,omitempty"`
	// LogOdds is what all this comes to, and Probability (0..1) what that means.
	LogOdds     float64 `json:"log_odds"`
	Probability float64 `json:"probability"`

	balance learned.Balance
}

// Share is the part that a stretch of a passage has in the model's sum.
type Share struct {
	Text  string  `json:"text"`
	Share float64 `json:"share"`
}

// Of the stretches of a passage so many are shown, from such a share on.
const (
	mostShares = 4
	leastShare = 0.1
)

// weighings explains the passages of a, which was found in r.
func (m *weigher) weighings(r *reading, a account) []Weighing {
	list := make([]Weighing, len(a.passages))
	copied := account{slices.Clone(a.hits), a.passages}
	for i, w := range m.settle(&copied) {
		p := a.passages[i]
		shares := make([]float64, p.end-p.start)
		r.weigher.Shares(m.model, r.passage(p.start, p.end), shares)
		list[i] = Weighing{
			Text: r.text.Show(p.start, p.end), Learned: w.sum, Evidence: w.evidence,
			Vetoed: w.vetoed, Crowd: w.crowd, Kept: w.kept,
			Corrected: w.here, Here: m.correction.explain(r, p, w.traits),
			LogOdds: w.odds, Probability: learned.Probability(w.odds), balance: p.balance,
		}
		list[i].For = r.stretches(p, shares, m.weight)
		list[i].Against = r.stretches(p, shares, -m.weight)
	}
	return list
}

// stretches are the runs of characters whose shares have the sign of factor, the weightiest
// first.
func (r *reading) stretches(p passage, shares []float64, factor float64) []Share {
	list := []Share{}
	for i := 0; i < len(shares); i++ {
		from, sum := i, 0.0
		for i < len(shares) && shares[i]*factor > 0 {
			sum += shares[i] * math.Abs(factor)
			i++
		}
		if math.Abs(sum) >= leastShare {
			list = append(list, Share{r.text.Slice(p.start+from, p.start+i), sum})
		}
	}
	slices.SortStableFunc(list, func(a, b Share) int {
		return cmp.Compare(math.Abs(b.Share), math.Abs(a.Share))
	})
	return list[:min(len(list), mostShares)]
}

// String is the weighing for people.
func (w Weighing) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "passage   %s\n", w.Text)
	for _, side := range []struct {
		name   string
		shares []Share
	}{{"for", w.For}, {"against", w.Against}, {"here", w.Here}} {
		if len(side.shares) > 0 {
			fmt.Fprintf(&out, "  %-8s%s\n", side.name, shareList(side.shares))
		}
	}
	b := w.balance
	sum := fmt.Sprintf("%+.2f", w.Learned)
	if w.Learned < b.Least {
		sum = fmt.Sprintf("%+.2f (%+.2f, but no less counts)", b.Least, w.Learned)
	}
	fmt.Fprintf(&out, "  weighs  %+.2f to begin with, %.2f · %s by what was learned, %.2f · %.2f "+
		"by the lexicon's hits",
		b.Base, b.Learned, sum, b.Rules, w.Evidence)
	switch {
	case w.Vetoed && w.Evidence == 0:
		fmt.Fprintf(&out, ", %+.2f as all are vetoed", b.Vetoed)
	case w.Vetoed:
		fmt.Fprintf(&out, ", %+.2f as some are vetoed", b.Doubted)
	}
	if w.Crowd > 0 {
		fmt.Fprintf(&out, ", −%.2f as one of many passages", w.Crowd)
	}
	if len(w.Here) > 0 {
		fmt.Fprintf(&out, ", %+.2f by what was learned here", w.Corrected)
	}
	if w.Kept {
		out.WriteString("; but ordinary talk hardly ever has the phrase")
	}
	fmt.Fprintf(&out, ": %+.2f, a probability of %.2f\n", w.LogOdds, w.Probability)
	return out.String()
}

func shareList(shares []Share) string {
	var list []string
	for _, s := range shares {
		list = append(list, fmt.Sprintf("%s %+.2f", s.Text, s.Share))
	}
	return strings.Join(list, ", ")
}
