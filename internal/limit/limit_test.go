package limit_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/limit"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	m := limit.NewMemory(1 << 20)
	one := m.Share()
	require.NoError(t, one.Grow(t.Context(), 600<<10))
	require.NoError(t, one.Grow(t.Context(), 300<<10))
	other := m.Share()
	require.ErrorIs(t, other.Grow(t.Context(), 300<<10), limit.ErrMemory, "what is large doesn't wait")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, other.Grow(gone, 200<<10), context.Canceled)
	waited := make(chan error, 1)
	go func() { waited <- other.Grow(context.Background(), 200<<10) }()
	one.End()
	one.End()
	require.NoError(t, <-waited, "what is small waits until there is room")
	other.Clear()
	require.ErrorIs(t, one.Grow(t.Context(), 1), context.Canceled, "it has ended")
	require.NoError(t, m.Take(t.Context(), 1<<20), "all was given back")
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	p := limit.NewPlaces(2, func() time.Time { return now })
	take := func() *limit.Place {
		one, err := p.Take()
		require.NoError(t, err)
		return one
	}
	lost := func(one *limit.Place) bool {
		select {
		case <-one.Lost():
			return true
		default:
			return false
		}
	}
	a, b := take(), take()
	_, err := p.Take()
	require.ErrorIs(t, err, limit.ErrPlaces, "both have just begun")
	now = now.Add(2 * time.Second)
	a.Heard()
	c := take()
	require.Equal(t, []bool{false, true, false}, []bool{lost(a), lost(b), lost(c)})
	b.Heard()
	b.Leave() // it has no place any more, and takes none from others
	_, err = p.Take()
	require.ErrorIs(t, err, limit.ErrPlaces)
	a.Leave()
	take()
}

func TestTurns(t *testing.T) {
	t.Parallel()
	turns := limit.NewTurns(1)
	end, err := turns.Take(t.Context())
	require.NoError(t, err)
	gone, cancel := context.WithCancel(t.Context())
	tried := make(chan error)
	for range 2 {
		go func() {
			_, err := turns.Take(gone)
			tried <- err
		}()
	}
	require.ErrorIs(t, <-tried, limit.ErrTurns, "one of them, as the other waits")
	cancel()
	require.ErrorIs(t, <-tried, context.Canceled)
	go func() {
		end, err := turns.Take(t.Context())
		if err == nil {
			end()
		}
		tried <- err
	}()
	end()
	require.NoError(t, <-tried)
	end, err = turns.Take(t.Context())
	require.NoError(t, err, "all were given back")
	end()
}

// pair is a connection's two ends.
func pair(t *testing.T, l net.Listener) (client net.Conn) {
	t.Helper()
	client, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	require.NoError(t, client.SetDeadline(time.Now().Add(20*time.Second)))
	return client
}

// Who is silent gives way; while nobody is, the next is turned away.
func TestListener(t *testing.T) {
	t.Parallel()
	under, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := make(chan struct{}, 100)
	l := limit.Listen(under, 2, func() { closed <- struct{}{} })
	t.Cleanup(func() { _ = l.Close() })
	accepted := make(chan net.Conn, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
			go func() { _, _ = io.Copy(c, c) }()
		}
	}()
	first, second := pair(t, l), pair(t, l)
	<-accepted
	one := <-accepted
	echo := func(c net.Conn) error {
		if _, err := c.Write([]byte{1}); err != nil {
			return err
		}
		_, err := io.ReadFull(c, make([]byte, 1))
		return err
	}
	third := pair(t, l)
	require.Error(t, echo(third), "all are new")
	<-closed
	require.Equal(t, 2, l.Open())
	var fourth net.Conn
	require.Eventually(t, func() bool { // the second goes on, the first says nothing
		if echo(second) != nil {
			return false
		}
		fourth = pair(t, l)
		return echo(fourth) == nil
	}, 20*time.Second, 50*time.Millisecond)
	require.NoError(t, echo(second))
	_, err = first.Read(make([]byte, 1))
	require.Error(t, err, "the silent one was closed")
	require.NoError(t, one.Close())
	require.Equal(t, 1, l.Open())
}

func TestFiles(t *testing.T) {
	t.Parallel()
	require.Greater(t, limit.Files(), 16)
}

// What can never be had is told from what can't be had now.
func TestMemoryForOne(t *testing.T) {
	t.Parallel()
	m := limit.NewMemory(1 << 20)
	one := m.ShareLeaving(400 << 10)
	require.NoError(t, one.Grow(t.Context(), 600<<10))
	require.ErrorIs(t, one.Grow(t.Context(), 100<<10), limit.ErrTooMuch)
	rest := m.Share()
	require.NoError(t, rest.Grow(t.Context(), 400<<10), "it is left to others")
	require.ErrorIs(t, rest.Grow(t.Context(), 700<<10), limit.ErrTooMuch)
	require.ErrorIs(t, rest.Grow(t.Context(), 300<<10), limit.ErrMemory)
	one.Clear()
	require.NoError(t, rest.Grow(t.Context(), 300<<10))
}

// A server may end what it sends before it closes, so that its last answer arrives.
func TestCloseWrite(t *testing.T) {
	t.Parallel()
	under, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := limit.Listen(under, 1, func() {})
	defer func() { require.NoError(t, l.Close()) }()
	client, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close()) }()
	server, err := l.Accept()
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	half, ok := server.(interface{ CloseWrite() error })
	require.True(t, ok)
	require.NoError(t, half.CloseWrite())
	_, err = client.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	_, err = client.Write([]byte{1})
	require.NoError(t, err)
	_, err = server.Read(make([]byte, 1))
	require.NoError(t, err, "it still reads")
}
