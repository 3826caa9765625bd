package gate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
)

// When other rules come into force, what the earlier ones denied ends, also of numbers
// of which the new ones deny nothing.
func TestDenyAllReplacesEverything(t *testing.T) {
	t.Parallel()
	table := gate.NewTable()
	g := gate.New(table, nil, noRules)
	numbers := make([]number.Number, 300)
	denial := calls.Denial{Rule: "day", Version: "1", Count: 6, Limit: 6, From: noon,
		Until: noon.Add(4 * time.Hour)}
	li := calls.Denial{Rule: "own", Version: "1", Agent: "li", Count: 1, Limit: 1, From: noon,
		Until: noon.Add(time.Hour)}
	for i := range numbers {
		numbers[i] = parse(t, fmt.Sprintf("13800138%03d", i))
		table.Deny(numbers[i], []calls.Denial{denial, li})
	}
	table.Apply(freeze.Freeze{ID: "1", Number: numbers[7], From: noon, Seq: 1})
	other := denial
	other.Version, other.Limit = "2", 5
	table.DenyAll(map[number.Number][]calls.Denial{numbers[3]: {other}})
	for i, n := range numbers {
		a := g.Now(gate.Ask{Number: n, Agent: "li"}, noon)
		switch i {
		case 3:
			require.Equal(t, gate.RuleLimit, a.Reason)
			require.Equal(t, "2", a.RuleVersion)
		case 7:
			require.Equal(t, gate.Frozen, a.Reason, "freezes are none of its business")
		default:
			require.Equal(t, gate.None, a.Reason, "what the rules before denied goes on")
		}
	}
	table.DenyAll(nil)
	require.Equal(t, gate.None, g.Now(gate.Ask{Number: numbers[3]}, noon).Reason)
}

func TestKnows(t *testing.T) {
	t.Parallel()
	table := gate.NewTable()
	f := freeze.Freeze{ID: "01JZZZZZZZZZZZZZZZZZZZZZZZ", Number: parse(t, "13800138000"),
		From: noon, Until: noon.Add(time.Hour), Seq: 1}
	ask := func(f freeze.Freeze) [2]bool {
		known, over := table.Knows(f)
		return [2]bool{known, over}
	}
	require.Equal(t, [2]bool{}, ask(f))
	table.Apply(f)
	require.Equal(t, [2]bool{true, false}, ask(f))
	longer := f
	longer.Until, longer.Seq = noon.Add(2*time.Hour), 2
	require.Equal(t, [2]bool{true, false}, ask(longer), "an extension is no other freeze")
	second := f
	second.ID = "odd"
	require.Equal(t, [2]bool{}, ask(second))
	table.Apply(second)
	require.Equal(t, [2]bool{true, false}, ask(second))
	f.Release = &freeze.Release{At: noon, Seq: 3}
	table.Apply(f)
	require.Equal(t, [2]bool{true, true}, ask(f))
}
