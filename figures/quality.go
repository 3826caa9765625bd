package figures

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Decided counts suspects by what reviewers made of them so far.
type Decided struct{ Open, Confirmed, Dismissed int64 }

// All is how many there are.
func (d Decided) All() int64 { return d.Open + d.Confirmed + d.Dismissed }

// Precision is the share of the decided ones that was confirmed; nil where none was decided.
func (d Decided) Precision() *Estimate { return Share(d.Confirmed, d.Confirmed+d.Dismissed) }

// Plus adds two counts.
func (d Decided) Plus(e Decided) Decided {
	return Decided{d.Open + e.Open, d.Confirmed + e.Confirmed, d.Dismissed + e.Dismissed}
}

// Stratum is a group of calls without a suspect, such as a day's, of which some were put before
// reviewers by chance.
type Stratum struct {
	// Calls is how many there are, Samples how many were chosen.
	Calls, Samples int64
	// Decided is how many samples were decided on, Confirmed in how many of them a refusal was
	// heard.
	Decided, Confirmed int64
	// Found is how many of the confirmed ones another lexicon would find.
	Found int64
}

// Pairs counts calls that two reviewers decided on.
type Pairs struct {
	BothConfirmed, BothDismissed int64
	// Only the first, or the second, confirmed.
	FirstConfirmed, SecondConfirmed int64
}

// Reviews counts what reviewers had to do with in a stretch of time, as it stands now.
type Reviews struct {
	// Shown and Blind are suspects whose hits were shown, and hidden until they were decided.
	Shown, Blind Decided
	// Sampled are those suspects that were found among the calls of Strata.
	Sampled Decided
	Strata  []Stratum
	Pairs   Pairs
}

// Quality says how well refusals are found and reviewed.
type Quality struct {
	Reviews
	// Samples sums the strata up.
	Samples Stratum
	// Precision is of all suspects, the others of those whose hits were shown or hidden.
	Precision, PrecisionShown, PrecisionBlind *Estimate
	// Recall is the share of the refusals that made a suspect.
	Recall *Estimate
	// Agreement is the share of Pairs.
	Agreement *Estimate
	// Kappa is agreement beyond that of chance, nil where chance alone would agree always.
	Kappa *float64
}

// Estimate is a share with its 95 % interval.
type Estimate struct{ Value, Low, High float64 }

// NewQuality reckons with counts.
func NewQuality(r Reviews) Quality {
	q := Quality{Reviews: r, PrecisionShown: r.Shown.Precision(), PrecisionBlind: r.Blind.Precision(),
		Precision: r.Shown.Plus(r.Blind).Precision(), Recall: Recall(r.Sampled, Decided{}, r.Strata),
		Agreement: Share(r.Pairs.agreed(), r.Pairs.All()), Kappa: r.Pairs.Kappa()}
	for _, s := range r.Strata {
		q.Samples.Calls += s.Calls
		q.Samples.Samples += s.Samples
		q.Samples.Decided += s.Decided
		q.Samples.Confirmed += s.Confirmed
	}
	return q
}

// tail is what an interval of 95 % leaves out on either side.
const tail = 0.025

// Share is the share that k are of n, with its interval by Clopper and Pearson; nil without any.
func Share(k, n int64) *Estimate {
	if n <= 0 {
		return nil
	}
	return share(float64(k)/float64(n), float64(n))
}

// share is a share p that was seen in as good as n independent cases.
func share(p, n float64) *Estimate {
	k := p * n
	e := &Estimate{Value: p, Low: 0, High: 1}
	if k > 0 {
		e.Low = mathext.InvRegIncBeta(k, n-k+1, tail)
	}
	if k < n {
		e.High = mathext.InvRegIncBeta(k+1, n-k, 1-tail)
	}
	return e
}

// Missed is the share of refusals that nothing finds among the calls of the strata, reckoned from
// their samples; nil where none was decided. A stratum counts by its calls, however few were looked
// at; the more unequal these weights, the fewer cases the interval rests on.
func Missed(strata []Stratum) *Estimate {
	return sampled(strata, func(s Stratum) int64 { return s.Confirmed - s.Found })
}

// sampled is the share of the strata's calls that are like those counted among their samples.
func sampled(strata []Stratum, count func(Stratum) int64) *Estimate {
	var calls, counted, squares float64
	for _, s := range strata {
		if s.Decided == 0 {
			continue
		}
		n, of := float64(s.Decided), float64(max(s.Calls, s.Decided))
		calls += of
		counted += of * float64(count(s)) / n
		squares += of * of / n
	}
	if calls == 0 {
		return nil
	}
	return share(min(1, counted/calls), calls*calls/squares)
}

// Recall is the share of the refusals that are found, of those that were made by the same calls
// that the strata are of; nil where no sample was decided, or there is no refusal at all. Kept are
// the suspects, dropped those that another lexicon would make no suspects of. Those that nobody
// decided on count as the others turned out. The interval takes the least that may be found with
// the most that may be missed, and the other way round.
func Recall(kept, dropped Decided, strata []Stratum) *Estimate {
	missed := Missed(strata)
	if missed == nil {
		return nil
	}
	var calls float64
	for _, s := range strata {
		calls += float64(max(s.Calls, s.Decided))
	}
	gained := calls * sampled(strata, func(s Stratum) int64 { return s.Found }).Value
	found, lost := kept.refusals(), dropped.refusals()
	value := ratio(found.Value+gained, lost.Value+calls*missed.Value)
	if math.IsNaN(value) {
		return nil
	}
	low := ratio(found.Low+gained, lost.High+calls*missed.High)
	high := ratio(found.High+gained, lost.Low+calls*missed.Low)
	if math.IsNaN(high) { // nothing missed, and perhaps nothing found
		high = 1
	}
	return &Estimate{value, low, high}
}

// refusals is in how many of the suspects the customer refused.
func (d Decided) refusals() Estimate {
	p := d.Precision()
	if p == nil { // nothing is known of them
		p = &Estimate{Value: 0.5, Low: 0, High: 1}
	}
	of := func(precision float64) float64 { return float64(d.Confirmed) + float64(d.Open)*precision }
	return Estimate{of(p.Value), of(p.Low), of(p.High)}
}

// ratio is the share of what is found.
func ratio(found, missed float64) float64 { return found / (found + missed) }

// All is how many pairs there are.
func (p Pairs) All() int64 { return p.agreed() + p.FirstConfirmed + p.SecondConfirmed }

func (p Pairs) agreed() int64 { return p.BothConfirmed + p.BothDismissed }

// Kappa is Cohen's: how much of the agreement that chance leaves out is reached.
func (p Pairs) Kappa() *float64 {
	n := float64(p.All())
	first, second := float64(p.BothConfirmed+p.FirstConfirmed)/n, float64(p.BothConfirmed+p.SecondConfirmed)/n
	chance := first*second + (1-first)*(1-second)
	if n == 0 || chance >= 1 {
		return nil
	}
	k := (float64(p.agreed())/n - chance) / (1 - chance)
	return &k
}
