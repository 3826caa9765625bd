package httpapi

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/limit"
)

// dialTo begins a request to a handler by hand.
func dialTo(t *testing.T, h http.Handler, begin string) (net.Conn, *bufio.Reader) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
	_, err = c.Write([]byte(begin))
	require.NoError(t, err)
	return c, bufio.NewReader(c)
}

// Who asks whether to send a body isn't told to where nobody wants it.
func TestBodyThatIsNotWanted(t *testing.T) {
	t.Parallel()
	_, answer := dialTo(t, patient(time.Hour, http.NotFoundHandler()),
		"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
	line, err := answer.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 404 Not Found\r\n", line)
}

// A form that doesn't go on may be sent again.
func TestFormThatStalls(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.Handler{
		"a form": readForm(func(http.ResponseWriter, *http.Request) {}),
		"a file": uploads{nil, newREST()},
	} {
		_, answer := dialTo(t, patient(50*time.Millisecond, h),
			"POST "+uploadPath+" HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"+
				"Content-Length: 900\r\n\r\n--b\r\n")
		line, err := answer.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "HTTP/1.1 408 Request Timeout\r\n", line, name)
	}
}

// A body in chunks that still comes survives that nobody waits for it any more.
func TestAbortedBodyThatStillComes(t *testing.T) {
	t.Parallel()
	h := patient(time.Minute, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, ok := r.Body.(*pacedBody)
		if !ok {
			return
		}
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).EnableFullDuplex()
		under := make(chan struct{})
		from := b.ReadCloser
		b.ReadCloser = io.NopCloser(reader(func(p []byte) (int, error) {
			under <- struct{}{}
			return from.Read(p)
		}))
		read := make(chan error, 1)
		go func() { _, err := b.Read(make([]byte, 1)); read <- err }()
		<-under
		b.ReadCloser = from
		b.abort()
		_ = http.NewResponseController(w).Flush()
		err := <-read
		_, again := b.Read(make([]byte, 1))
		b.spare()
		_, rest := io.Copy(io.Discard, b)
		_, _ = fmt.Fprint(w, err, errors.Is(again, errAborted), rest)
	}))
	c, answer := dialTo(t, h, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
	_, err := answer.ReadString('\n')
	require.NoError(t, err)
	_, err = c.Write([]byte("3\r\nabc\r\n0\r\n\r\n"))
	require.NoError(t, err)
	got, err := io.ReadAll(answer)
	require.NoError(t, err)
	require.Contains(t, string(got), "<nil> true <nil>")
}

// What trickles is passed on as it comes.
func TestFillDoesNotWaitForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		go func() {
			for range 3 {
				_, _ = w.Write([]byte("a"))
				time.Sleep(time.Second)
			}
			_ = w.Close()
		}()
		n, err := fill(make([]byte, 9), r)
		require.NoError(t, err)
		require.Less(t, n, 3)
		n, err = fill(make([]byte, 9), r)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		n, err = fill(make([]byte, 9), r)
		require.ErrorIs(t, err, io.EOF)
		require.Zero(t, n)
	})
}

// A body that is refused keeps no memory while the rest of it comes.
func TestRefusedBodyGivesMemoryBack(t *testing.T) {
	t.Parallel()
	m := limit.NewMemory(1 << 20)
	share := m.Share()
	held := int64(-1)
	refused := errors.New("refused")
	body := io.MultiReader(strings.NewReader("[1,2]"), reader(func([]byte) (int, error) {
		whole := m.Share()
		defer whole.End()
		if whole.Grow(t.Context(), 1<<20) == nil {
			held = 0
		}
		return 0, io.EOF
	}))
	r := httptest.NewRequest(http.MethodPost, "/", body)
	_, err := readAll(r, 1<<20, share, func([]byte) error {
		return errors.Join(share.Grow(t.Context(), 900<<10), refused)
	})
	require.ErrorIs(t, err, refused)
	require.Zero(t, held)
}

type reader func([]byte) (int, error)

func (r reader) Read(p []byte) (int, error) { return r(p) }

// What a small memory can never take is too large, and not to be sent again.
func TestBodyBeyondTheMemory(t *testing.T) {
	t.Parallel()
	b := bodies{rest: newREST(), most: maxRequest, values: maxValues, limits: Limits{
		Memory: limit.NewMemory(16 << 20), Limited: func(string) {}}}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/lexicon:check",
		strings.NewReader(`{"source":"`+strings.Repeat("#", 3<<20)+`"}`)))
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code, w.Body)
}
