package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

var errBoom = errors.New("boom")

func TestWorkFinishes(t *testing.T) {
	t.Parallel()
	b := newBench(t, says("不用"))
	r := b.upload(t, 1)
	b.wakes(t, r.ID, 0)
	got := b.read(t, r.ID)
	require.Equal(t, recording.Done, got.State)
	require.Equal(t, 1, got.Attempts)
	heard, err := b.db.Transcripts.Get(t.Context(), r.ID, asr.Customer)
	require.NoError(t, err)
	require.NotEmpty(t, heard.Segments)
}

// The next attempt is arranged with the failure of this one, after a pause.
func TestWorkFails(t *testing.T) {
	t.Parallel()
	b := newBench(t, fails(errBoom))
	r := b.upload(t, 1)
	for attempt := range recording.MaxAttempts {
		b.wakes(t, r.ID, attempt)
		got := b.read(t, r.ID)
		require.Equal(t, attempt+1, got.Attempts)
		require.Equal(t, recording.AttemptFailed, got.Problem.Reason)
		last := attempt+1 == recording.MaxAttempts
		require.Equal(t, last, got.State == recording.Parked)
		require.Equal(t, !last, b.wakeUps(t)[wakeUp{r.ID, attempt + 1}] == 1)
	}
}

// A wake-up that is not for a recording's pause does not end it, and begins nothing that is
// not due.
func TestWakeUpsInVain(t *testing.T) {
	t.Parallel()
	b := newBench(t, says("不用"))
	ctx := t.Context()
	done := b.upload(t, 1)
	b.wakes(t, done.ID, 0)
	paused, running := b.upload(t, 2), b.upload(t, 3)
	for _, r := range []recording.Recording{paused, running} {
		_, err := b.db.Recordings.BeginAttempt(ctx, r.ID, 0)
		require.NoError(t, err)
	}
	_, err := b.db.Recordings.FailAttempt(ctx, paused.ID,
		recording.Problem{Reason: recording.AttemptFailed}, false)
	require.NoError(t, err)
	for _, w := range []wakeUp{{paused.ID, 0}, {paused.ID, 2}, {running.ID, 0}, {running.ID, 1},
		{done.ID, 0}, {done.ID, 1}, {"none", 0}} {
		before, _ := b.db.Recordings.Get(ctx, w.RecordingID)
		b.wakes(t, w.RecordingID, w.Attempt)
		after, _ := b.db.Recordings.Get(ctx, w.RecordingID)
		require.Equal(t, before, after, "%v", w)
	}
	b.wakes(t, paused.ID, 1)
	require.Equal(t, recording.Done, b.read(t, paused.ID).State)
}

func TestWorkPanics(t *testing.T) {
	t.Parallel()
	b := newBench(t, says("不用"))
	b.judge = func(_ recording.Recording, _, _ asr.Transcript) (keywords.Verdict, *review.Suspect) {
		panic("a bug")
	}
	r := b.upload(t, 1)
	b.wakes(t, r.ID, 0)
	got := b.read(t, r.ID)
	require.Equal(t, recording.Queued, got.State)
	require.Contains(t, got.Problem.Message, "a bug in refrain")
}

// What a stop breaks off does not count.
func TestWorkBrokenOff(t *testing.T) {
	t.Parallel()
	hears := make(chan struct{})
	b := newBench(t, engine(func(ctx context.Context, _ asr.Window) ([]asr.Phrase, error) {
		close(hears)
		<-ctx.Done()
		return nil, ctx.Err()
	}))
	r := b.upload(t, 1)
	begun, err := b.db.Recordings.BeginAttempt(t.Context(), r.ID, 0)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		<-hears
		stop()
	}()
	b.attempt(ctx, begun)
	got := b.read(t, r.ID)
	require.Equal(t, recording.Queued, got.State)
	require.Zero(t, got.Attempts)
	require.Nil(t, got.Problem)
	require.Equal(t, 2, b.wakeUps(t)[wakeUp{r.ID, 0}], "of the upload, which was not heeded "+
		"here, and of the hand-back")
}

