package words

import (
	"errors"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

func TestEach(t *testing.T) {
	t.Parallel()
	got := map[string]float64{}
	require.NoError(t, Each(func(word string, frequency float64) error {
		require.GreaterOrEqual(t, frequency, 1.0, word)
		for _, r := range word {
			require.True(t, unicode.Is(unicode.Han, r), word)
		}
		got[word] = frequency
		return nil
	}))
	require.Len(t, got, Count)
	require.Greater(t, Count, 60000)
	for _, word := range []string{"不用", "用心", "区别", "打折", "兴趣", "没", "的", "电话", "特别", "打断"} {
		require.Contains(t, got, word)
	}
	require.Greater(t, got["没"], 1000.0, "the source has a placeholder here")
}

func TestEachPassesTheErrorOn(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	require.ErrorIs(t, Each(func(string, float64) error { return enough }), enough)
}
