package figures_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/figures"
)

// The intervals are those that R's binom.test gives.
func TestShare(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		k, n      int64
		low, high float64
	}{
		{0, 10, 0, 0.3085}, {10, 10, 0.6915, 1}, {5, 10, 0.1871, 0.8129}, {1, 100, 0.00025, 0.0545},
		{90, 100, 0.8238, 0.9510},
	} {
		e := figures.Share(tt.k, tt.n)
		require.InDelta(t, float64(tt.k)/float64(tt.n), e.Value, 1e-12)
		require.InDelta(t, tt.low, e.Low, 5e-5)
		require.InDelta(t, tt.high, e.High, 5e-5)
	}
	require.Nil(t, figures.Share(0, 0))
}

// Days count by their calls: what is seldom sampled stands for more.
func TestMissed(t *testing.T) {
	t.Parallel()
	require.Nil(t, figures.Missed(nil))
	require.Nil(t, figures.Missed([]figures.Stratum{{Calls: 100, Samples: 2}}))
	e := figures.Missed([]figures.Stratum{
		{Calls: 1000, Samples: 20, Decided: 20, Confirmed: 2},
		{Calls: 9000, Samples: 50, Decided: 50, Confirmed: 1}, {Calls: 70},
	})
	require.InDelta(t, (1000*0.1+9000*0.02)/10_000, e.Value, 1e-12)
	same := figures.Missed([]figures.Stratum{{Calls: 50, Decided: 10, Confirmed: 1},
		{Calls: 50, Decided: 10, Confirmed: 1}})
	require.Equal(t, figures.Share(2, 20), same, "equal weights are no weights")
}

func TestRecall(t *testing.T) {
	t.Parallel()
	strata := []figures.Stratum{{Calls: 1000, Samples: 100, Decided: 100, Confirmed: 2}}
	require.Nil(t, figures.Recall(figures.Decided{Confirmed: 3}, figures.Decided{}, nil))
	require.Nil(t, figures.Recall(figures.Decided{Dismissed: 3}, figures.Decided{},
		[]figures.Stratum{{Calls: 10, Decided: 5}}), "no refusals at all")
	e := figures.Recall(figures.Decided{Confirmed: 80, Dismissed: 20}, figures.Decided{}, strata)
	require.InDelta(t, 80.0/100, e.Value, 1e-12)
	share := figures.Share(2, 100)
	require.InDelta(t, 80/(80+1000*share.High), e.Low, 1e-12)
	require.InDelta(t, 80/(80+1000*share.Low), e.High, 1e-12)
	open := figures.Recall(figures.Decided{Confirmed: 40, Dismissed: 10, Open: 50}, figures.Decided{}, strata)
	require.InDelta(t, e.Value, open.Value, 1e-12, "the others count as these turned out")
	require.Less(t, open.Low, e.Low)
	none := figures.Recall(figures.Decided{Confirmed: 80}, figures.Decided{},
		[]figures.Stratum{{Calls: 1000, Decided: 100}})
	require.InDelta(t, 1, none.Value, 0)
	require.InDelta(t, 1, none.High, 0)
	require.Less(t, none.Low, 0.75, "that none of 100 was missed says little of 1,000")

	// Another lexicon drops some suspects, and finds one of the samples' refusals.
	strata[0].Found = 1
	other := figures.Recall(figures.Decided{Confirmed: 70}, figures.Decided{Confirmed: 10, Dismissed: 20}, strata)
	require.InDelta(t, (70+10)/(70+10+10+10.0), other.Value, 1e-12)
}

// Of intervals at 95 %, some 95 of 100 hold the truth, or more.
func TestRecallCovers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	const runs = 400
	held := 0
	for range runs {
		var strata []figures.Stratum
		var suspects figures.Decided
		refusals, found := 0, 0
		for range 10 {
			calls := 500 + random.Int64N(4000)
			s := figures.Stratum{Calls: calls}
			share := min(0.02, 50/float64(calls))
			for range calls {
				refuses := random.Float64() < 0.01
				sampled := random.Float64() < share
				if refuses {
					refusals++
				}
				if sampled {
					s.Samples++
					s.Decided++
				}
				if refuses && sampled {
					s.Confirmed++
				}
			}
			strata = append(strata, s)
			for range calls / 10 {
				if random.Float64() < 0.8 {
					refusals, found = refusals+1, found+1
					suspects.Confirmed++
				} else {
					suspects.Dismissed++
				}
			}
		}
		truth := float64(found) / float64(refusals)
		e := figures.Recall(suspects, figures.Decided{}, strata)
		if e.Low <= truth && truth <= e.High {
			held++
		}
	}
	require.GreaterOrEqual(t, held, runs*94/100)
}

func TestKappa(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		p     figures.Pairs
		kappa float64
		known bool
	}{
		{"none", figures.Pairs{}, 0, false},
		{"all alike, and all the same", figures.Pairs{BothConfirmed: 9}, 0, false},
		{"all alike", figures.Pairs{BothConfirmed: 5, BothDismissed: 4}, 1, true},
		{"as in the textbook", figures.Pairs{BothConfirmed: 20, BothDismissed: 15, FirstConfirmed: 5,
			SecondConfirmed: 10}, 0.4, true},
		{"never alike", figures.Pairs{FirstConfirmed: 5, SecondConfirmed: 5}, -1, true},
	} {
		k := tt.p.Kappa()
		require.Equal(t, tt.known, k != nil, tt.name)
		if tt.known {
			require.InDelta(t, tt.kappa, *k, 1e-12, tt.name)
		}
	}
}

func TestQuality(t *testing.T) {
	t.Parallel()
	q := figures.NewQuality(figures.Reviews{
		Shown: figures.Decided{Confirmed: 8, Dismissed: 2}, Blind: figures.Decided{Confirmed: 1, Dismissed: 1, Open: 4},
		Strata: []figures.Stratum{{Calls: 100, Samples: 3, Decided: 2, Confirmed: 1}, {Calls: 10, Samples: 1}},
		Pairs:  figures.Pairs{BothConfirmed: 3, FirstConfirmed: 1},
	})
	require.InDelta(t, 9.0/12, q.Precision.Value, 1e-12)
	require.InDelta(t, 0.8, q.PrecisionShown.Value, 1e-12)
	require.InDelta(t, 0.5, q.PrecisionBlind.Value, 1e-12)
	require.InDelta(t, 0.75, q.Agreement.Value, 1e-12)
	require.Equal(t, figures.Stratum{Calls: 110, Samples: 4, Decided: 2, Confirmed: 1}, q.Samples)
	none := figures.NewQuality(figures.Reviews{})
	require.Nil(t, none.Precision)
	require.Nil(t, none.Recall)
	require.Nil(t, none.Agreement)
	require.Nil(t, none.Kappa)
}
