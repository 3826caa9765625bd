package models

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/require"
)

// published makes a model of n bytes as a server could have it.
func published(n int, seed byte) (Known, []byte) {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b)
	long, short := sha256.Sum256(b), sha1.Sum(b)
	return Known{"test", int64(n), hex.EncodeToString(long[:]), hex.EncodeToString(short[:])}, b
}

// mirror serves one file, ranges and all, and cuts connections as told.
type mirror struct {
	contents []byte
	etag     string
	// cuts says for each request in turn after how many bytes of the body the
	// connection breaks; requests after the last are served whole.
	cuts     []int
	requests atomic.Int32
	ranges   []string
}

func (m *mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := int(m.requests.Add(1)) - 1
	m.ranges = append(m.ranges, r.Header.Get("Range"))
	if m.etag != "" {
		w.Header().Set("ETag", m.etag)
	}
	if n < len(m.cuts) {
		w = &cutWriter{ResponseWriter: w, left: m.cuts[n]}
	}
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(m.contents)))
}

type cutWriter struct {
	http.ResponseWriter
	left int
}

func (w *cutWriter) Write(b []byte) (int, error) {
	if len(b) <= w.left {
		w.left -= len(b)
		return w.ResponseWriter.Write(b)
	}
	_, _ = w.ResponseWriter.Write(b[:w.left])
	_ = http.NewResponseController(w.ResponseWriter).Flush()
	panic(http.ErrAbortHandler) // closes the connection within the body
}

// begin prepares a download from the handler that does not wait between attempts.
func begin(t *testing.T, k Known, dir string, h http.Handler) *download {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	d, err := newDownload(k, dir, server.URL+"/models/", nil)
	require.NoError(t, err)
	d.pause = func(ctx context.Context, _ int) error { return ctx.Err() }
	return d
}

func TestDownload(t *testing.T) {
	t.Parallel()
	k, contents := published(300_000, 1)
	mux := http.NewServeMux()
	mux.Handle("/mirror/ggml-test.bin", &mirror{contents: contents})
	server := httptest.NewServer(mux)
	defer server.Close()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	var heard []int64
	path, err := Download(t.Context(), k, dir, server.URL+"/mirror", func(done, total int64) {
		require.Equal(t, k.Size, total)
		heard = append(heard, done)
	})
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "ggml-test.bin"), path)
	require.IsIncreasing(t, heard)
	require.Equal(t, k.Size, heard[len(heard)-1])
	requireHas(t, dir, contents)

	server.Close() // what is there and intact is not asked for again
	_, err = Download(t.Context(), k, dir, server.URL+"/mirror", nil)
	require.NoError(t, err)
	require.Equal(t, []string{"ggml-test.bin"}, names(t, dir))
}

func requireHas(t *testing.T, dir string, contents []byte) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(dir, "ggml-test.bin"))
	require.NoError(t, err)
	require.Equal(t, contents, got)
	require.Equal(t, []string{"ggml-test.bin"}, names(t, dir), "no leftovers")
}

func TestDownloadGoesOnAfterCuts(t *testing.T) {
	t.Parallel()
	for _, etag := range []string{`"v1"`, `W/"weak"`, ""} {
		k, contents := published(200_000, 2)
		m := &mirror{contents: contents, etag: etag, cuts: []int{70_000, 0, 0, 50_000}}
		dir := t.TempDir()
		require.NoError(t, begin(t, k, dir, m).run(t.Context()))
		requireHas(t, dir, contents)
		require.Equal(t, []string{"", "bytes=70000-", "bytes=70000-", "bytes=70000-",
			"bytes=120000-"}, m.ranges)
	}
}

