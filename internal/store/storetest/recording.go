package storetest

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

var errBoom = errors.New("boom")

func testCreateRecording(t *testing.T, b *bench) {
	want := b.recording(t, 1)
	got, created, err := b.Recordings.CreateRecording(t.Context(), want)
	require.NoError(t, err)
	require.True(t, created)
	want.Revision = got.Revision
	require.Equal(t, want, got)
	for name, read := range map[string]func() (recording.Recording, error){
		"by id": func() (recording.Recording, error) {
			return b.Recordings.Get(t.Context(), want.ID)
		},
		"by call": func() (recording.Recording, error) {
			return b.Recordings.RecordingByCall(t.Context(), want.CallID, want.Part)
		},
	} {
		got, err := read()
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	require.Equal(t, 1, b.jobs(t))
	require.Equal(t, 1, b.changes(want.ID))

	odd := b.recording(t, 2)
	odd.Part, odd.StartedAt = "", time.Time{}
	got, _, err = b.Recordings.CreateRecording(t.Context(), odd)
	require.NoError(t, err)
	require.True(t, got.StartedAt.IsZero())
	fine := b.recording(t, 2)
	fine.StartedAt = begin.Add(1234567 * time.Nanosecond).In(time.FixedZone("CST", 8*3600))
	got, _, err = b.Recordings.CreateRecording(t.Context(), fine)
	require.NoError(t, err)
	require.Equal(t, begin.Add(1234*time.Microsecond), got.StartedAt,
		"what is answered is what is stored")
}

func testCreateRecordingTwice(t *testing.T, b *bench) {
	first := b.created(t, 1)
	again := b.recording(t, 2)
	again.CallID = first.CallID
	got, created, err := b.Recordings.CreateRecording(t.Context(), again)
	require.NoError(t, err)
	require.False(t, created)
	require.Equal(t, first, got)
	require.Equal(t, 1, b.jobs(t))
	require.Zero(t, b.changes(again.ID))
	again.Part = "b"
	_, created, err = b.Recordings.CreateRecording(t.Context(), again)
	require.NoError(t, err)
	require.True(t, created, "another part is another recording")
}

func testCreateRecordingAtOnce(t *testing.T, b *bench) {
	const n = 24
	recs := make([]recording.Recording, n)
	for i := range recs {
		recs[i] = b.recording(t, i)
		recs[i].CallID = "the same"
	}
	got, created, errs := make([]recording.Recording, n), make([]bool, n), make([]error, n)
	atOnce(n, func(i int) {
		got[i], created[i], errs[i] = b.Recordings.CreateRecording(t.Context(), recs[i])
	})
	winners := 0
	for i := range n {
		require.NoError(t, errs[i])
		require.Equal(t, got[0], got[i])
		if created[i] {
			winners++
			require.Equal(t, recs[i].ID, got[i].ID)
		}
	}
	require.Equal(t, 1, winners)
	require.Equal(t, 1, b.jobs(t))
}

func testCreateRecordingIsAtomic(t *testing.T, b *bench) {
	b.enqueueErr = errBoom
	r := b.recording(t, 1)
	_, created, err := b.Recordings.CreateRecording(t.Context(), r)
	require.ErrorIs(t, err, errBoom)
	require.False(t, created)
	_, err = b.Recordings.Get(t.Context(), r.ID)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	require.Zero(t, b.jobs(t))
	require.Zero(t, b.changes(r.ID))
}

func testFinishRecording(t *testing.T, b *bench) {
	ctx := t.Context()
	r := b.created(t, 1)
	b.attempt(t, r.ID)
	_, err := b.Recordings.FailAttempt(ctx, r.ID, recording.Problem{Reason: recording.TookTooLong},
		false)
	require.NoError(t, err)
	b.attempt(t, r.ID)
	now := b.later(time.Minute)
	res := result(keywords.Class("not_interested"))
	jobs := b.jobs(t)
	require.NoError(t, b.finish(ctx, r.ID, res))
	require.Equal(t, jobs, b.jobs(t), "nothing more is to be done")
	done, err := b.Recordings.Get(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, recording.Done, done.State)
	require.Nil(t, done.Problem)
	transcript, err := b.Transcripts.Get(ctx, r.ID, asr.Customer)
	require.NoError(t, err)
	require.Equal(t, res.transcript, transcript)
	s, err := b.Suspects.ByRecording(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, review.Suspect{
		ID: s.ID, RecordingID: string(r.ID), CallID: r.CallID, Part: r.Part, Number: r.Number,
		Agent: r.Agent, Hits: res.verdict.Hits,
		Score: 0.9, Class: keywords.Class("not_interested"), Lexicon: "default 1", Round: 1,
		StartedAt: r.StartedAt, CreatedAt: now, UpdatedAt: now, Revision: s.Revision,
	}, s)
	v, id, err := b.Transcripts.Judgement(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, res.verdict, v)
	require.Equal(t, s.ID, id)
}

// A job that ran twice leaves the second result, but nothing of the first review is lost.
func testFinishRecordingTwice(t *testing.T, b *bench) {
	ctx := t.Context()
	s := b.confirmed(t, 1, keywords.Class("not_interested"))
	id := recording.ID(s.RecordingID)
	for _, class := range []keywords.Class{keywords.Class("not_interested"),
		keywords.Class("stop_calling"), ""} {
		res := result(class)
		require.NoError(t, b.finish(ctx, id, res))
		kept, err := b.Suspects.Get(ctx, s.ID)
		require.NoError(t, err)
		require.Equal(t, s, kept)
		v, suspect, err := b.Transcripts.Judgement(ctx, id)
		require.NoError(t, err)
		require.Equal(t, res.verdict, v)
		require.Equal(t, s.ID, suspect)
	}
	require.Equal(t, 1, b.count(t, `SELECT COUNT(*) FROM suspects`))
	require.Equal(t, 1, b.count(t, `SELECT COUNT(*) FROM transcripts`))

	other := result("")
	other.transcript.Settings.Model.Name = "large"
	require.NoError(t, b.finish(ctx, id, other))
	got, err := b.Transcripts.Get(ctx, id, asr.Customer)
	require.NoError(t, err)
	require.Equal(t, other.transcript, got, "the judgement's own transcript is shown")
	require.Equal(t, 2, b.count(t, `SELECT COUNT(*) FROM transcripts`))
}

func testFinishRecordingIsAtomic(t *testing.T, b *bench) {
	ctx := t.Context()
	r := b.created(t, 1)
	before := b.changes(r.ID)
	res := result(keywords.Class("not_interested"))
	res.verdict.Hits[0].Score = math.NaN() // not JSON, when the transcript is written already
	err := b.finish(ctx, r.ID, res)
	require.ErrorContains(t, err, "NaN")
	require.Zero(t, b.count(t, `SELECT COUNT(*) FROM transcripts`))
	got, err := b.Recordings.Get(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, r, got)
	_, _, err = b.Transcripts.Judgement(ctx, r.ID)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	_, err = b.Suspects.ByRecording(ctx, r.ID)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	require.Equal(t, before, b.changes(r.ID))
}

func testBothTracks(t *testing.T, b *bench) {
	ctx := t.Context()
	r := b.created(t, 1)
	res := result("")
	agent := res.transcript
	agent.Side, agent.Segments = asr.Agent, []asr.Segment{}
	require.ErrorContains(t, b.Transcripts.Finish(ctx, r.ID, []asr.Transcript{agent}, res.verdict,
		nil, 0), "customer's track")
	require.NoError(t, b.Transcripts.Finish(ctx, r.ID, []asr.Transcript{agent, res.transcript},
		res.verdict, nil, 0))
	for _, want := range []asr.Transcript{agent, res.transcript} {
		got, err := b.Transcripts.Get(ctx, r.ID, want.Side)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// An agent's transcript goes with the customer's, whatever settings and part of the track are its
// own, and is gone when the recording is judged anew without.
func testAgentAgain(t *testing.T, b *bench) {
	ctx := t.Context()
	r := b.created(t, 1)
	res := result("")
	agent := res.transcript
	agent.Side, agent.Settings.Echo = asr.Agent, "none is looked for"
	agent.Heard = []asr.Span{{Start: time.Second, End: 5 * time.Second}}
	finish := func(heard ...asr.Transcript) {
		require.NoError(t, b.Transcripts.Finish(ctx, r.ID, heard, res.verdict, nil, 0))
	}
	finish(res.transcript, agent)
	got, err := b.Transcripts.Get(ctx, r.ID, asr.Agent)
	require.NoError(t, err)
	require.Equal(t, agent, got)
	agent.Heard[0].End = 7 * time.Second
	finish(agent, res.transcript)
	got, err = b.Transcripts.Get(ctx, r.ID, asr.Agent)
	require.NoError(t, err)
	require.Equal(t, agent, got)
	finish(res.transcript)
	_, err = b.Transcripts.Get(ctx, r.ID, asr.Agent)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	_, err = b.Transcripts.Get(ctx, r.ID, asr.Customer)
	require.NoError(t, err)
}

func testJudgements(t *testing.T, b *bench) {
	ctx := t.Context()
	suspect, unjudged, harmless := b.suspect(t, 1, keywords.Class("not_interested")),
		b.created(t, 2), b.created(t, 3)
	require.NoError(t, b.finish(ctx, harmless.ID, result("")))
	got, err := b.Transcripts.Judgements(ctx,
		[]recording.ID{harmless.ID, recording.ID(suspect.RecordingID), unjudged.ID, "unknown"})
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, suspect.ID, got[recording.ID(suspect.RecordingID)].SuspectID)
	require.True(t, got[recording.ID(suspect.RecordingID)].Verdict.Suspect)
	require.Empty(t, got[harmless.ID].SuspectID)
	got, err = b.Transcripts.Judgements(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, got)

	known, err := b.Recordings.Known(ctx, []recording.ID{unjudged.ID, "unknown"})
	require.NoError(t, err)
	require.Equal(t, map[recording.ID]bool{unjudged.ID: true}, known)
}

func testNotFound(t *testing.T, b *bench) {
	ctx := t.Context()
	r := b.created(t, 1)
	for name, f := range map[string]func() error{
		"recording": func() error { _, err := b.Recordings.Get(ctx, "none"); return err },
		"by call": func() error {
			_, err := b.Recordings.RecordingByCall(ctx, r.CallID, "none")
			return err
		},
		"begin": func() error {
			_, err := b.Recordings.BeginAttempt(ctx, "none", 0)
			return err
		},
		"fail": func() error {
			_, err := b.Recordings.FailAttempt(ctx, "none", recording.Problem{}, false)
			return err
		},
		"hand back": func() error { return b.Recordings.HandBack(ctx, "none") },
		"requeue":   func() error { _, err := b.Recordings.Requeue(ctx, "none"); return err },
		"finish":    func() error { return b.finish(ctx, "none", result("")) },
		"transcript": func() error {
			_, err := b.Transcripts.Get(ctx, r.ID, asr.Customer)
			return err
		},
		"judgement":  func() error { _, _, err := b.Transcripts.Judgement(ctx, r.ID); return err },
		"suspect":    func() error { _, err := b.Suspects.Get(ctx, "none"); return err },
		"suspect of": func() error { _, err := b.Suspects.ByRecording(ctx, r.ID); return err },
		"claim": func() error {
			_, err := b.review.Claim(ctx, "none", "li", 0, request.Request{Method: "ClaimSuspect", ID: "r"})
			return err
		},
		"freeze":   func() error { _, err := b.Freezes.Get(ctx, freeze.ID("none")); return err },
		"personal": func() error { _, err := b.Freezes.Personal(ctx, 1); return err },
	} {
		err := f()
		require.Equal(t, fault.NotFound, fault.KindOf(err), "%s: %v", name, err)
		require.NotEmpty(t, fault.ReasonOf(err), name)
	}
}
