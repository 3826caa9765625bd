package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// testSetAside: a recording gives its call and part free once, and keeps the rest.
func testSetAside(t *testing.T, b *bench) {
	ctx := t.Context()
	s := b.suspect(t, 1, keywords.Class("not_interested"))
	id := recording.ID(s.RecordingID)
	old, err := b.Recordings.Get(ctx, id)
	require.NoError(t, err)
	none, err := b.Recordings.AsideOf(ctx, id)
	require.NoError(t, err)
	require.Nil(t, none)
	why := recording.SetAside{Part: old.Part, At: begin,
		Replacement: recording.Replacement{By: "ops", Reason: "cut"}}
	require.NoError(t, b.Recordings.SetAside(ctx, id, "set-aside-1", why))
	_, err = b.Recordings.RecordingByCall(ctx, old.CallID, old.Part)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	now, err := b.Recordings.RecordingByCall(ctx, old.CallID, "set-aside-1")
	require.NoError(t, err)
	require.Equal(t, []any{old.ID, old.SHA256, old.State}, []any{now.ID, now.SHA256, now.State})
	kept, err := b.Recordings.AsideOf(ctx, id)
	require.NoError(t, err)
	require.Equal(t, why, *kept)
	suspect, err := b.Suspects.Get(ctx, s.ID)
	require.NoError(t, err)
	require.Equal(t, "set-aside-1", suspect.Part)

	for _, part := range []string{old.Part, "set-aside-1"} {
		why.Part = part
		err := b.Recordings.SetAside(ctx, id, "set-aside-1", why)
		require.Equal(t, "SET_ASIDE_BEFORE", fault.ReasonOf(err))
	}
	require.Equal(t, fault.NotFound, fault.KindOf(b.Recordings.SetAside(ctx, "none", "x", why)))
}

// testSetAsideWhileHeard: the suspect of a recording that was set aside while it was heard has the
// part that it has now.
func testSetAsideWhileHeard(t *testing.T, b *bench) {
	ctx := t.Context()
	r := b.created(t, 1)
	o := result("not_interested")
	x, ok := review.NewSuspect(review.Heard{RecordingID: string(r.ID), CallID: r.CallID, Part: r.Part,
		Number: r.Number, Agent: r.Agent}, o.verdict, b.clock())
	require.True(t, ok)
	require.NoError(t, b.Recordings.SetAside(ctx, r.ID, "set-aside-1", recording.SetAside{Part: r.Part, At: begin,
		Replacement: recording.Replacement{By: "ops", Reason: "cut"}}))
	require.NoError(t, b.Transcripts.Finish(ctx, r.ID, []asr.Transcript{o.transcript}, o.verdict, &x, 0))
	s, err := b.Suspects.ByRecording(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, "set-aside-1", s.Part)
	require.Equal(t, r.Number, s.Number)
}