// A recording that died twice is heard alone.
func TestWorkAlone(t *testing.T) {
	t.Parallel()
	var alone []bool
	b := newBench(t, engine(func(_ context.Context, w asr.Window) ([]asr.Phrase, error) {
		alone = append(alone, w.Alone)
		return nil, fmt.Errorf("it did: %w", asr.ErrDied)
	}))
	r := b.upload(t, 1)
	for attempt := range recording.MaxDeaths {
		b.wakes(t, r.ID, attempt)
	}
	got := b.read(t, r.ID)
	require.Equal(t, recording.Parked, got.State)
	require.Equal(t, recording.SpeechDied, got.Problem.Reason)
	require.Equal(t, []bool{false, false, true}, alone)
}

// failing are Recordings that fail to note failures for a while.
type failing struct {
	Recordings
	times int
}

func (f *failing) FailAttempt(
	ctx context.Context, id recording.ID, p recording.Problem, final bool,
) (recording.Recording, error) {
	if f.times--; f.times >= 0 {
		return recording.Recording{}, errBoom
	}
	return f.Recordings.FailAttempt(ctx, id, p, final)
}

func TestKeepsWhatBecame(t *testing.T) {
	t.Parallel()
	b := newBench(t, fails(errBoom))
	var pauses []time.Duration
	passed := make(chan time.Time)
	close(passed)
	b.after = func(d time.Duration) <-chan time.Time {
		pauses = append(pauses, d)
		return passed
	}
	b.worker.recordings = &failing{b.db.Recordings, 8}
	r := b.upload(t, 1)
	b.wakes(t, r.ID, 0)
	require.Equal(t, recording.Queued, b.read(t, r.ID).State)
	require.Equal(t, []time.Duration{1e9, 2e9, 4e9, 8e9, 16e9, 32e9, 60e9, 60e9}, pauses)
}

func TestProblemOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		err    error
		over   error
		reason string
		final  bool
	}{
		{"death", asr.ErrDied, nil, recording.SpeechDied, false},
		{"model", fmt.Errorf("x: %w", asr.ErrModel), nil, recording.SpeechFailed, true},
		{"audio", fmt.Errorf("x: %w", &audio.Error{}), nil, recording.AudioUnreadable, true},
		{"no audio", fmt.Errorf("x: %w", fs.ErrNotExist), nil, recording.AudioUnreadable, true},
		{"too long", context.DeadlineExceeded, context.DeadlineExceeded, recording.TookTooLong,
			false},
		{"another's deadline", context.DeadlineExceeded, nil, recording.AttemptFailed, false},
		{"away", fmt.Errorf("x: %w", asr.ErrUnavailable), nil, recording.SpeechUnavailable, false},
		{"too long, as it was away", errors.Join(asr.ErrUnavailable, context.DeadlineExceeded),
			context.DeadlineExceeded, recording.SpeechUnavailable, false},
		{"no bucket", fmt.Errorf("x: %w", &fault.Error{Reason: recording.StoreUnavailable}), nil,
			recording.AudioUnavailable, false},
		{"a bucket that refuses", &fault.Error{Reason: recording.StoreRefuses}, context.DeadlineExceeded,
			recording.AudioUnavailable, false},
		{"anything", &fault.Error{Message: "x"}, nil, recording.AttemptFailed, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, final := problemOf(tt.err, tt.over)
			require.Equal(t, tt.reason, p.Reason)
			require.Equal(t, tt.final, final)
			require.Contains(t, p.Message, tt.err.Error())
		})
	}
}

// Where the speech engine is away, a recording waits for as long as it takes: no attempt
// counts, and no worker hurries through the queue for nothing.
func TestWorkWaitsForSpeech(t *testing.T) {
	t.Parallel()
	away := fmt.Errorf("it is %w", asr.ErrUnavailable)
	b := newBench(t, fails(away))
	var pauses []time.Duration
	passed := make(chan time.Time)
	close(passed)
	b.after = func(d time.Duration) <-chan time.Time {
		pauses = append(pauses, d)
		return passed
	}
	r := b.upload(t, 1)
	for i := range 2 * recording.MaxAttempts {
		b.wakes(t, r.ID, 0)
		got := b.read(t, r.ID)
		require.Equal(t, recording.Queued, got.State)
		require.Zero(t, got.Attempts)
		require.Equal(t, recording.SpeechUnavailable, got.Problem.Reason)
		require.Contains(t, got.Problem.Message, away.Error())
		require.Equal(t, i+2, b.wakeUps(t)[wakeUp{r.ID, 0}], "that of the upload, too, which was "+
			"not heeded here")
	}
	require.Len(t, pauses, 2*recording.MaxAttempts)
	require.Equal(t, restFor, pauses[0])
	b.worker.engine = says("不用")
	b.wakes(t, r.ID, 0)
	got := b.read(t, r.ID)
	require.Equal(t, recording.Done, got.State)
	require.Equal(t, 1, got.Attempts)
	require.Nil(t, got.Problem)
}