func TestDownloadGivesUpAndIsTakenUpLater(t *testing.T) {
	t.Parallel()
	k, contents := published(200_000, 3)
	m := &mirror{contents: contents, etag: `"v1"`, cuts: []int{90_000, 0, 0, 0}}
	dir := t.TempDir()
	err := begin(t, k, dir, m).run(t.Context())
	require.ErrorContains(t, err, "broke off after 90000 of 200000 bytes; run it again")
	require.Equal(t, []string{"ggml-test.bin.part", "ggml-test.bin.part.etag"}, names(t, dir))

	later := &mirror{contents: contents, etag: `"v1"`}
	require.NoError(t, begin(t, k, dir, later).run(t.Context()))
	require.Equal(t, []string{"bytes=90000-"}, later.ranges)
	requireHas(t, dir, contents)
}

func TestDownloadStartsOver(t *testing.T) {
	t.Parallel()
	k, contents := published(100_000, 4)
	other := append([]byte("another version"), contents[:60_000]...)
	ignoresRange := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(contents)
	})
	for name, c := range map[string]struct {
		part   []byte
		etag   string
		server http.Handler
	}{
		"the server has another version": {other, `"old"`,
			&mirror{contents: contents, etag: `"new"`}},
		"the server ignores ranges": {contents[:5000], "", ignoresRange},
		"more was there than belongs": {append(contents[:100_000:100_000], 1), `"v1"`,
			&mirror{contents: contents, etag: `"v1"`}},
		"nothing but an empty part":       {nil, `"v1"`, &mirror{contents: contents, etag: `"v1"`}},
		"all was there but not committed": {contents, "", http.NotFoundHandler()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, "ggml-test.bin.part", c.part)
			if c.etag != "" {
				write(t, dir, "ggml-test.bin.part.etag", []byte(c.etag))
			}
			require.NoError(t, begin(t, k, dir, c.server).run(t.Context()))
			requireHas(t, dir, contents)
		})
	}
}

func TestDownloadAfterARangeThatCannotBe(t *testing.T) {
	t.Parallel()
	k, contents := published(50_000, 5)
	dir := t.TempDir()
	write(t, dir, "ggml-test.bin.part", contents[:40_000])
	whole := &mirror{contents: contents}
	server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		whole.ServeHTTP(w, r)
	})
	require.NoError(t, begin(t, k, dir, server).run(t.Context()))
	requireHas(t, dir, contents)
}

func TestDownloadKeepsNothingThatIsNotTheModel(t *testing.T) {
	t.Parallel()
	k, contents := published(100_000, 6)
	forged := append([]byte("evil"), contents[4:]...)
	dir := t.TempDir()
	write(t, dir, "ggml-test.bin", []byte("a damaged file from before"))
	err := begin(t, k, dir, &mirror{contents: forged}).run(t.Context())
	require.ErrorIs(t, err, ErrChecksum)
	require.ErrorContains(t, err, "nothing of it was kept")
	require.Equal(t, []string{"ggml-test.bin"}, names(t, dir))

	// a resumed part of which only the start is wrong
	write(t, dir, "ggml-test.bin.part", forged[:1000])
	require.ErrorIs(t, begin(t, k, dir, &mirror{contents: contents}).run(t.Context()), ErrChecksum)
	require.NoError(t, begin(t, k, dir, &mirror{contents: contents}).run(t.Context()))
	requireHas(t, dir, contents)
}

func TestDownloadRefusals(t *testing.T) {
	t.Parallel()
	k, contents := published(100_000, 7)
	status := func(code int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
		})
	}
	partial := func(contentRange string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", contentRange)
			w.WriteHeader(http.StatusPartialContent)
		})
	}
	endless := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(contents) // chunked, as no length is given
		_ = http.NewResponseController(w).Flush()
		_, _ = w.Write(contents)
	})
	for name, c := range map[string]struct {
		server http.Handler
		says   string
	}{
		"404":                {status(404), "no such file (404 Not Found); check the address"},
		"403":                {status(403), "the server answers 403 Forbidden"},
		"503, again and yet": {status(503), "503 Service Unavailable; try again later"},
		"a short file": {&mirror{contents: contents[:500]},
			"offers a file of 500 bytes, and test has 100000"},
		"an endless file": {endless, "sends more than the 100000 bytes"},
		"another range": {partial("bytes 7-99999/100000"),
			"bytes from 7 on, and was asked for those from 0 on"},
		"another total": {partial("bytes 0-9/10"), "offers a file of 10 bytes"},
		"no range":      {partial("octets"), `says "octets" of which`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			err := begin(t, k, dir, c.server).run(t.Context())
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "downloading test from http")
			require.NoFileExists(t, filepath.Join(dir, "ggml-test.bin"))
		})
	}
}

