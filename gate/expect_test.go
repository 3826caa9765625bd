package gate_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
)

// To expect numbers changes no answer, also of a table that is empty or that grows
// meanwhile.
func TestExpect(t *testing.T) {
	t.Parallel()
	const n = 5000
	table, now := gate.NewTable(), noon.Add(24*time.Hour)
	g := gate.New(table, nil, func() calls.Timeline { return nil })
	numbers := make([]number.Number, 2*n)
	for i := range numbers {
		numbers[i] = mobileAt(i)
	}
	g.Expect(nil)
	g.Expect([]number.Number{{}})
	var wg sync.WaitGroup
	wg.Go(func() {
		entropy := rand.New(rand.NewPCG(1, 2))
		for i := range n {
			table.Apply(freezeAt(i, entropy))
		}
	})
	for range 20 {
		g.Expect(numbers)
	}
	wg.Wait()
	g.Expect(numbers)
	for i, m := range numbers {
		require.Equal(t, i%2 == 1, g.Now(gate.Ask{Number: m}, now).Allowed, i)
	}
}
