package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
)

// testUnknownTalk: that nobody told a talk time is kept, and no rule takes it for a short
// one, until a later report tells it.
func testUnknownTalk(t *testing.T, b *bench) {
	var told []calls.Call
	for i, id := range []string{"c1", "c2", "c3"} {
		c := call(t, id, 1, time.Duration(i-3)*time.Hour)
		c.Outcome, c.TalkUnknown = calls.Answered, true
		require.Equal(t, c, b.reported(t, c)[0].Call)
		kept, err := b.Calls.Get(t.Context(), id, b.timeline())
		require.NoError(t, err)
		require.Equal(t, c, kept.Call)
		c.TalkUnknown, c.Talk, c.Revision = false, 3*time.Second, 2
		told = append(told, c)
	}
	require.Empty(t, b.frozen(t, 1))
	b.reported(t, told...)
	require.Len(t, b.frozen(t, 1), 1)
	told[0].TalkUnknown, told[0].Talk, told[0].Revision = true, 0, 3
	b.reported(t, told[0])
	require.Empty(t, b.frozen(t, 1), "whoever takes it back")
	b.verify(t)
}

// testTalkTakenBack: what was kept as a talk of 0 s before unknown ones were told apart can be
// reported again, and then freezes nobody.
func testTalkTakenBack(t *testing.T, b *bench) {
	var list []calls.Call
	for i, id := range []string{"c1", "c2", "c3"} {
		c := call(t, id, 1, time.Duration(i-3)*time.Hour)
		c.Outcome = calls.Answered
		list = append(list, c)
	}
	b.reported(t, list...)
	require.Len(t, b.frozen(t, 1), 1)
	for i := range list {
		list[i].TalkUnknown = true
	}
	for i, out := range b.reported(t, list...) {
		require.Equal(t, calls.Updated, out.Status)
		require.Equal(t, list[i], out.Call)
	}
	require.Empty(t, b.frozen(t, 1))
	b.verify(t)
}

// testLegsOfCall: of the rows that a switch writes of one call, the weightiest is kept.
func testLegsOfCall(t *testing.T, b *bench) {
	rang, no := call(t, "c1", 1, -time.Hour), call(t, "c1", 1, -time.Hour+20*time.Second)
	rang.Outcome, rang.Agent, no.Agent = calls.NoAnswer, "li", "wang"
	out := b.reported(t, no, rang)
	require.Equal(t, []calls.Status{calls.Created, calls.Unchanged},
		[]calls.Status{out[0].Status, out[1].Status})
	require.Equal(t, no, out[1].Call)
	rang.ID, no.ID = "c2", "c2"
	b.reported(t, rang)
	out = b.reported(t, rang, no, rang)
	require.Equal(t, calls.Updated, out[1].Status)
	for _, id := range []string{"c1", "c2"} {
		kept, err := b.Calls.Get(t.Context(), id, b.timeline())
		require.NoError(t, err)
		require.Equal(t, calls.Rejected, kept.Outcome)
	}
	slots, err := b.Calls.LineSlots(t.Context(), begin.Add(-2*time.Hour), begin)
	require.NoError(t, err)
	require.Equal(t, 2, slots[0].Attempts, "each is one attempt of its line")
}
