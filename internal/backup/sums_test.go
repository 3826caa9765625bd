package backup

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const sum = "66e4ee214ee7f6352062de7d0ff440d793ace7bb8244c8f4ae8f3b759cd8e678"

func TestParseSums(t *testing.T) {
	t.Parallel()
	s, err := parseSums(strings.NewReader(sum + "  a/b c\n" + sum + "  d\n"))
	require.NoError(t, err)
	require.Equal(t, sums{"a/b c": sum, "d": sum}, s)
	for _, text := range []string{"\n", sum, sum + " a", sum + "  ", sum[:62] + "  a",
		"z" + sum[1:] + "  a", sum + "  /a", sum + "  ../a", sum + "  a/../../b", sum + "  a//b",
		sum + "  a/", sum + "  a\n" + sum + "  a", sum + "  " + strings.Repeat("x", 70_000)} {
		_, err := parseSums(strings.NewReader(text))
		require.Error(t, err, "%.80q", text)
	}
}

func FuzzParseSums(f *testing.F) {
	f.Add(sum + "  audio/00/01M8H7P3EE2ZX799PRZYCB2R00\n")
	f.Add(sum + "  ../x\n" + sum + "  a")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSums(strings.NewReader(text))
		if err != nil {
			return
		}
		for name, sum := range s {
			require.True(t, filepath.IsLocal(name), name)
			require.Len(t, sum, 64)
		}
	})
}
