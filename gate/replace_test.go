package gate_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
)

// Where one freeze takes the place of another, nobody sees the number without either.
func TestAFreezeIsReplacedWithoutAGap(t *testing.T) {
	t.Parallel()
	n := parse(t, "13800138000")
	table := gate.NewTable()
	now := freeze.Freeze{ID: "0", Number: n, From: noon, Seq: 1}
	table.Apply(now)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 2000 {
			old := now
			old.Release = &freeze.Release{At: noon, Seq: int64(2*i + 2)}
			now = freeze.Freeze{ID: freeze.ID(fmt.Sprint(i + 1)), Number: n, From: noon,
				Seq: int64(2*i + 3)}
			table.Apply(old, now) // in the order of the ledger
		}
	}()
	for {
		_, frozen := table.Standing(n, noon.Add(time.Hour))
		require.True(t, frozen)
		select {
		case <-done:
			return
		default:
		}
	}
}

// Many numbers at once get the answers that each gets alone, in their places, while the
// table changes.
func TestNowAllIsLikeNow(t *testing.T) {
	t.Parallel()
	const n = 1000
	table, now := gate.NewTable(), noon.Add(24*time.Hour)
	g := gate.New(table, nil, noRules)
	numbers, entropy := make([]number.Number, n), rand.New(rand.NewPCG(1, 2))
	for i := range numbers {
		numbers[i] = mobileAt(i)
		table.Apply(freezeAt(i/2, entropy))
	}
	second := freezeAt(0, entropy)
	second.Line = "a"
	table.Apply(second)
	table.Deny(numbers[1], []calls.Denial{{Rule: "own", Agent: "li", From: noon, Until: now.Add(time.Hour)}})
	numbers[n-1] = number.Number{}
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range n {
			table.Apply(freezeAt(n+i, entropy))
		}
	})
	for _, ask := range []gate.Ask{{}, {Line: "a", Agent: "li"}} {
		for _, some := range [][]number.Number{nil, numbers[:1], numbers[:64], numbers[:65], numbers} {
			next := 0
			g.NowAll(some, ask, now, func(i int, a *gate.Answer) {
				require.Equal(t, next, i)
				next++
				ask.Number = some[i]
				require.Equal(t, g.Now(ask, now), *a)
			})
			require.Len(t, some, next)
		}
	}
	wg.Wait()
}
