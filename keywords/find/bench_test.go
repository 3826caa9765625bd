package find

import "testing"

// BenchmarkLoad is the time that it takes to begin.
func BenchmarkLoad(b *testing.B) {
	b.Run("dictionary", func(b *testing.B) {
		for b.Loop() {
			if _, err := newDictionary(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sounds", func(b *testing.B) {
		for b.Loop() {
			NewMisheard(map[string]bool{"没兴趣": true}, nil)
		}
	})
}
