//go:build unix

package store_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
)

// wires lead to a database. Each can be broken by itself, and neither end hears of it.
type wires struct {
	over chan struct{}

	mu sync.Mutex
	// broken tells so of each, by the number of the process that serves it there.
	broken map[uint32]*atomic.Bool
}

// wired is the URL by which a database is reached over them.
func wired(t *testing.T, url string) (string, *wires) {
	t.Helper()
	_, rest, ok := strings.Cut(url, "host=")
	require.True(t, ok)
	there, _, _ := strings.Cut(rest, "&")
	here, err := os.MkdirTemp("", "wires") //nolint:usetesting // the path of a socket must be short
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(here)) })
	const socket = ".s.PGSQL.5432"
	l, err := net.Listen("unix", filepath.Join(here, socket))
	require.NoError(t, err)
	w := &wires{over: make(chan struct{}), broken: map[uint32]*atomic.Bool{}}
	var leading sync.WaitGroup
	t.Cleanup(func() { require.NoError(t, l.Close()); close(w.over); leading.Wait() })
	leading.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("unix", filepath.Join(there, socket))
			if err != nil {
				_ = from.Close()
				continue
			}
			broken := &atomic.Bool{}
			leading.Go(func() { w.lead(from, to, broken, nil) })
			leading.Go(func() { w.lead(to, from, broken, w.note) })
			leading.Go(func() { <-w.over; _ = from.Close(); _ = to.Close() })
		}
	})
	return strings.Replace(url, there, here, 1), w
}

// lead brings over what comes, and has the beginning of it looked at until that is enough.
func (w *wires) lead(from, to net.Conn, broken *atomic.Bool, look func([]byte, *atomic.Bool) bool) {
	var beginning []byte
	for buf := make([]byte, 64<<10); ; {
		n, err := from.Read(buf)
		if broken.Load() {
			return // and leaves both open
		}
		if look != nil {
			if beginning = append(beginning, buf[:n]...); look(beginning, broken) {
				look = nil
			}
		}
		if _, unsent := to.Write(buf[:n]); err != nil || unsent != nil {
			_, _ = from.Close(), to.Close()
			return
		}
	}
}

// note finds out which process serves a connection, which PostgreSQL says when it begins.
func (w *wires) note(said []byte, broken *atomic.Bool) bool {
	_, key, ok := bytes.Cut(said, []byte("K\x00\x00\x00\x0c"))
	if !ok || len(key) < 4 {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken[binary.BigEndian.Uint32(key)] = broken
	return true
}

// cut has the database let go of the place of whoever is there, who hears nothing of it.
func (w *wires) cut(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	var pid uint32
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0
		AND objid = 74307431 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&pid))
	w.mu.Lock()
	broken := w.broken[pid]
	w.mu.Unlock()
	require.NotNil(t, broken)
	broken.Store(true)
	var gone bool
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT pg_terminate_backend($1, 30000)`, pid).Scan(&gone))
	require.True(t, gone)
}

// A server that lost its place, and doesn't know, writes on until another one takes it, and nothing from then on.
func TestNobodyWritesFromAnothersPlace(t *testing.T) {
	t.Parallel()
	for name, alone := range map[string]struct{ one, two bool }{
		"alone": {true, true}, "beside others": {true, false}, "that was beside others": {false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t, migrated(t))
			through, w := wired(t, url)
			one := openURL(t, through)
			require.NoError(t, one.Join(t.Context(), alone.one))
			require.NoError(t, one.Started(t.Context()))
			require.NoError(t, create(t, one, 1))
			w.cut(t, url)
			require.NoError(t, create(t, one, 2), "its place is nobody's")
			two := openURL(t, url)
			require.NoError(t, two.Join(t.Context(), alone.two))
			require.NoError(t, two.Started(t.Context()))
			refused := func() {
				t.Helper()
				require.Equal(t, store.InUseReason, fault.ReasonOf(create(t, one, 3)))
				require.Equal(t, store.InUseReason, fault.ReasonOf(one.Failing()))
			}
			refused()
			require.NoError(t, create(t, two, 4))
			require.NoError(t, two.Close())
			if alone.one {
				refused() // for good: what the other has taken in, nobody finds here
				return
			}
			require.Eventually(t, func() bool { return create(t, one, 5) == nil }, time.Minute, 10*time.Millisecond)
		})
	}
}

// Whoever takes a place has it once what was being written from there is written, and reads that.
func TestAPlaceIsTakenBehindWhatIsBeingWritten(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, migrated(t))
	through, w := wired(t, url)
	one, two := openURL(t, through), openURL(t, url)
	require.NoError(t, one.Join(t.Context(), true))
	require.NoError(t, one.Started(t.Context()))
	began, goOn := make(chan struct{}), make(chan struct{})
	let := sync.OnceFunc(func() { close(goOn) })
	t.Cleanup(let)
	wrote, took := make(chan error, 1), make(chan error, 1)
	go func() {
		wrote <- one.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO requests (method, request_id, subject, made_at) VALUES ('m', 'r', 's', 0)`)
			close(began)
			<-goOn
			return err
		})
	}()
	select {
	case <-began:
	case err := <-wrote:
		require.Fail(t, "it is refused", "%v", err)
	}
	w.cut(t, url)
	go func() { took <- two.Join(t.Context(), true) }()
	require.Never(t, func() bool { return len(took) > 0 }, 200*time.Millisecond, 10*time.Millisecond)
	let()
	require.NoError(t, <-wrote)
	require.NoError(t, <-took)
	var n int
	require.NoError(t, two.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM requests`).Scan(&n)
	}))
	require.Equal(t, 1, n)
	require.Equal(t, store.InUseReason, fault.ReasonOf(create(t, one, 1)))
}

// A server whose place nobody took meanwhile goes on, once it is back and before.
func TestAPlaceThatNobodyTook(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, migrated(t))
	one := openURL(t, url)
	require.NoError(t, one.Join(t.Context(), true))
	require.NoError(t, one.Started(t.Context()))
	outside(t, url, `SELECT pg_terminate_backend(pid, 30000) FROM pg_locks WHERE locktype = 'advisory' AND granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	require.Eventually(t, func() bool { return held(t, url) }, 10*time.Second, time.Millisecond)
	require.NoError(t, create(t, one, 1))
	require.NoError(t, one.Failing())
}
