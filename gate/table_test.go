package gate_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
)

// Whatever order changes arrive in, and however often, the table ends the same: a
// release is never undone by news that are older.
func TestTableNeedsNoOrder(t *testing.T) {
	t.Parallel()
	n := parse(t, "13800138000")
	first := freeze.Freeze{ID: "1", Number: n, From: noon, Seq: 1}
	second := freeze.Freeze{ID: "2", Number: n, From: noon, Until: noon.Add(time.Hour), Seq: 2}
	released := first
	released.Release = &freeze.Release{At: noon.Add(time.Minute), Seq: 3}
	news := []freeze.Freeze{first, second, released}
	rnd := rand.New(rand.NewPCG(1, 2)) // the same every time
	for range 100 {
		table := gate.NewTable()
		for _, i := range rnd.Perm(len(news)) {
			table.Apply(news[i])
			table.Apply(news[rnd.IntN(i+1)]) // again, or ahead of time
		}
		table.Apply(news...)
		got, ok := table.Standing(n, noon)
		require.True(t, ok)
		require.Equal(t, freeze.ID("2"), got.ID, "the other was released, whenever that was")
		_, ok = table.Standing(n, noon.Add(time.Hour))
		require.False(t, ok)
		require.EqualValues(t, 3, table.Seq())
		require.Equal(t, 2, table.Len())
	}
}

// What the table gives is what it was given, to the last digit and microsecond.
func TestTableIsExact(t *testing.T) {
	t.Parallel()
	table := gate.NewTable()
	digits := []uint64{100, 8613800138000, 8613800138001, 999_999_999_999_999}
	var all []freeze.Freeze
	for i, d := range digits {
		n, err := number.FromDigits(d)
		require.NoError(t, err)
		f := freeze.Freeze{
			ID: "01KAQ3ZZZZZZZZZZZZZZZZZZZ" + freeze.ID("0123"[i]), Number: n, Reason: freeze.Ruled,
			Class: fmt.Sprint("class ", i), Line: fmt.Sprint("line ", i),
			Rule: "rejected", RuleVersion: fmt.Sprint("rules@", i),
			From: noon.Add(time.Duration(i) * time.Microsecond), Seq: 1<<36 - 1 - int64(i),
		}
		if i > 0 {
			f.Until = f.From.Add(time.Microsecond)
		}
		all = append(all, f)
	}
	all[1].ID, all[2].ID = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "no ULID"
	table.Apply(all...)
	for _, f := range all {
		got, ok := table.Standing(f.Number, f.From)
		require.True(t, ok)
		require.Equal(t, f, got)
		_, ok = table.Standing(f.Number, f.From.Add(-time.Hour))
		require.True(t, ok, "that it begun follows from the ledger")
		if !f.Until.IsZero() {
			_, ok = table.Standing(f.Number, f.Until)
			require.False(t, ok)
		}
	}
	require.EqualValues(t, 1<<36-1, table.Seq())
}

// An id in lower case is not the same as the ULID that it could be read as.
func TestTableTellsIDsApart(t *testing.T) {
	t.Parallel()
	n := parse(t, "13800138000")
	table := gate.NewTable()
	for _, id := range []freeze.ID{"01KAQ3ZZZZZZZZZZZZZZZZZZZZ", "01kaq3zzzzzzzzzzzzzzzzzzzz",
		"81KAQ3ZZZZZZZZZZZZZZZZZZZZ", "", "x"} {
		table.Apply(freeze.Freeze{ID: id, Number: n, From: noon})
		table.Apply(freeze.Freeze{ID: id, Number: n, From: noon})
	}
	require.Equal(t, 5, table.Len())
}

