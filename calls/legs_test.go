package calls_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
)

// legOf makes legs of one call to one number.
func legOf(t testing.TB) func(second int, o calls.Outcome, talk int, agent, code string) calls.Call {
	t.Helper()
	return func(second int, o calls.Outcome, talk int, agent, code string) calls.Call {
		c := attempt("1764.11", second, o, talk)
		c.Number, c.Agent, c.Code = report(t).Number, agent, code
		return c
	}
}

// Rows that a switch writes of one call under one id are its legs: in any order, and however
// often they come, the same one counts.
func TestMergeOfLegs(t *testing.T) {
	t.Parallel()
	leg := legOf(t)
	unknown := leg(0, calls.Answered, 0, "a2", "ANSWER")
	unknown.TalkUnknown = true
	for name, tt := range map[string]struct {
		legs []calls.Call
		want int
	}{
		"the customer rejected at last": {[]calls.Call{leg(0, calls.NoAnswer, 0, "a1", "NOANSWER"),
			leg(0, calls.NoAnswer, 0, "a2", "NOANSWER"),
			leg(20, calls.Rejected, 0, "a3", "BUSY/21")}, 2},
		"answered at first": {[]calls.Call{leg(0, calls.Answered, 40, "a1", "ANSWERED"),
			leg(0, calls.NoAnswer, 0, "a2", "NO ANSWER"), leg(30, calls.Busy, 0, "a3", "BUSY")}, 0},
		"the longest talk": {[]calls.Call{leg(0, calls.Answered, 3, "a1", ""),
			leg(0, calls.Answered, 30, "a2", ""), leg(20, calls.Answered, 0, "a3", "")}, 1},
		"a talk that is known": {[]calls.Call{unknown, leg(0, calls.Answered, 3, "a1", "ANSWER")}, 1},
		"the first":            {[]calls.Call{leg(0, calls.Busy, 0, "", ""), leg(9, calls.Busy, 0, "", "")}, 0},
		"a long queue": {[]calls.Call{leg(0, calls.NoAnswer, 0, "a1", ""),
			leg(600, calls.Rejected, 0, "a2", ""), leg(300, calls.NoAnswer, 0, "a3", "")}, 1},
		"handed on": {[]calls.Call{leg(0, calls.Answered, 9, "a1", ""),
			leg(60, calls.Answered, 90, "a2", "")}, 1},
		"by the code alone": {[]calls.Call{leg(0, calls.NoAnswer, 0, "", "NO ANSWER"),
			leg(0, calls.Answered, 9, "", "ANSWERED")}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				all := rapid.Permutation(slices.Concat(tt.legs, tt.legs)).Draw(t, "order")
				var counts *calls.Call
				for _, in := range all {
					got, status, err := calls.Merge(counts, in)
					require.NoError(t, err)
					require.Equal(t, counts != nil && got == *counts, status == calls.Unchanged)
					counts = &got
				}
				require.Equal(t, tt.legs[tt.want], *counts)
			})
		})
	}
	first := leg(0, calls.NoAnswer, 0, "a1", "NOANSWER")
	for name, in := range map[string]calls.Call{
		"much later":           leg(601, calls.Rejected, 0, "a2", "BUSY/21"),
		"dialled again":        leg(61, calls.Rejected, 0, "a1", "BUSY/21"),
		"the same dial":        leg(0, calls.Rejected, 0, "a1", "NOANSWER"),
		"who says less":        leg(0, calls.Rejected, 0, "", ""),
		"somebody else called": func() calls.Call { c := leg(5, calls.Rejected, 0, "a2", ""); c.Number = number.Number{}; return c }(),
	} {
		_, _, err := calls.Merge(&first, in)
		require.Equal(t, "REVISION_CONFLICT", fault.ReasonOf(err), name)
	}
}

// Who dials the same customer again from a session that stands gives all calls one id. None
// that reached the customer stands for another, in whatever order they come: where they
// contradict each other, the source reports them under ids of their own.
func TestDialsOfOneSession(t *testing.T) {
	t.Parallel()
	leg := legOf(t)
	outcomes := []calls.Outcome{calls.Rejected, calls.Rejected, calls.Answered, calls.Voicemail,
		calls.NoAnswer, calls.Failed}
	rapid.Check(t, func(t *rapid.T) {
		var dials []calls.Call
		reached := 0
		for i := range rapid.IntRange(1, 6).Draw(t, "dials") {
			o := rapid.SampledFrom(outcomes).Draw(t, "outcome")
			step := rapid.SampledFrom([]int{7, 50, 500}).Draw(t, "step")
			dials = append(dials, leg(i*step, o, 0, "a1", string(o)))
			if o != calls.NoAnswer && o != calls.Failed {
				reached++
			}
		}
		known := map[string]calls.Call{}
		for _, in := range rapid.Permutation(dials).Draw(t, "order") {
			own := fmt.Sprint("leg", in.Start)
			for _, id := range []string{in.ID, own} {
				var stored *calls.Call
				if c, ok := known[id]; ok {
					stored = &c
				}
				in.ID = id
				got, _, err := calls.Merge(stored, in)
				if err == nil {
					known[id] = got
					break
				}
				require.Equal(t, "REVISION_CONFLICT", fault.ReasonOf(err))
				require.NotEqual(t, own, id)
			}
		}
		got := 0
		for _, c := range known {
			if c.Outcome != calls.NoAnswer && c.Outcome != calls.Failed {
				got++
			}
		}
		require.Equal(t, reached, got)
	})
}

