package gate_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
)

// names are those of two generations of a ledger's key, the latest first.
func names(t testing.TB) *freeze.Names {
	t.Helper()
	keys, err := freeze.NewKeys(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32))
	require.NoError(t, err)
	n, err := keys.Names()
	require.NoError(t, err)
	return n
}

// A table without numbers finds what one with numbers does, whatever became of what.
func TestNamedTableIsLikeAnother(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	of := names(t)
	plain, named := gate.NewTable(), gate.NewNamedTable(of.All)
	numbers := make([]number.Number, 100)
	generation := make([]int, len(numbers))
	for i := range numbers {
		var err error
		numbers[i], err = number.FromDigits(8613800138000 + uint64(i))
		require.NoError(t, err)
		generation[i] = rnd.IntN(2)
	}
	now, seq := noon, int64(0)
	var freezes []freeze.Freeze
	all := map[freeze.MAC][]calls.Denial{}
	tell := func(f freeze.Freeze, i int) {
		plain.Apply(f)
		f.Number, f.NumberMAC = number.Number{}, of.All(numbers[i])[generation[i]]
		named.Apply(f)
	}
	for step := range 3000 {
		i := rnd.IntN(len(numbers))
		seq++
		switch rnd.IntN(6) {
		case 0, 1:
			f := freeze.Freeze{ID: freeze.ID(fmt.Sprintf("01J%023d", step)), Number: numbers[i], Reason: freeze.Manual,
				Line: []string{"", "a", "b"}[rnd.IntN(3)], From: now, Seq: seq, OpenedSeq: seq}
			if rnd.IntN(2) == 0 {
				f.Until = now.Add(time.Duration(rnd.IntN(100)) * time.Minute)
			}
			freezes = append(freezes, f)
			tell(f, i)
		case 2:
			if len(freezes) > 0 {
				f := freezes[rnd.IntN(len(freezes))]
				f.Release = &freeze.Release{At: now, Seq: seq}
				tell(f, int(f.Number.Digits()-8613800138000))
			}
		case 3:
			a := freeze.Allow{ID: freeze.AllowID(fmt.Sprintf("01K%023d", step)), Number: numbers[i], From: now,
				Until: now.Add(time.Hour), Seq: seq}
			plain.ApplyAllow(a)
			a.Number, a.NumberMAC = number.Number{}, of.All(numbers[i])[generation[i]]
			named.ApplyAllow(a)
		case 4:
			d := []calls.Denial{{Rule: "r", Version: "v", Agent: []string{"", "x"}[rnd.IntN(2)], Count: step, Limit: 6, From: now,
				Until: now.Add(30 * time.Minute), Window: "day"}}[:rnd.IntN(2)]
			plain.Deny(numbers[i], d)
			named.DenyNamed(of.Of(numbers[i]), d)
		case 5:
			if rnd.IntN(50) == 0 { // other rules
				denied := map[number.Number][]calls.Denial{}
				clear(all)
				for _, n := range numbers[:rnd.IntN(20)] {
					d := []calls.Denial{{Rule: "s", Version: "w", Count: step, From: now, Until: now.Add(time.Hour)}}
					denied[n], all[of.Of(n)] = d, d
				}
				plain.DenyAll(denied)
				named.DenyOnly(all)
			}
			now = now.Add(time.Duration(rnd.IntN(3)) * time.Minute)
			if rnd.IntN(20) == 0 {
				require.Equal(t, plain.Sweep(now), named.Sweep(now))
			}
		}
	}
	require.Equal(t, plain.Len(), named.Len())
	require.Equal(t, plain.Active(now), named.Active(now))
	for _, ask := range []gate.Ask{{}, {Line: "a"}, {Line: "b", Agent: "x"}} {
		var found []gate.Found
		named.FindAll(numbers, ask, now, func(_ int, f *gate.Found) { found = append(found, *f) })
		for i, n := range numbers {
			ask.Number = n
			want := plain.Find(ask, now)
			want.Freeze.Number, want.Allow.Number = number.Number{}, number.Number{}
			require.Equal(t, want, named.Find(ask, now), "%d", i)
			require.Equal(t, want, found[i], "%d", i)
		}
	}
}

// behind is how far a gate knows.
type behind struct {
	at          time.Time
	stale, open bool
}

func (b behind) AsOf() time.Time                 { return b.at }
func (b behind) Stale(string) (stale, open bool) { return b.stale, b.open }

// A gate that is too far behind answers so where it knows nothing, and only there.
func TestStaleGate(t *testing.T) {
	t.Parallel()
	free, frozen := parse(t, "13800138001"), parse(t, "13800138002")
	table := gate.NewTable()
	table.Apply(freeze.Freeze{ID: "01J00000000000000000000001", Number: frozen, Reason: freeze.Manual, From: noon, Seq: 1})
	rules := func() calls.Timeline { return calls.Timeline{{RuleSet: calls.Default()}} }
	for _, b := range []behind{{noon.Add(-time.Second), false, false}, {noon.Add(-time.Hour), true, false},
		{noon.Add(-time.Hour), true, true}} {
		s := gate.NewService(gate.New(table, history{}, rules), nobody{}, func() time.Time { return noon })
		s.Follows(b)
		a, asOf, err := s.Check(t.Context(), gate.Ask{Number: frozen}, nil)
		require.NoError(t, err)
		require.Equal(t, gate.Frozen, a.Reason)
		require.Equal(t, b.at, asOf)
		a, _, err = s.Check(t.Context(), gate.Ask{Number: free}, nil)
		require.NoError(t, err)
		require.Equal(t, b.stale, a.Reason == gate.Stale)
		require.Equal(t, !b.stale || b.open, a.Allowed)
		require.Equal(t, b.stale, a.Sentence(gate.English, nil) != "" && a.Sentence(gate.Chinese, nil) != "")
		var reasons []gate.Reason
		_, err = s.CheckList(t.Context(), gate.List{Numbers: []number.Number{free, frozen}},
			func(_ int, x *gate.Answer) { reasons = append(reasons, x.Reason) })
		require.NoError(t, err)
		require.Equal(t, []gate.Reason{a.Reason, gate.Frozen}, reasons)
	}
}

// nobody counts nothing.
type nobody struct{}

func (nobody) Answered(gate.Reason, int)                {}
func (nobody) Asked(time.Time, int)                     {}
func (nobody) Refused(time.Time, bool, ...gate.Refusal) {}
