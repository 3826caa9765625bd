package gate_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func parse(t testing.TB, s string) number.Number {
	t.Helper()
	n, err := number.Parse(s, "")
	require.NoError(t, err)
	return n
}

// history is what is stored, as a gate sees it.
type history struct {
	freezes []freeze.Freeze
	err     error
}

func (h history) FreezesOf(_ context.Context, n number.Number) ([]freeze.Freeze, error) {
	var out []freeze.Freeze
	for _, f := range h.freezes {
		if f.Number == n {
			out = append(out, f)
		}
	}
	return out, h.err
}

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
		require.Equal(t, freeze.ID("1"), got.ID)
		got, ok = table.Standing(n, noon.Add(time.Minute))
		require.True(t, ok)
		require.Equal(t, freeze.ID("2"), got.ID)
		_, ok = table.Standing(n, noon.Add(time.Hour))
		require.False(t, ok)
		require.EqualValues(t, 3, table.Seq())
	}
}

func TestTableAtOnce(t *testing.T) {
	t.Parallel()
	table := gate.NewTable()
	var wg sync.WaitGroup
	for i := range 8 {
		n := parse(t, fmt.Sprintf("1380013800%d", i%4))
		wg.Go(func() {
			for j := range 100 {
				table.Apply(freeze.Freeze{ID: freeze.ID(fmt.Sprint(i, "-", j)), Number: n, From: noon, Seq: int64(i*100 + j)})
				table.Standing(n, noon)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 799, table.Seq())
}

func TestGate(t *testing.T) {
	t.Parallel()
	frozen, endless, free := parse(t, "13800138000"), parse(t, "13800138001"), parse(t, "13800138002")
	until := noon.Add(48 * time.Hour)
	short := freeze.Freeze{ID: "short", Number: frozen, Class: "no_need", From: noon.Add(-time.Hour), Until: noon.Add(time.Hour)}
	long := freeze.Freeze{ID: "long", Number: frozen, Class: "not_interested", From: noon.Add(-time.Minute), Until: until}
	over := freeze.Freeze{ID: "over", Number: frozen, Class: "complaint", From: noon.AddDate(0, -2, 0), Release: &freeze.Release{At: noon.AddDate(0, -1, 0)}}
	stop := freeze.Freeze{ID: "stop", Number: endless, Class: "stop_calling", From: noon.Add(-time.Hour)}
	table := gate.NewTable()
	table.Apply(short, long, stop) // what ended long ago is not loaded
	g := gate.New(table, history{freezes: []freeze.Freeze{over, short, long, stop}})

	no := func(n number.Number, f freeze.Freeze) gate.Answer {
		return gate.Answer{Number: n, Reason: gate.Frozen, Class: f.Class, Until: f.Until, Freeze: f.ID}
	}
	yes := func(n number.Number) gate.Answer { return gate.Answer{Number: n, Allowed: true, Reason: gate.None} }
	for _, tt := range []struct {
		name string
		n    number.Number
		at   time.Time
		want gate.Answer
	}{
		{"the latest end answers", frozen, noon, no(frozen, long)},
		{"the other one alone", frozen, noon.Add(-30 * time.Minute), no(frozen, short)},
		{"after the end", frozen, until, yes(frozen)},
		{"between freezes", frozen, noon.AddDate(0, 0, -10), yes(frozen)},
		{"no end", endless, noon.AddDate(1, 0, 0), no(endless, stop)},
		{"nothing known", free, noon, yes(free)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, g.Now(tt.n, tt.at))
			got, err := g.At(t.Context(), tt.n, tt.at)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
	got, err := g.At(t.Context(), frozen, noon.AddDate(0, -1, -7))
	require.NoError(t, err)
	require.Equal(t, no(frozen, over), got, "the past is answered from all that is known")

	boom := errors.New("boom")
	_, err = gate.New(table, history{err: boom}).At(t.Context(), frozen, noon)
	require.ErrorIs(t, err, boom)
}
