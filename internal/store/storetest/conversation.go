package storetest

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/vcon"
)

// What is known of a call is put together from its report and its recordings, whichever there are.
func testConversation(t *testing.T, b *bench) {
	ctx := t.Context()
	s := b.confirmed(t, 1, "not_interested")
	b.later(time.Hour)
	report := call(t, s.CallID, 1, time.Minute)
	got, err := b.Conversations.Conversation(ctx, s.CallID, nil)
	require.NoError(t, err)
	require.Nil(t, got.Call, "nobody has reported it yet")
	b.reported(t, report, call(t, "unrecorded", 2, 2*time.Minute))
	got, err = b.Conversations.Conversation(ctx, s.CallID, nil)
	require.NoError(t, err)
	require.Equal(t, report.Start, got.Call.Start)
	require.Len(t, got.Recordings, 1)
	r := got.Recordings[0]
	require.Equal(t, s.RecordingID, string(r.ID))
	require.Equal(t, "我没兴趣", r.CustomerSaid.Text())
	require.Nil(t, r.AgentSaid)
	require.True(t, r.Verdict.Suspect)
	require.Len(t, r.Decisions, 1)

	waits := b.created(t, 3)
	got, err = b.Conversations.Conversation(ctx, waits.CallID, nil)
	require.NoError(t, err)
	require.Nil(t, got.Recordings[0].Verdict)
	require.Nil(t, got.Recordings[0].CustomerSaid)

	got, err = b.Conversations.Conversation(ctx, "unrecorded", nil)
	require.NoError(t, err)
	require.Empty(t, got.Recordings)

	part := b.recording(t, 4)
	part.CallID, part.Part, part.Line = s.CallID, "after the transfer", "another line"
	_, _, err = b.Recordings.CreateRecording(ctx, part)
	require.NoError(t, err)
	got, err = b.Conversations.Conversation(ctx, s.CallID, []string{"another line"})
	require.NoError(t, err)
	require.Nil(t, got.Call, "it was reported of a line of its own")
	require.Len(t, got.Recordings, 1)
	require.Equal(t, part.ID, got.Recordings[0].ID)
	_, err = b.Conversations.Conversation(ctx, s.CallID, []string{"no line"})
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	_, err = b.Conversations.Conversation(ctx, "nobody's", nil)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

func testEachConversation(t *testing.T, b *bench) {
	refused, plain := b.suspect(t, 1, "not_interested"), b.created(t, 2)
	require.NoError(t, b.finish(t.Context(), plain.ID, result("")))
	b.later(3 * time.Hour)
	b.reported(t, call(t, plain.CallID, 2, time.Hour), call(t, "unrecorded", 3, 2*time.Hour))
	all := func(f vcon.Filter) (ids []string) {
		require.NoError(t, b.Conversations.EachCall(t.Context(), f,
			func(id string) error { ids = append(ids, id); return nil }))
		return ids
	}
	for name, tt := range map[string]struct {
		f    vcon.Filter
		want []string
	}{
		"recorded":        {vcon.Filter{}, []string{refused.CallID, plain.CallID}},
		"all":             {vcon.Filter{Unrecorded: true}, []string{refused.CallID, plain.CallID, "unrecorded"}},
		"suspects":        {vcon.Filter{Suspects: true}, []string{refused.CallID}},
		"a line":          {vcon.Filter{Line: "line 2", Unrecorded: true}, []string{plain.CallID}},
		"an agent":        {vcon.Filter{Agent: "小王"}, []string{refused.CallID, plain.CallID}},
		"another agent":   {vcon.Filter{Agent: "小李", Unrecorded: true}, nil},
		"from a time":     {vcon.Filter{From: begin.Add(time.Hour), Unrecorded: true}, []string{plain.CallID, "unrecorded"}},
		"until that time": {vcon.Filter{Until: begin.Add(time.Hour), Unrecorded: true}, []string{refused.CallID}},
	} {
		require.Equal(t, tt.want, all(tt.f), name)
	}
	broken := errors.New("broken")
	require.ErrorIs(t, b.Conversations.EachCall(t.Context(), vcon.Filter{},
		func(string) error { return broken }), broken)
}

// A number is found by its last digits, a call's id, or the end of a suspect's.
func testFindNumbers(t *testing.T, b *bench) {
	ctx := t.Context()
	s := b.confirmed(t, 1, "not_interested")
	b.reported(t, call(t, "unrecorded", 2, time.Minute))
	digits := strconv.FormatUint(s.Number.Digits(), 10)
	found, err := b.Conversations.ByTail(ctx, digits[len(digits)-6:], nil, 9)
	require.NoError(t, err)
	require.Len(t, found, 1, "once, though it was recorded and frozen")
	require.Equal(t, s.Number, found[0].Number)
	for _, id := range []string{s.CallID, "unrecorded"} {
		m, ok, err := b.Conversations.ByCall(ctx, id)
		require.NoError(t, err)
		require.True(t, ok, id)
		require.False(t, m.Number.IsZero(), id)
	}
	found, err = b.Conversations.BySuspect(ctx, string(s.ID), 9)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, s.Number, found[0].Number)
}