func TestDownloadCountsFruitlessAttempts(t *testing.T) {
	t.Parallel()
	k, _ := published(1000, 8)
	var asked atomic.Int32
	err := begin(t, k, t.TempDir(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	})).run(t.Context())
	require.Error(t, err)
	require.EqualValues(t, fruitless, asked.Load())
}

func TestDownloadIsNotHeldByASilentServer(t *testing.T) {
	t.Parallel()
	k, contents := published(100_000, 9)
	silent := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write(contents[:1])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	d := begin(t, k, t.TempDir(), silent)
	d.stall = 20 * time.Millisecond
	require.ErrorIs(t, d.run(t.Context()), errStalled)
}

func TestDownloadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	k, contents := published(100_000, 10)
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	d := begin(t, k, dir, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100000")
		_, _ = w.Write(contents[:30_000])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	d.progress = func(done, _ int64) {
		if done == 30_000 {
			cancel()
		}
	}
	require.ErrorIs(t, d.run(ctx), context.Canceled)
	part, err := os.Stat(filepath.Join(dir, "ggml-test.bin.part"))
	require.NoError(t, err)
	require.EqualValues(t, 30_000, part.Size(), "what came is kept for the next time")
}

func TestDownloadToAFullDisk(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no /dev/full to stand for a full disk")
	}
	k, contents := published(100_000, 11)
	dir := t.TempDir()
	require.NoError(t, os.Symlink("/dev/full", filepath.Join(dir, "ggml-test.bin.part")))
	m := &mirror{contents: contents}
	err := begin(t, k, dir, m).run(t.Context())
	require.ErrorContains(t, err, "no space left at")
	require.ErrorContains(t, err, "free 100000 bytes or choose another folder")
	require.EqualValues(t, 1, m.requests.Load(), "asking again would not help")
}

func TestDownloadOnlyOnceAtATime(t *testing.T) {
	t.Parallel()
	k, contents := published(1000, 12)
	dir := t.TempDir()
	other := flock.New(filepath.Join(dir, "ggml-test.bin.part"))
	require.NoError(t, other.Lock())
	d := begin(t, k, dir, &mirror{contents: contents})
	require.ErrorContains(t, d.run(t.Context()), "by another process")
	require.NoError(t, other.Close())
	require.NoError(t, d.run(t.Context()))
}

func TestDownloadAddresses(t *testing.T) {
	t.Parallel()
	k, _ := published(1, 13)
	for _, bad := range []string{"ftp://mirror/x", "mirror.example/x", "http://", "://"} {
		_, err := Download(t.Context(), k, t.TempDir(), bad, nil)
		require.ErrorContains(t, err, "the address to download models from", bad)
	}
	d, err := newDownload(k, t.TempDir(), "", nil)
	require.NoError(t, err)
	require.Equal(t, DefaultBaseURL+"/ggml-test.bin", d.url)
	file := write(t, t.TempDir(), "file", nil)
	_, err = Download(t.Context(), k, filepath.Join(file, "x"), "", nil)
	require.ErrorContains(t, err, "the models folder")
}

func TestBackOff(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, backOff(ctx, 0))
	cancel()
	require.ErrorIs(t, backOff(ctx, 0), context.Canceled)
	require.ErrorIs(t, backOff(ctx, 3), context.Canceled)
}

func ExampleKnown_File() {
	k, _ := Find("large-v3-turbo-q5_0")
	fmt.Println(k.File(), k.Size>>20, "MiB")
	// Output: ggml-large-v3-turbo-q5_0.bin 547 MiB
}