func TestTableGrows(t *testing.T) {
	t.Parallel()
	const many = 50_000
	table := gate.NewTable()
	at := func(i int) number.Number {
		n, err := number.FromDigits(8613000000000 + uint64(i))
		require.NoError(t, err)
		return n
	}
	for i := range many {
		table.Apply(freeze.Freeze{ID: freezeID(i), Number: at(i), From: noon,
			Until: noon.Add(time.Duration(1+i%2) * time.Hour), Seq: int64(i)})
	}
	require.Equal(t, many, table.Len())
	require.Equal(t, many/2, table.Sweep(noon.Add(time.Hour)))
	require.Zero(t, table.Sweep(noon.Add(time.Hour)))
	for i := range many {
		f, ok := table.Standing(at(i), noon.Add(time.Hour))
		require.Equal(t, i%2 == 1, ok)
		if ok {
			require.Equal(t, freezeID(i), f.ID)
		}
	}
	require.Equal(t, many/2, table.Sweep(noon.Add(2*time.Hour)))
	require.Zero(t, table.Len())
}

func TestActive(t *testing.T) {
	t.Parallel()
	n := parse(t, "13800138000")
	table := gate.NewTable()
	table.Apply(
		freeze.Freeze{ID: "1", Number: n, Reason: freeze.Refused, From: noon},
		freeze.Freeze{ID: "2", Number: n, Reason: freeze.Refused, Class: "no_need", From: noon,
			Until: noon.Add(time.Hour)},
		freeze.Freeze{ID: "3", Number: n, Reason: freeze.Ruled, From: noon,
			Until: noon.Add(time.Minute)},
		freeze.Freeze{ID: "4", Number: n, Reason: freeze.Manual, From: noon.Add(time.Minute)},
		freeze.Freeze{ID: "5", Number: n, Reason: freeze.Manual, From: noon,
			Release: &freeze.Release{At: noon.Add(time.Minute)}},
	)
	table.ApplyAllow(freeze.Allow{ID: "1", Number: n, From: noon, Until: noon.Add(time.Hour)})
	require.Equal(t, map[freeze.Reason]int{freeze.Refused: 2, freeze.Ruled: 1, freeze.Manual: 1},
		table.Active(noon), "of the manual ones one was released")
	require.Equal(t, map[freeze.Reason]int{freeze.Refused: 2, freeze.Manual: 1},
		table.Active(noon.Add(time.Minute)))
	require.Equal(t, 5, table.Len())
}

func freezeID(i int) freeze.ID { return freeze.ID(fmt.Sprintf("01KAQ3%020d", i)) }

// news is what becomes of a few freezes on a few numbers: each opened, some extended
// again and again, some released.
func news(t *rapid.T) []freeze.Freeze {
	var out []freeze.Freeze
	seq := int64(0)
	for i := range rapid.IntRange(1, 20).Draw(t, "freezes") {
		f := freeze.Freeze{
			ID: freezeID(i), Number: someNumber(t), Reason: freeze.Manual,
			Class: rapid.SampledFrom([]string{"", "no_need", "complaint"}).Draw(t, "class"),
			Line:  rapid.SampledFrom([]string{"", "", "a", "b"}).Draw(t, "line"),
			From:  someTime(t, "from"),
		}
		for range rapid.IntRange(1, 3).Draw(t, "ends") {
			seq++
			// an extension never shortens
			f.Seq, f.Until = seq, later(f.Until, someTime(t, "until"))
			out = append(out, f)
		}
		if rapid.Bool().Draw(t, "endless") {
			seq++
			f.Seq, f.Until = seq, time.Time{}
			out = append(out, f)
		}
		if rapid.Bool().Draw(t, "released") {
			seq++
			f.Release = &freeze.Release{At: someTime(t, "released at"), Seq: seq}
			out = append(out, f)
		}
	}
	return out
}

func someNumber(t *rapid.T) number.Number {
	return numberAt(t, rapid.IntRange(0, 3).Draw(t, "number"))
}

func numberAt(t require.TestingT, i int) number.Number {
	n, err := number.FromDigits(8613800138000 + uint64(i))
	require.NoError(t, err)
	return n
}

// someTime is within an hour after noon, less than it takes until Sweep forgets, and often
// the same.
func someTime(t *rapid.T, what string) time.Time {
	return noon.Add(time.Duration(rapid.IntRange(0, 11).Draw(t, what)) * 5 * time.Minute)
}

// latest is what the last news of each freeze say: the model.
func latest(news []freeze.Freeze) []freeze.Freeze {
	byID := map[freeze.ID]freeze.Freeze{}
	for _, f := range news { // in the order of the ledger
		byID[f.ID] = f
	}
	var out []freeze.Freeze
	for i := range len(byID) {
		out = append(out, byID[freezeID(i)])
	}
	return out
}

