package eval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords/eval"
)

func TestBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rate      eval.Rate
		low, high float64
	}{
		{eval.Rate{Met: 0, Of: 10}, 0, 0.2775},
		{eval.Rate{Met: 10, Of: 10}, 0.7225, 1},
		{eval.Rate{Met: 81, Of: 263}, 0.2553, 0.3662},
		{eval.Rate{}, 0, 1},
	} {
		low, high := c.rate.Bounds()
		require.InDelta(t, c.low, low, 1e-3)
		require.InDelta(t, c.high, high, 1e-3)
	}
	require.Equal(t, "2.0 ‰ (1.0 to 3.9; 8 of 4000)", eval.Rate{Met: 8, Of: 4000}.PerMille())
}
