//go:build unix

package app_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// looksOften has a server look for what others left a hundred times as often as it would.
func looksOften(o *app.Options) {
	o.Every = func(d time.Duration) (<-chan time.Time, func()) {
		if d == 10*time.Second {
			d /= 100
		}
		ticks := time.NewTicker(d)
		return ticks.C, ticks.Stop
	}
}

// erasing is somebody who erases for as long as a test takes: others wait for their turn.
type erasing struct{ *pgx.Conn }

func (s *several) erasing() erasing {
	s.Helper()
	conn, err := pgx.Connect(s.Context(), s.url)
	require.NoError(s, err)
	s.Cleanup(func() { require.NoError(s, conn.Close(context.WithoutCancel(s.Context()))) })
	_, err = conn.Exec(s.Context(), `SELECT pg_advisory_lock(74307434)`)
	require.NoError(s, err)
	return erasing{conn}
}

// awaited tells that somebody waits for the turn.
func (e erasing) awaited(t *testing.T) (is bool) {
	t.Helper()
	require.NoError(t, e.QueryRow(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
		AND objid = 74307434 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`).Scan(&is))
	return is
}

// What a server was at that is killed, another one takes up, however long that is at erasing what the one before had
// begun to.
func TestAnotherServerTakesOverWhileItErases(t *testing.T) {
	t.Parallel()
	ctx, s := as(t.Context(), "li"), newSeveral(t)
	first, name := s.spawnAt(ctx)
	two := start(t, s.config(), looksOften) // later, or it may be the one that takes it
	e := s.erasing()
	first.kill(t)
	rec := two.final(ctx, t, name)
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
	require.EqualValues(t, 2, rec.GetAttempts(), "it was taken from the first")
	require.True(t, e.awaited(t))
}

// A server that starts and leads takes back what others left before it has erased what is to go.
func TestAStartTakesBackWhileItErases(t *testing.T) {
	t.Parallel()
	ctx, s := as(t.Context(), "li"), newSeveral(t)
	first, name := s.spawnAt(ctx)
	e := s.erasing()
	first.kill(t)
	var two *server
	var starting sync.WaitGroup
	starting.Go(func() { two = start(t, s.config(), looksOften) })
	require.Eventually(t, func() bool {
		var state string
		require.NoError(t, e.QueryRow(ctx, `SELECT state FROM recordings`).Scan(&state))
		return state == "queued"
	}, patience, 10*time.Millisecond)
	require.True(t, e.awaited(t))
	_, err := e.Exec(ctx, `SELECT pg_advisory_unlock(74307434)`)
	require.NoError(t, err)
	starting.Wait()
	rec := two.final(ctx, t, name)
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
}

// spawnAt is a server in a process of its own that leads, and is at a recording that it never ends.
func (s *several) spawnAt(ctx context.Context) (first *process, name string) {
	s.Helper()
	speech, _ := slowSpeech(s.TB)
	first = s.spawn(speechEnv + "=" + speech.URL)
	resp, err := first.Upload(ctx, meta(1), bytes.NewReader(sample(s.TB, refusalSample)))
	require.NoError(s, err)
	name = resp.GetRecording().GetName()
	first.running(ctx, s.TB, name)
	return first, name
}