// The table answers like a plain list of the latest news, in whatever order and however
// often they came, and whatever was swept between.
func TestTableIsLikeAList(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := news(t)
		late := rapid.Permutation(append(slices.Clone(all),
			rapid.SliceOfN(rapid.SampledFrom(all), 0, 10).Draw(t, "again")...)).Draw(t, "arrival")
		table := gate.NewTable()
		swept := noon
		for _, f := range late {
			table.Apply(f)
			if rapid.IntRange(0, 5).Draw(t, "sweep") == 0 {
				swept = later(swept, someTime(t, "sweep at"))
				table.Sweep(swept)
			}
		}
		model := latest(all)
		for range 5 {
			at := later(swept, someTime(t, "ask at"))
			n := someNumber(t)
			got, ok := table.Standing(n, at)
			want, wantOK := standing(model, n, at)
			require.Equal(t, wantOK, ok)
			require.Equal(t, want, got)
		}
	})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// standing is the plain answer: of the freezes that stand the one that ends last, and of
// several the one with the lowest id. Only what the table keeps is left of it.
func standing(all []freeze.Freeze, n number.Number, at time.Time) (best freeze.Freeze, found bool) {
	for _, f := range all {
		if f.Number == n && f.Binds(at) && (!found || f.Outlasts(best)) {
			best, found = f, true
		}
	}
	best.Release = nil
	return best, found
}

func TestTableAtOnce(t *testing.T) {
	t.Parallel()
	table := gate.NewTable()
	var wg sync.WaitGroup
	for i := range 8 {
		n := parse(t, fmt.Sprintf("1380013800%d", i%4))
		wg.Go(func() {
			for j := range 200 {
				f := freeze.Freeze{ID: freezeID(1000*i + j), Number: n, Class: fmt.Sprint(j % 10),
					From: noon, Until: noon.Add(time.Hour), Seq: int64(i*200 + j)}
				table.Apply(f)
				f.Release = &freeze.Release{At: noon}
				table.Apply(f)
				table.ApplyAllow(freeze.Allow{ID: freeze.AllowID(f.ID), Number: n, From: noon,
					Until: noon.Add(time.Hour), Seq: f.Seq})
				_, ok := table.Standing(n, noon)
				if ok && j%50 == 0 {
					table.Sweep(noon.Add(2 * time.Hour))
					table.Active(noon)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1599, table.Seq())
	for i := range 4 {
		_, ok := table.Standing(parse(t, fmt.Sprintf("1380013800%d", i)), noon)
		require.False(t, ok)
	}
	table.Sweep(noon.Add(2 * time.Hour))
	require.Zero(t, table.Len())
}

// What was applied is found from then on, while its part of the table grows, changes
// and is swept.
func TestTableLosesNothing(t *testing.T) {
	t.Parallel()
	const many = 10_000
	table := gate.NewTable()
	var applied atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range many {
			f := freeze.Freeze{ID: freezeID(i), Number: numberAt(t, i), From: noon,
				Until: noon.Add(time.Hour), Seq: int64(2 * i)}
			table.Apply(f)
			if i%3 == 0 {
				f.Until, f.Seq = noon.Add(2*time.Hour), f.Seq+1
				table.Apply(f)
			}
			table.Apply(freeze.Freeze{ID: freezeID(many + i), Number: numberAt(t, many+i),
				From: noon.Add(-time.Hour), Until: noon})
			applied.Store(int64(i + 1))
		}
	})
	for seed := range 2 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(seed), 1))
			for n := applied.Load(); n < many; n = applied.Load() {
				if n == 0 {
					continue
				}
				i := rnd.IntN(int(n))
				if _, ok := table.Standing(numberAt(t, i), noon); !ok {
					t.Errorf("freeze %d of %d is lost", i, n)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for applied.Load() < many {
			table.Sweep(noon)
		}
	})
	wg.Wait()
	require.Equal(t, map[freeze.Reason]int{"": many}, table.Active(noon))
}
