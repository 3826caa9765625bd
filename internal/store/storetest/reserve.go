package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/request"
)

// byTheRules grants a call where no freeze stands and no rule denies it.
func (b *bench) byTheRules(k calls.Known) bool {
	if _, frozen := freeze.Latest(k.Freezes, k.At); frozen {
		return false
	}
	return len(k.Denials)+len(b.timeline().Denials(k.History, k.At)) == 0
}

func (b *bench) reserve(t testing.TB, id string, n int) (calls.Reserved, error) {
	t.Helper()
	return b.calls.Reserve(t.Context(), calls.Call{ID: id, Number: numberOf(t, n), Agent: "小王",
		Line: "sales"}, 5*time.Minute, b.byTheRules)
}

func testReserveCall(t *testing.T, b *bench) {
	ctx := t.Context()
	got, err := b.reserve(t, "c1", 1)
	require.NoError(t, err)
	want := calls.Call{ID: "c1", Number: numberOf(t, 1), Agent: "小王", Line: "sales", Start: begin,
		ReservedUntil: begin.Add(5 * time.Minute)}
	require.Equal(t, calls.Reserved{Granted: true, Call: want}, got)
	kept, err := b.Calls.Get(ctx, "c1", b.timeline())
	require.NoError(t, err)
	require.Equal(t, want, kept.Call)
	b.later(5*time.Minute - 1)
	got, err = b.calls.Reserve(ctx, calls.Call{ID: "c1", Number: numberOf(t, 1)}, time.Hour,
		func(calls.Known) bool {
			t.Error("asked again")
			return false
		})
	require.NoError(t, err)
	require.Equal(t, calls.Reserved{Granted: true, Call: want, Again: true}, got)
	_, err = b.reserve(t, "c1", 2)
	require.Equal(t, "RESERVATION_CONFLICT", fault.ReasonOf(err))
	require.NotContains(t, err.Error(), numberOf(t, 1).E164())

	b.later(1)
	_, err = b.reserve(t, "c1", 1)
	require.Equal(t, "RESERVATION_EXPIRED", fault.ReasonOf(err))
	h, err := b.callHistory(ctx, numberOf(t, 1), begin, begin)
	require.NoError(t, err)
	require.Len(t, h.Calls, 1, "it stays an attempt")

	c := call(t, "c1", 1, time.Second)
	out := b.reported(t, c)
	require.Equal(t, []calls.Reported{{Call: c, Status: calls.Created}}, out)
	_, err = b.reserve(t, "c1", 1)
	require.Equal(t, "CALL_REPORTED", fault.ReasonOf(err))
	require.Equal(t, fault.Precondition, fault.KindOf(err))
	require.Equal(t, calls.Unchanged, b.reported(t, c)[0].Status)
}

// testReserveFrozen: a reservation ends when a freeze comes, whatever was permitted before,
// and goes on where that was a mistake.
func testReserveFrozen(t *testing.T, b *bench) {
	_, err := b.reserve(t, "c1", 1)
	require.NoError(t, err)
	_, err = b.freeze.Order(t.Context(), request.Request{},
		[]freeze.Freeze{{Number: numberOf(t, 1), Reason: freeze.Manual}})
	require.NoError(t, err)
	got, err := b.reserve(t, "c1", 1)
	require.NoError(t, err)
	require.Equal(t, calls.Reserved{}, got)
	_, err = b.reserve(t, "c1", 2)
	require.Equal(t, "RESERVATION_CONFLICT", fault.ReasonOf(err))
	_, err = b.freeze.Release(t.Context(), request.Request{}, numberOf(t, 1), "ops", "a mistake")
	require.NoError(t, err)
	got, err = b.reserve(t, "c1", 1)
	require.NoError(t, err)
	require.True(t, got.Granted && got.Again)
	b.reported(t, call(t, "c1", 1, 0))
	_, err = b.reserve(t, "c1", 1)
	require.Equal(t, "CALL_REPORTED", fault.ReasonOf(err))
}

