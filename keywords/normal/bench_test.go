package normal

import (
	"os"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// BenchmarkSimplify compares the table of characters with the library that it was made from.
func BenchmarkSimplify(b *testing.B) {
	corpus, err := os.ReadFile("testdata/traditional.txt")
	require.NoError(b, err)
	report := func(b *testing.B, work func()) {
		for b.Loop() {
			work()
		}
		b.ReportMetric(float64(utf8.RuneCount(corpus))*float64(b.N)/b.Elapsed().Seconds(),
			"chars/s")
	}
	b.Run("table", func(b *testing.B) {
		runes := make([]rune, 0, len(corpus))
		report(b, func() {
			runes = append(runes[:0], []rune(string(corpus))...)
			t2s().simplify(runes)
		})
	})
	b.Run("opencc", func(b *testing.B) {
		library := openOpenCC(b)
		report(b, func() {
			if _, err := library.Convert(string(corpus)); err != nil {
				b.Fatal(err)
			}
		})
	})
}
