package gate_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
)

// counted keeps what a service counts.
type counted struct {
	answered map[gate.Reason]int
	asked    map[time.Time]int
	dialled  []gate.Refusal
	scrubbed []gate.Refusal
}

func newCounted() *counted {
	return &counted{answered: map[gate.Reason]int{}, asked: map[time.Time]int{}}
}

func (c *counted) Answered(r gate.Reason, n int) {
	if n > 0 {
		c.answered[r] += n
	}
}

func (c *counted) Asked(at time.Time, n int) { c.asked[at] += n }

func (c *counted) Refused(_ time.Time, dial bool, refusals ...gate.Refusal) {
	if dial {
		c.dialled = append(c.dialled, refusals...)
	} else {
		c.scrubbed = append(c.scrubbed, refusals...)
	}
}

// asking is a service at noon that knows one frozen number.
func asking(t *testing.T, h history) (*gate.Service, *counted) {
	t.Helper()
	h.freezes = append(h.freezes, freeze.Freeze{ID: "1", Number: parse(t, "13800138000"),
		Reason: freeze.Manual, From: noon, Until: noon.Add(time.Hour), Seq: 1})
	counts := newCounted()
	return gate.NewService(both(h, noRules), counts, func() time.Time { return noon }), counts
}

func TestCheck(t *testing.T) {
	t.Parallel()
	frozen, free := parse(t, "13800138000"), parse(t, "13800138001")
	before, later := noon.Add(-time.Minute), noon.Add(time.Minute)
	for _, tt := range []struct {
		name    string
		number  number.Number
		at      *time.Time
		reason  gate.Reason
		asOf    time.Time
		dialled int
	}{
		{"frozen", frozen, nil, gate.Frozen, noon, 1},
		{"free", free, nil, gate.None, noon, 0},
		{"frozen later", frozen, &later, gate.Frozen, later, 0},
		{"not frozen before", frozen, &before, gate.None, before, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, counts := asking(t, history{})
			a, asOf, err := s.Check(t.Context(), gate.Ask{Number: tt.number}, tt.at)
			require.NoError(t, err)
			require.Equal(t, tt.reason, a.Reason)
			require.Equal(t, tt.asOf, asOf)
			require.Equal(t, map[gate.Reason]int{tt.reason: 1}, counts.answered)
			require.Equal(t, map[time.Time]int{noon: 1}, counts.asked,
				"it is asked now, whatever about")
			require.Len(t, counts.dialled, tt.dialled)
		})
	}
}

func TestCheckList(t *testing.T) {
	t.Parallel()
	frozen, free := parse(t, "13800138000"), parse(t, "13800138001")
	refusal := []gate.Refusal{{Number: frozen, Reason: gate.Frozen}}
	later := noon.Add(time.Minute)
	for _, tt := range []struct {
		name              string
		list              gate.List
		places            []int
		dialled, scrubbed []gate.Refusal
	}{
		{"to dial", gate.List{}, []int{0, 1, 2}, refusal, nil},
		{"to scrub", gate.List{RefusedOnly: true}, []int{1, 2}, nil, refusal},
		{"about later", gate.List{At: &later}, []int{0, 1, 2}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, counts := asking(t, history{})
			tt.list.Numbers = []number.Number{free, {}, frozen}
			var places []int
			_, err := s.CheckList(t.Context(), tt.list, func(i int, a *gate.Answer) {
				places = append(places, i)
				require.Equal(t, i == 1, a == nil, "an answer for a number that could not be read")
			})
			require.NoError(t, err)
			require.Equal(t, tt.places, places)
			require.Equal(t, map[gate.Reason]int{gate.None: 1, gate.Frozen: 1}, counts.answered)
			require.Equal(t, map[time.Time]int{noon: 3}, counts.asked)
			require.Equal(t, tt.dialled, counts.dialled)
			require.Equal(t, tt.scrubbed, counts.scrubbed)
		})
	}
}

// Where the history can't be read nothing is answered and nothing counted.
func TestCheckThatFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("input/output error")
	earlier := noon.Add(-time.Minute)
	ask := gate.Ask{Number: parse(t, "13800138000")}
	for fail := 1; fail <= 2; fail++ {
		s, counts := asking(t, history{err: broken, failAt: fail, reads: new(int)})
		_, _, err := s.Check(t.Context(), ask, &earlier)
		require.ErrorIs(t, err, broken)
		s, counts2 := asking(t, history{err: broken, failAt: fail, reads: new(int)})
		_, err = s.CheckList(t.Context(), gate.List{Numbers: []number.Number{ask.Number},
			At: &earlier}, func(int, *gate.Answer) {})
		require.ErrorIs(t, err, broken)
		require.Equal(t, newCounted(), counts)
		require.Equal(t, newCounted(), counts2)
	}
}

func TestReserve(t *testing.T) {
	t.Parallel()
	n := parse(t, "13800138002")
	then := noon.Add(time.Second)
	frozen := calls.Known{At: then, Freezes: []freeze.Freeze{{ID: "2", Number: n, From: noon}}}
	for _, tt := range []struct {
		name    string
		known   *calls.Known // nil: the call was reserved before
		reason  gate.Reason
		asOf    time.Time
		dialled []gate.Refusal
	}{
		{"granted", &calls.Known{At: then}, gate.None, then, nil},
		{"refused", &frozen, gate.Frozen, then, []gate.Refusal{{Number: n, Reason: gate.Frozen}}},
		{"again", nil, gate.None, noon, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, counts := asking(t, history{})
			r := s.Reserve(gate.Ask{Number: n})
			granted := tt.known == nil || r.Decide(*tt.known)
			a, asOf := r.Done(granted)
			require.Equal(t, tt.reason == gate.None, granted)
			require.Equal(t, tt.reason, a.Reason)
			require.Equal(t, tt.asOf, asOf)
			require.Equal(t, map[gate.Reason]int{tt.reason: 1}, counts.answered)
			require.Equal(t, map[time.Time]int{tt.asOf: 1}, counts.asked)
			require.Equal(t, tt.dialled, counts.dialled)
		})
	}
}
