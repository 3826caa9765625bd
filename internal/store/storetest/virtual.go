package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// testVirtualNumber: what a source says of a number, that it stands for whoever uses it, is
// kept; no rule counts its calls, and nobody is frozen by confirming what was said.
func testVirtualNumber(t *testing.T, b *bench) {
	for i, id := range []string{"c1", "c2", "c3", "c4", "c5", "c6"} {
		c := call(t, id, 1, time.Duration(i-9)*time.Hour)
		c.Virtual = true
		require.Equal(t, c, b.reported(t, c)[0].Call)
		kept, err := b.Calls.Get(t.Context(), id, b.timeline())
		require.NoError(t, err)
		require.Equal(t, c, kept.Call)
	}
	require.Empty(t, b.frozen(t, 1))
	require.Empty(t, b.denied(t, 1))

	confirm := func(s review.Suspect) error {
		_, err := b.review.Decide(t.Context(), s.ID, "li", review.Order{Verdict: review.Confirm}, request.Request{})
		return err
	}
	r := b.recording(t, 2)
	r.Virtual = true
	_, _, err := b.Recordings.CreateRecording(t.Context(), r)
	require.NoError(t, err)
	kept, err := b.Recordings.Get(t.Context(), r.ID)
	require.NoError(t, err)
	require.True(t, kept.Virtual)
	require.NoError(t, b.finish(t.Context(), r.ID, result(keywords.Class("not_interested"))))
	byRecorder, err := b.Suspects.ByRecording(t.Context(), r.ID)
	require.NoError(t, err)
	require.True(t, byRecorder.Virtual)
	require.Equal(t, "VIRTUAL_NUMBER", fault.ReasonOf(confirm(byRecorder)))
	_, err = b.review.Decide(t.Context(), byRecorder.ID, "li",
		review.Order{Verdict: review.Dismiss}, request.Request{})
	require.NoError(t, err)

	byReport := b.suspect(t, 3, keywords.Class("not_interested"))
	c := call(t, byReport.CallID, 3, -time.Hour)
	c.Virtual = true
	b.reported(t, c)
	require.Equal(t, "VIRTUAL_NUMBER", fault.ReasonOf(confirm(byReport)))
	require.Empty(t, b.frozen(t, 3))
	c.Virtual, c.Revision = false, 2
	b.reported(t, c)
	require.NoError(t, confirm(byReport))
	require.Len(t, b.frozen(t, 3), 1)
}
