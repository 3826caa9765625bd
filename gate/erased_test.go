package gate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
)

// A number that was erased is found by its name, under each generation of the key, also among many, and
// what becomes of its freezes later counts.
func TestErasedNumber(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	name := func(n number.Number, generation byte) (mac freeze.MAC) {
		mac[0], mac[1] = byte(n.Digits()), generation
		return mac
	}
	table := gate.NewTable()
	table.Named(func(n number.Number) []freeze.MAC { return []freeze.MAC{name(n, 2), name(n, 1)} })
	var numbers []number.Number
	for i := range 200 {
		n, err := number.FromDigits(8613800138000 + uint64(i))
		require.NoError(t, err)
		numbers = append(numbers, n)
	}
	old, other := numbers[7], numbers[8]
	f := freeze.Freeze{ID: "01J00000000000000000000001", Number: old, NumberMAC: name(old, 1), Reason: freeze.Manual,
		From: now.Add(-time.Hour), Seq: 1, OpenedSeq: 1}
	g := freeze.Freeze{ID: "01J00000000000000000000002", Number: other, NumberMAC: name(other, 2), Reason: freeze.Manual,
		From: now.Add(-time.Hour), Until: now.Add(time.Hour), Seq: 2, OpenedSeq: 2}
	table.Apply(f, g)
	check := func(want ...number.Number) {
		t.Helper()
		var frozen []number.Number
		table.FindAll(numbers, gate.Ask{}, now, func(i int, found *gate.Found) {
			one := table.Find(gate.Ask{Number: numbers[i]}, now)
			require.Equal(t, one.Frozen, found.Frozen)
			require.Equal(t, one.Freeze.ID, found.Freeze.ID)
			if found.Frozen {
				frozen = append(frozen, numbers[i])
			}
		})
		require.Equal(t, want, frozen)
		require.Equal(t, len(want), table.Active(now)[freeze.Manual])
	}
	check(old, other)
	for _, x := range []*freeze.Freeze{&f, &g} {
		n := x.Number
		x.Number = number.Number{}
		table.Apply(*x)
		table.Erase(n)
		check(old, other)
	}
	longer := freeze.Freeze{ID: "01J00000000000000000000003", Number: other, NumberMAC: name(other, 2), Reason: freeze.Manual,
		From: now.Add(-time.Hour), Seq: 3, OpenedSeq: 3}
	table.Apply(longer)
	require.Equal(t, longer.ID, table.Find(gate.Ask{Number: other}, now).Freeze.ID, "it outlasts the one without a number")
	longer.Release = &freeze.Release{At: now.Add(-time.Minute), Seq: 4}
	f.Release = &freeze.Release{At: now.Add(-time.Minute), Seq: 5}
	table.Apply(longer, f)
	check(other)
	table.Sweep(now.Add(2 * time.Hour))
	require.Zero(t, table.Len())
}

// Where nobody was erased, no name is computed.
func TestNobodyErased(t *testing.T) {
	t.Parallel()
	table := gate.NewTable()
	table.Named(func(number.Number) []freeze.MAC { panic("nobody was erased") })
	n, err := number.FromDigits(8613800138000)
	require.NoError(t, err)
	require.False(t, table.Find(gate.Ask{Number: n}, time.Now()).Frozen)
}

// Who is told the name alone of somebody who was erased forgets the number: by the freezes that came again without it,
// and by the name what rules deny of it, and what was ended.
func TestEraseNamed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	table := gate.NewTable()
	name := func(n number.Number) freeze.MAC { return freeze.MAC{byte(n.Digits()), 1} }
	table.Named(func(n number.Number) []freeze.MAC { return []freeze.MAC{{byte(n.Digits()), 2}, name(n)} })
	at := func(i uint64) number.Number {
		n, err := number.FromDigits(8613800138000 + i)
		require.NoError(t, err)
		return n
	}
	one, other, denied, still, released := at(1), at(2), at(3), at(4), at(5)
	frozen := func(id string, n number.Number, seq int64) freeze.Freeze {
		return freeze.Freeze{ID: freeze.ID(id), Number: n, NumberMAC: name(n), Reason: freeze.Manual,
			From: now.Add(-time.Hour), Seq: seq, OpenedSeq: seq}
	}
	f, g, h := frozen("01J00000000000000000000001", one, 1), frozen("odd", other, 2), frozen("01J00000000000000000000003", released, 3)
	h.Release = &freeze.Release{At: now, Seq: 4}
	table.Apply(f, g, h)
	for _, n := range []number.Number{denied, still} {
		table.Deny(n, []calls.Denial{{Rule: "six", Count: 6, From: now, Until: now.Add(time.Hour)}})
	}
	table.EraseNamed(freeze.MAC{})
	require.Equal(t, 3, table.Len(), "nobody was erased")
	f.Number = number.Number{}
	table.Apply(f)
	require.Equal(t, 4, table.Len())
	table.EraseNamed(name(one))
	require.Equal(t, 3, table.Len())
	table.EraseNamed(name(denied))
	require.Equal(t, []number.Number{still}, table.Denied())
	table.EraseNamed(name(released))
	require.Equal(t, 2, table.Len())
	known, _ := table.Knows(h)
	require.False(t, known)
	for _, n := range []number.Number{one, other} {
		_, stands := table.Standing(n, now)
		require.True(t, stands)
	}
	f.Release = &freeze.Release{At: now, Seq: 5}
	table.Apply(f)
	_, stands := table.Standing(one, now)
	require.False(t, stands, "what becomes of it later counts")
}