func testReserveRefused(t *testing.T, b *bench) {
	ctx := t.Context()
	for name, tt := range map[string]struct {
		c    calls.Call
		hold time.Duration
	}{
		"no id": {calls.Call{Number: numberOf(t, 1)}, time.Minute},
		"long id": {calls.Call{ID: strings.Repeat("x", 129), Number: numberOf(t, 1)},
			time.Minute},
		"no number": {calls.Call{ID: "c"}, time.Minute},
		"no hold":   {calls.Call{ID: "c", Number: numberOf(t, 1)}, 0},
		"long hold": {calls.Call{ID: "c", Number: numberOf(t, 1)}, time.Hour + 1},
		"long line": {calls.Call{ID: "c", Number: numberOf(t, 1), Line: strings.Repeat("x", 129)},
			time.Minute},
	} {
		_, err := b.calls.Reserve(ctx, tt.c, tt.hold, b.byTheRules)
		require.Equal(t, fault.Invalid, fault.KindOf(err), name)
	}
	f, err := b.freeze.Order(ctx, request.Request{},
		[]freeze.Freeze{{Number: numberOf(t, 1), Reason: freeze.Manual}})
	require.NoError(t, err)
	a, err := b.freeze.Allow(ctx, request.Request{},
		freeze.Allow{Number: numberOf(t, 1), Until: begin.Add(time.Hour)})
	require.NoError(t, err)
	got, err := b.calls.Reserve(ctx, calls.Call{ID: "c", Number: numberOf(t, 1)}, time.Minute,
		func(k calls.Known) bool {
			require.Equal(t, calls.Known{At: begin, Freezes: f, Allows: []freeze.Allow{a}}, k)
			return false
		})
	require.NoError(t, err)
	require.Equal(t, calls.Reserved{}, got)
	require.Zero(t, b.count(t, `SELECT COUNT(*) FROM calls`),
		"what is refused leaves nothing behind")
}

// testLastAttempt: however many diallers ask at once, as many get the number as the rule
// permits, reported calls among them.
func testLastAttempt(t *testing.T, b *bench) {
	for i := range 2 {
		c := call(t, fmt.Sprint("before", i), 1, -time.Minute)
		c.Outcome = calls.NoAnswer
		b.reported(t, c)
	}
	const diallers = 40
	granted, errs := make([]bool, diallers), make([]error, diallers)
	atOnce(diallers, func(i int) {
		r, err := b.reserve(t, fmt.Sprint("c", i), 1)
		granted[i], errs[i] = r.Granted, err
	})
	n := 0
	for i := range diallers {
		require.NoError(t, errs[i])
		if granted[i] {
			n++
		}
	}
	require.Equal(t, 4, n, "six a day, of which two were made")
	require.Equal(t, 6, b.count(t, `SELECT COUNT(*) FROM calls`))
	require.Len(t, b.denied(t, 1), 1)
	require.Equal(t, 6, b.denied(t, 1)[0].Count)
}

// testReserveAndReport: reservations and reports that come together see one another.
func testReserveAndReport(t *testing.T, b *bench) {
	var granted [20]bool
	atOnce(40, func(i int) {
		if i%2 == 0 {
			c := call(t, fmt.Sprint("r", i), i/4, -time.Second)
			c.Outcome = calls.NoAnswer
			b.reported(t, c)
			return
		}
		r, err := b.reserve(t, fmt.Sprint("c", i), i/20)
		require.NoError(t, err)
		granted[i/2] = r.Granted
	})
	for n := range 2 {
		made := b.count(t, `SELECT COUNT(*) FROM calls WHERE number = $1`, numberOf(t, n).Digits())
		require.GreaterOrEqual(t, made, 6)
		require.LessOrEqual(t, made, 8, "reports come in whatever is denied")
		require.Len(t, b.denied(t, n), 1)
		require.Equal(t, made, b.denied(t, n)[0].Count)
	}
}

// testReservedReopen: reservations outlast a restart.
func testReservedReopen(t *testing.T, b *bench) {
	for i := range 6 {
		_, err := b.reserve(t, fmt.Sprint("c", i), 1)
		require.NoError(t, err)
	}
	b.reopen(t)
	require.Len(t, b.standingDenials(t), 1)
	got, err := b.reserve(t, "c6", 1)
	require.NoError(t, err)
	require.False(t, got.Granted)
	got, err = b.reserve(t, "c5", 1)
	require.NoError(t, err)
	require.True(t, got.Again)
	b.stop(t)
	_, err = b.reserve(t, "c7", 2)
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	_, err = b.calls.Report(t.Context(), []calls.Call{call(t, "c8", 1, 0)})
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	b.start(t)
}
