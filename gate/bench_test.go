package gate_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
)

// sizes are how many freezes the benchmarks hold: 1 million, or what REFRAIN_FREEZES
// says, such as 1000000,10000000.
func sizes(b *testing.B) []int {
	b.Helper()
	var out []int
	for s := range strings.SplitSeq(cmp.Or(os.Getenv("REFRAIN_FREEZES"), "1000000"), ",") {
		n, err := strconv.Atoi(s)
		require.NoError(b, err)
		out = append(out, n)
	}
	return out
}

// mobileAt is the i-th number of the benchmarks, all different and in no order. Even
// ones are frozen.
func mobileAt(i int) number.Number {
	n, err := number.FromDigits(8613000000000 + uint64(i)*2654435761%6_000_000_000)
	if err != nil {
		panic(err)
	}
	return n
}

// freezeAt is the i-th freeze: with ids, ends and labels as various as real ones.
func freezeAt(i int, entropy *rand.Rand) freeze.Freeze {
	from := noon.Add(time.Duration(i) * time.Millisecond)
	var id ulid.ULID
	_ = id.SetTime(ulid.Timestamp(from))
	_ = id.SetEntropy(binaryOf(entropy))
	f := freeze.Freeze{ID: freeze.ID(id.String()), Number: mobileAt(2 * i), Reason: freeze.Ruled,
		Rule: "rejected_or_short", RuleVersion: "rules@12345678",
		From: from, Until: from.Add(30 * 24 * time.Hour), Seq: int64(i + 1)}
	if i%3 == 0 {
		f.Reason, f.Class, f.Rule, f.RuleVersion, f.Until = freeze.Refused,
			fmt.Sprint("class", i%7), "", "", time.Time{}
	}
	return f
}

func binaryOf(r *rand.Rand) []byte {
	b := make([]byte, 10)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func load(n int) *gate.Table {
	table, entropy := gate.NewTable(), rand.New(rand.NewPCG(1, 2))
	for i := range n {
		table.Apply(freezeAt(i, entropy))
	}
	return table
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkLoad fills a table, and says what a freeze takes and how long the longest
// one took to apply: then its shard grew.
func BenchmarkLoad(b *testing.B) {
	for _, n := range sizes(b) {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				table, entropy := gate.NewTable(), rand.New(rand.NewPCG(1, 2))
				var longest, sum time.Duration
				for i := range n {
					f := freezeAt(i, entropy)
					start := time.Now()
					table.Apply(f)
					d := time.Since(start)
					longest, sum = max(longest, d), sum+d
				}
				b.ReportMetric(float64(heap()-before)/float64(n), "B/freeze")
				b.ReportMetric(float64(sum.Nanoseconds())/float64(n), "ns/apply")
				b.ReportMetric(float64(longest.Microseconds())/1000, "ms-longest")
				runtime.KeepAlive(table)
			}
		})
	}
}

// BenchmarkStanding looks numbers up in no order: frozen ones, and ones that are not.
func BenchmarkStanding(b *testing.B) {
	for _, n := range sizes(b) {
		table := load(n)
		now := noon.Add(24 * time.Hour)
		for _, tt := range []struct {
			name string
			odd  int
		}{{"hit", 0}, {"miss", 1}} {
			b.Run(fmt.Sprintf("%d/%s", n, tt.name), func(b *testing.B) {
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					i = (i + 7919) % n
					if _, ok := table.Standing(mobileAt(2*i+tt.odd), now); ok != (tt.odd == 0) {
						b.Fatal(ok)
					}
				}
			})
		}
		b.Run(fmt.Sprintf("%d/at-once", n), func(b *testing.B) {
			var begun atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				i := int(begun.Add(1)) * 1_000_003 % n
				for pb.Next() {
					i = (i + 7919) % n
					table.Standing(mobileAt(2*i+i%2), now)
				}
			})
		})
		runtime.KeepAlive(table)
	}
}

// BenchmarkNow is a whole answer, under the rules that come with Refrain.
func BenchmarkNow(b *testing.B) {
	timeline := calls.Timeline{{RuleSet: calls.Default()}}
	for _, n := range sizes(b) {
		g := gate.New(load(n), nil, func() calls.Timeline { return timeline })
		now := noon.Add(24 * time.Hour)
		for _, tt := range []struct {
			name string
			odd  int
		}{{"frozen", 0}, {"free", 1}} {
			b.Run(fmt.Sprintf("%d/%s", n, tt.name), func(b *testing.B) {
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					i = (i + 7919) % n
					if a := g.Now(gate.Ask{Number: mobileAt(2*i + tt.odd)},
						now); a.Allowed != (tt.odd == 1) {
						b.Fatal(a)
					}
				}
			})
		}
	}
}

// BenchmarkMemory reads one place of as much memory as so many freezes take after the
// other, each where the one before says: no lookup can be faster.
func BenchmarkMemory(b *testing.B) {
	for _, n := range sizes(b) {
		next := make([]uint32, n*56/4)
		order := rand.New(rand.NewPCG(1, 2)).Perm(len(next) / 16) // one a cache line
		for i, at := range order {
			next[at*16] = uint32(order[(i+1)%len(order)] * 16)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			at := uint32(0)
			for b.Loop() {
				at = next[at]
			}
		})
	}
}

// BenchmarkSweep reads the whole table, where nothing is over.
func BenchmarkSweep(b *testing.B) {
	for _, n := range sizes(b) {
		table := load(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				table.Sweep(noon)
			}
		})
	}
}
