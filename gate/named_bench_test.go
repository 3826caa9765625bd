package gate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
)

// BenchmarkFindByName looks numbers up, every second of which is frozen, in a table of 100,000 freezes with numbers and in one
// without, whose names have one generation of the key.
func BenchmarkFindByName(b *testing.B) {
	const n = 100_000
	of, err := freeze.NewNames(make([]byte, freeze.NameKeySize))
	require.NoError(b, err)
	plain, named := gate.NewTable(), gate.NewNamedTable(of.All)
	numbers := make([]number.Number, 2*n)
	for i := range numbers {
		numbers[i], err = number.FromDigits(8613800000000 + uint64(i)*37)
		require.NoError(b, err)
		if i%2 == 1 {
			continue
		}
		f := freeze.Freeze{ID: freeze.ID(fmt.Sprintf("01K%023d", i)), Number: numbers[i], NumberMAC: of.Of(numbers[i]),
			Reason: freeze.Refused, From: noon, Until: noon.Add(time.Hour), Seq: int64(i + 1)}
		plain.Apply(f)
		named.Apply(f)
	}
	for name, table := range map[string]*gate.Table{"digits": plain, "names": named} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				table.Find(gate.Ask{Number: numbers[i*7919%len(numbers)]}, noon)
			}
		})
	}
}