// A correction without a higher revision is refused, though it says another start or code.
func TestContradictionsAreNoLegs(t *testing.T) {
	t.Parallel()
	leg := legOf(t)
	for name, tt := range map[string][2]calls.Call{
		"rejected instead": {leg(0, calls.Answered, 60, "a1", "A"), leg(1, calls.Rejected, 0, "a1", "B")},
		"another code":     {leg(0, calls.Rejected, 0, "", "A"), leg(0, calls.Rejected, 0, "", "B")},
		"another start":    {leg(0, calls.Rejected, 0, "a1", "A"), leg(9, calls.Rejected, 0, "a1", "A")},
		"a shorter talk":   {leg(0, calls.Answered, 60, "", "A"), leg(1, calls.Answered, 6, "", "B")},
		"an agent more":    {leg(0, calls.Answered, 60, "", "A"), leg(1, calls.Rejected, 0, "a1", "B")},
		"a machine":        {leg(0, calls.Answered, 6, "a1", "A"), leg(0, calls.Voicemail, 6, "a1", "B")},
		"two agents, more than a minute apart": {leg(0, calls.Rejected, 0, "a1", "A"),
			leg(61, calls.Rejected, 0, "a2", "A")},
	} {
		for i := range tt {
			stored := tt[i]
			got, _, err := calls.Merge(&stored, tt[1-i])
			require.Equal(t, "REVISION_CONFLICT", fault.ReasonOf(err), name)
			require.Equal(t, tt[i], got, name)
		}
	}
}

// That a number is virtual is not taken back by a report that doesn't say it, but by a later
// revision.
func TestMergeOfVirtual(t *testing.T) {
	t.Parallel()
	leg := legOf(t)
	virtual := func(c calls.Call) calls.Call { c.Virtual = true; return c }
	for name, tt := range map[string]struct{ said, silent, want calls.Call }{
		"the same": {virtual(report(t)), report(t), virtual(report(t))},
		"a weightier leg": {virtual(leg(0, calls.NoAnswer, 0, "a1", "")),
			leg(20, calls.Rejected, 0, "a2", ""), virtual(leg(20, calls.Rejected, 0, "a2", ""))},
		"a lesser leg": {virtual(leg(20, calls.Rejected, 0, "a2", "")),
			leg(0, calls.NoAnswer, 0, "a1", ""), virtual(leg(20, calls.Rejected, 0, "a2", ""))},
	} {
		for _, both := range [][]calls.Call{{tt.said, tt.silent}, {tt.silent, tt.said}} {
			got, status, err := calls.Merge(&both[0], both[1])
			require.NoError(t, err, name)
			require.Equal(t, tt.want, got, name)
			require.Equal(t, got == both[0], status == calls.Unchanged, name)
			for _, in := range both {
				_, status, err = calls.Merge(&got, in)
				require.NoError(t, err, name)
				require.Equal(t, calls.Unchanged, status, name)
			}
		}
	}
	stored, in := virtual(report(t)), report(t)
	in.Revision = 2
	got, _, err := calls.Merge(&stored, in)
	require.NoError(t, err)
	require.False(t, got.Virtual)
}

// A talk of 0 s may have been a missing one: who reports the same again, and that it isn't
// known, takes it back. Who says anything else contradicts it.
func TestMergeTakesBackATalkOfNothing(t *testing.T) {
	t.Parallel()
	stored := report(t)
	stored.Talk = 0
	in := stored
	in.TalkUnknown = true
	got, status, err := calls.Merge(&stored, in)
	require.NoError(t, err)
	require.Equal(t, calls.Updated, status)
	require.Equal(t, in, got)
	_, status, err = calls.Merge(&got, in)
	require.NoError(t, err)
	require.Equal(t, calls.Unchanged, status)
	for field, change := range map[string]func(stored, in *calls.Call){
		"talk":       func(stored, _ *calls.Call) { stored.Talk = time.Second },
		"talk, code": func(_, in *calls.Call) { in.Code = "sip 202" },
	} {
		stored, in := stored, in
		change(&stored, &in)
		_, _, err := calls.Merge(&stored, in)
		require.ErrorContains(t, err, "known with another "+field+";")
	}
}
