package recording_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
)

func TestPriorities(t *testing.T) {
	t.Parallel()
	for i, p := range recording.Priorities() {
		require.Equal(t, i, int(p))
		require.True(t, p.Valid())
		got, err := recording.ParsePriority(p.String())
		require.NoError(t, err)
		require.Equal(t, p, got)
	}
	for _, p := range []recording.Priority{-1, 3} {
		require.False(t, p.Valid())
		_, err := recording.ParsePriority(p.String())
		require.ErrorContains(t, err, "live, backlog, rejudge")
	}
}

func TestLaneTakes(t *testing.T) {
	t.Parallel()
	lasting := func(p recording.Priority, d time.Duration) recording.Recording {
		return recording.Recording{Priority: p,
			Audio: audio.Info{Rate: 8000, Frames: int64(d.Seconds() * 8000)}}
	}
	for _, tt := range []struct {
		r     recording.Recording
		takes [3]bool // any, live, brief
	}{
		{lasting(recording.Live, recording.MostBrief), [3]bool{true, true, true}},
		{lasting(recording.Live, recording.MostBrief+time.Second), [3]bool{true, true, false}},
		{lasting(recording.Backlog, time.Second), [3]bool{true, false, false}},
		{lasting(recording.Rejudge, time.Second), [3]bool{true, false, false}},
	} {
		for l, want := range tt.takes {
			require.Equal(t, want, recording.Lane(l).Takes(tt.r), "%v %v", tt.r, l)
		}
	}
}

// portions hands out so many recordings, and fails at one.
type portions struct {
	left, failAt int
	after        []*request.Cursor
}

func (p *portions) RequeueParked(
	_ context.Context, f recording.ParkedFilter, limit int,
) (int, request.Cursor, error) {
	p.after = append(p.after, f.After)
	if len(p.after) == p.failAt {
		return 0, request.Cursor{}, errors.New("boom")
	}
	n := min(limit, p.left)
	p.left -= n
	return n, request.Cursor{ID: string(rune('a' + len(p.after)))}, nil
}

func TestRetryParked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ parked, failAt, calls, retried int }{
		{0, 0, 1, 0}, {199, 0, 1, 199}, {200, 0, 2, 200}, {450, 0, 3, 450}, {450, 2, 2, 200},
	} {
		p := &portions{left: tt.parked, failAt: tt.failAt}
		n, err := recording.RetryParked(t.Context(), p, recording.ParkedFilter{})
		require.Equal(t, tt.failAt > 0, err != nil)
		require.Equal(t, tt.retried, n)
		require.Len(t, p.after, tt.calls)
		require.Nil(t, p.after[0])
		for i, c := range p.after[1:] {
			require.Equal(t, string(rune('b'+i)), c.ID, "it goes on behind the last")
		}
	}
}

// What a file that goes on says of the line counts where nobody had said it.
func TestWithKeepsPriorityAndLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ had, next, want string }{{"", "", ""}, {"a", "", "a"}, {"", "b", "b"},
		{"a", "b", "a"}} {
		r := recording.Recording{State: recording.Done, Priority: recording.Backlog, Line: tt.had}
		got, err := r.With(recording.Recording{Line: tt.next})
		require.NoError(t, err)
		require.Equal(t, tt.want, got.Line)
		require.Equal(t, recording.Backlog, got.Priority)
	}
}
