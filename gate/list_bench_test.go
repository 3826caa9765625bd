package gate_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
)

// BenchmarkCheckList asks for lists of 1,000 numbers in no order, half of them frozen.
func BenchmarkCheckList(b *testing.B) {
	timeline := calls.Timeline{{RuleSet: calls.Default()}}
	for _, n := range sizes(b) {
		g := gate.New(load(n), nil, func() calls.Timeline { return timeline })
		s := gate.NewService(g, newCounted(), func() time.Time { return noon.Add(24 * time.Hour) })
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			list, rnd := gate.List{Numbers: make([]number.Number, 1000)}, rand.New(rand.NewPCG(1,
				2))
			for b.Loop() {
				for i := range list.Numbers {
					list.Numbers[i] = mobileAt(rnd.IntN(2 * n))
				}
				refused := 0
				_, _ = s.CheckList(b.Context(), list, func(_ int, a *gate.Answer) {
					if !a.Allowed {
						refused++
					}
				})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/number")
		})
	}
}
