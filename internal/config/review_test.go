package config

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReviewShares(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		share, second float64
		perDay        int
		want          string
	}{
		{0.02, 0.01, 50, ""}, {0, 0, 0, ""}, {1, 1, 1, ""},
		{2, 0, 50, "review.blind_share: is 2; it must lie in 0..1, such as 0.02 for 2 %"},
		{-0.1, 0, 50, "review.blind_share"}, {math.NaN(), 0, 50, "review.blind_share"},
		{0, 1.1, 50, "review.second_share"}, {0.02, 0, -1, "review.blind_per_day"},
	} {
		c := Default()
		c.Review.BlindShare, c.Review.SecondShare, c.Review.BlindPerDay = tt.share, tt.second, tt.perDay
		if tt.want == "" {
			require.NoError(t, c.Validate())
			continue
		}
		require.ErrorContains(t, c.Validate(), tt.want)
	}
}

func TestLoadReview(t *testing.T) {
	t.Parallel()
	c, err := Load(write(t, "review: {blind_share: 0.1, blind_per_day: 7, second_share: 0}\n"))
	require.NoError(t, err)
	require.Equal(t, Review{Lease: Default().Review.Lease, BlindShare: 0.1, BlindPerDay: 7, PastPerDay: 200}, c.Review)
}