// away is where audio lies that can't be had.
type away struct{ err error }

func (a away) Open(context.Context, recording.ID) (io.ReadCloser, error) { return nil, a.err }

// The same where its audio can't be had.
func TestWorkWaitsForAudio(t *testing.T) {
	t.Parallel()
	gone := &fault.Error{Kind: fault.Unavailable, Reason: recording.StoreUnavailable, Message: "the bucket is away"}
	b := newBench(t, says("不用"))
	passed := make(chan time.Time)
	close(passed)
	b.after = func(time.Duration) <-chan time.Time { return passed }
	r := b.upload(t, 1)
	there := b.worker.audio
	b.worker.audio = away{gone}
	for range 2 * recording.MaxAttempts {
		b.wakes(t, r.ID, 0)
		got := b.read(t, r.ID)
		require.Equal(t, recording.Queued, got.State)
		require.Zero(t, got.Attempts)
		require.Equal(t, recording.AudioUnavailable, got.Problem.Reason)
	}
	b.worker.audio = there
	b.wakes(t, r.ID, 0)
	require.Equal(t, recording.Done, b.read(t, r.ID).State)
}

// A stop doesn't wait for a worker that rests.
func TestStopEndsRest(t *testing.T) {
	t.Parallel()
	b := newBench(t, fails(asr.ErrUnavailable))
	rests := make(chan struct{}, 1)
	b.Runner.worker.after = func(time.Duration) <-chan time.Time {
		rests <- struct{}{}
		return nil
	}
	b.upload(t, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	<-rests
	stop()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(30 * time.Second): // the grace period is a minute
		require.FailNow(t, "the stop waits")
	}
}

// refused is a judge that finds a hit wherever the customer spoke, and tells what it was given.
type refused struct{ calls [][2]asr.Transcript }

func (j *refused) judge(
	_ recording.Recording, customer, agent asr.Transcript,
) (keywords.Verdict, *review.Suspect) {
	j.calls = append(j.calls, [2]asr.Transcript{customer, agent})
	return keywords.Verdict{Hits: []keywords.Hit{{Time: customer.Segments[0].Span}}}, nil
}

func TestWorkHearsTheAgent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		track     keywords.AgentTrack
		heard     bool
		stretches int
	}{{keywords.AgentOff, false, 0}, {keywords.AgentShort, true, 1}, {keywords.AgentOn, true, 0}} {
		b := newBench(t, says("不用"))
		j := &refused{}
		b.agentTrack, b.judge = tt.track, j.judge
		r := b.upload(t, 1)
		b.wakes(t, r.ID, 0)
		require.Equal(t, recording.Done, b.read(t, r.ID).State)
		got, err := b.db.Transcripts.Get(t.Context(), r.ID, asr.Agent)
		if !tt.heard {
			require.Equal(t, fault.NotFound, fault.KindOf(err))
			require.Len(t, j.calls, 1)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, asr.Agent, got.Side)
		require.NotEmpty(t, got.Segments)
		require.Len(t, got.Heard, tt.stretches)
		require.Empty(t, j.calls[0][1].Segments, "what to hear depends on the first verdict")
		require.Equal(t, got, j.calls[1][1], "and the second one knows what was heard")
	}
}

// The verdict doesn't wait for an agent's track that can't be heard.
func TestWorkAgentFails(t *testing.T) {
	t.Parallel()
	windows := 0
	b := newBench(t, engine(func(ctx context.Context, w asr.Window) ([]asr.Phrase, error) {
		if windows++; windows > 1 {
			return nil, errBoom
		}
		return says("不用")(ctx, w)
	}))
	j := &refused{}
	b.agentTrack, b.judge = keywords.AgentOn, j.judge
	r := b.upload(t, 1)
	b.wakes(t, r.ID, 0)
	require.Equal(t, recording.Done, b.read(t, r.ID).State)
	require.Equal(t, 2, windows)
	require.Len(t, j.calls, 1)
}
