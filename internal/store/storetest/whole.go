package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// longer is a file that goes on where that of r ends.
func longer(r recording.Recording) recording.Recording {
	r.Audio.Frames, r.Audio.Truncated, r.Audio.Sizes = 2*r.Audio.Frames, false, audio.SizesTrue
	r.SHA256, r.Size = r.SHA256[:60]+"beef", 2*r.Size
	return r
}

// What was made of the beginning is kept when the whole recording takes its place.
func testReplaceAudio(t *testing.T, b *bench) {
	ctx := t.Context()
	r := b.created(t, 1)
	b.attempt(t, r.ID)
	first := result(keywords.Class("not_interested"))
	require.NoError(t, b.finish(ctx, r.ID, first))
	old, err := b.Recordings.Get(ctx, r.ID)
	require.NoError(t, err)
	jobs, changes := b.jobs(t), b.changes(r.ID)
	now := b.later(time.Minute)
	got, err := b.Recordings.ReplaceAudio(ctx, r.ID, longer(old))
	require.NoError(t, err)
	want := longer(old)
	want.State, want.Attempts, want.Replaced = recording.Queued, 0, 1
	want.UpdatedAt, want.Revision = now, old.Revision+1
	require.Equal(t, want, got)
	stored, err := b.Recordings.Get(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, want, stored)
	require.Equal(t, jobs+1, b.jobs(t), "it is heard anew")
	require.Equal(t, changes+1, b.changes(r.ID))

	versions, err := b.Recordings.Versions(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, []recording.Version{{Audio: old.Audio, SHA256: old.SHA256, Size: old.Size,
		ReplacedAt: now}}, versions)
	_, err = b.Recordings.ReplaceAudio(ctx, r.ID, longer(got))
	require.NoError(t, err, "also before it was heard")
	b.attempt(t, r.ID)
	_, err = b.Recordings.ReplaceAudio(ctx, r.ID, longer(got))
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "but not while it is")
	require.NoError(t, b.finish(ctx, r.ID, result("")))
	verdicts, err := b.Transcripts.VersionVerdicts(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, []*keywords.Verdict{&first.verdict, &first.verdict}, verdicts)
	_, err = b.Recordings.ReplaceAudio(ctx, "none", longer(got))
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

func testReplaceUnheard(t *testing.T, b *bench) {
	ctx, r := t.Context(), b.created(t, 1)
	_, err := b.Recordings.ReplaceAudio(ctx, r.ID, longer(r))
	require.NoError(t, err)
	verdicts, err := b.Transcripts.VersionVerdicts(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, []*keywords.Verdict{nil}, verdicts)
	none, err := b.Recordings.Versions(ctx, b.created(t, 2).ID)
	require.NoError(t, err)
	require.Empty(t, none)
}

// Decisions and freezes stay; what nobody has decided rests on the whole.
func testReheard(t *testing.T, b *bench) {
	ctx := t.Context()
	whole := result(keywords.Class("stop_calling"))
	whole.verdict.Hits[1].Time = asr.Span{Start: 15 * time.Second, End: 16 * time.Second}
	whole.verdict.Lexicon = "default 2"
	for i, tt := range []struct {
		decided review.Verdict
		becomes review.State
		class   keywords.Class
	}{
		{"", review.Open, "stop_calling"},
		{review.Confirm, review.Confirmed, "not_interested"},
		{review.Dismiss, review.Open, "stop_calling"},
	} {
		s := b.suspect(t, i+1, keywords.Class("not_interested"))
		if tt.decided != "" {
			_, err := b.review.Decide(ctx, s.ID, "li", review.Order{Verdict: tt.decided}, request.Request{})
			require.NoError(t, err)
		}
		id := recording.ID(s.RecordingID)
		r, err := b.Recordings.Get(ctx, id)
		require.NoError(t, err)
		_, err = b.Recordings.ReplaceAudio(ctx, id, longer(r))
		require.NoError(t, err)
		b.attempt(t, id)
		require.NoError(t, b.finish(ctx, id, whole))
		got, err := b.Suspects.Get(ctx, s.ID)
		require.NoError(t, err)
		require.Equal(t, tt.becomes, got.State(b.clock()), tt.decided)
		require.Equal(t, tt.class, got.Class)
		if tt.becomes == review.Open {
			require.Equal(t, whole.verdict.Hits, got.Hits)
			require.Equal(t, "default 2", got.Lexicon)
		}
		decisions, err := b.Suspects.Decisions(ctx, s.ID)
		require.NoError(t, err)
		require.Equal(t, tt.decided != "", len(decisions) == 1, "what was decided stays")
		require.Equal(t, tt.decided == review.Confirm, len(b.frozen(t, i+1)) == 1)
	}
	require.Equal(t, 3, b.count(t, `SELECT COUNT(*) FROM suspects`))
}

// What a recording's call says may come before it or after.
func testDefectsAreKept(t *testing.T, b *bench) {
	ctx := t.Context()
	r := b.recording(t, 1)
	r.Part, r.AnswerOffset = "", 0
	r, _, err := b.Recordings.CreateRecording(ctx, r)
	require.NoError(t, err)
	b.attempt(t, r.ID)
	dead := recording.Defects(0).Add(recording.CustomerDead)
	require.NoError(t, b.Transcripts.Finish(ctx, r.ID, []asr.Transcript{result("").transcript},
		result("").verdict, nil, dead))
	got, err := b.Recordings.Get(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, dead.Add(recording.Truncated), got.Defects())
	report := call(t, r.CallID, 1, 0)
	report.Outcome, report.Talk, report.EndedBy = calls.Answered, 22*time.Second, ""
	b.reported(t, report)
	got, err = b.Recordings.Get(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, "line 1", got.Line)
	require.Equal(t, dead.Add(recording.Truncated, recording.ShorterThanCall), got.Defects())
	listed, err := b.Recordings.List(ctx, recording.Filter{})
	require.NoError(t, err)
	require.Equal(t, []recording.Recording{got}, listed)

	seen := 0
	visit := func(source string, d recording.Defects, at time.Time) error {
		seen++
		require.Equal(t, "pbx", source)
		require.Equal(t, dead, d)
		require.Equal(t, got.UpdatedAt, at)
		return nil
	}
	b.created(t, 2) // not judged yet
	require.NoError(t, b.Recordings.EachJudged(ctx, r.CreatedAt, visit))
	require.Equal(t, 1, seen)
	require.NoError(t, b.Recordings.EachJudged(ctx, r.CreatedAt.Add(time.Second), visit))
	require.Equal(t, 1, seen)
	failing := func(string, recording.Defects, time.Time) error { return errBoom }
	require.ErrorIs(t, b.Recordings.EachJudged(ctx, r.CreatedAt, failing), errBoom)
}
