package s3_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"net/http/httputil"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/blob/blobtest"
	"github.com/refrain-asr/refrain/internal/blob/s3"
	"github.com/refrain-asr/refrain/internal/blob/s3test"
)

const directory = "dir-1"

// options are for a bucket of a gateway.
func options(tb testing.TB, g *s3test.Gateway, bucket string) s3.Options {
	tb.Helper()
	return s3.Options{Endpoint: g.URL(""), Bucket: bucket, Prefix: "refrain/", Region: s3test.Region,
		Credentials: s3test.Credentials, Temp: filepath.Join(tb.TempDir(), "tmp"), Now: time.Now}
}

// opened is a bucket that is not bound yet.
func opened(tb testing.TB, o s3.Options) *s3.Bucket {
	tb.Helper()
	b, err := s3.Open(o)
	require.NoError(tb, err)
	return b
}

// bound is a bucket of the directory of tests.
func bound(tb testing.TB, o s3.Options) *s3.Bucket {
	tb.Helper()
	b := opened(tb, o)
	_, err := b.Bind(tb.Context(), s3.Claim{Directory: directory})
	require.NoError(tb, err)
	return b
}

// place is a bucket of a gateway.
type place struct {
	g      *s3test.Gateway
	o      s3.Options
	bucket string
}

func (p place) Open(tb testing.TB, c *blob.Cipher) blob.Store {
	tb.Helper()
	b := bound(tb, p.o)
	if c != nil {
		b.Encrypt(c)
	}
	return b
}

func (p place) Names(tb testing.TB) []string {
	tb.Helper()
	return slices.DeleteFunc(p.g.Names(tb, p.bucket, p.o.Prefix), func(name string) bool { return name == s3.MarkerFile })
}

func (p place) Read(tb testing.TB, name string) []byte {
	tb.Helper()
	o, err := p.g.Client(tb).GetObject(tb.Context(), p.bucket, p.o.Prefix+name, minio.GetObjectOptions{})
	require.NoError(tb, err)
	text, err := io.ReadAll(o)
	require.NoError(tb, err)
	return text
}

func (p place) Write(tb testing.TB, name string, contents []byte) {
	tb.Helper()
	_, err := p.g.Client(tb).PutObject(tb.Context(), p.bucket, p.o.Prefix+name, bytes.NewReader(contents),
		int64(len(contents)), minio.PutObjectOptions{})
	require.NoError(tb, err)
}

func newPlace(tb testing.TB, g *s3test.Gateway, versioned bool) place {
	tb.Helper()
	bucket := g.NewBucket(tb, versioned)
	return place{g, options(tb, g, bucket), bucket}
}

func TestBucket(t *testing.T) {
	t.Parallel()
	g := s3test.Start(t, false)
	blobtest.Run(t, func(tb testing.TB) blobtest.Place {
		tb.Helper()
		return newPlace(tb, g, false)
	})
}

// The same where the bucket keeps former versions.
func TestVersionedBucket(t *testing.T) {
	t.Parallel()
	g := s3test.Start(t, true)
	blobtest.Run(t, func(tb testing.TB) blobtest.Place {
		tb.Helper()
		return newPlace(tb, g, true)
	})
}

// What is removed has no former version left, nor has a stray.
func TestFormerVersionsGo(t *testing.T) {
	t.Parallel()
	p := newPlace(t, s3test.Start(t, true), true)
	b := bound(t, p.o)
	markers := p.g.Versions(t, p.bucket, p.o.Prefix)
	require.Equal(t, 1, markers)
	id := blobtest.Put(t, b, []byte("first"))
	blobtest.PutAs(t, b, id, []byte("second"))
	require.Equal(t, markers+2, p.g.Versions(t, p.bucket, p.o.Prefix))
	kept := blobtest.Put(t, b, []byte("kept"))
	require.NoError(t, b.RemoveAll(t.Context(), []string{string(id)}))
	require.Equal(t, markers+1, p.g.Versions(t, p.bucket, p.o.Prefix))
	_, err := b.Sweep(t.Context(), blobtest.Among(), blobtest.Among(), blobtest.SweptOn, false)
	require.NoError(t, err)
	require.Equal(t, markers+1, p.g.Versions(t, p.bucket, p.o.Prefix), "it was set aside")
	require.NoError(t, b.RemoveAll(t.Context(), []string{string(kept)}))
	require.Equal(t, markers, p.g.Versions(t, p.bucket, p.o.Prefix))
}

// noise is so many bytes.
func noise(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	return data
}

// Larger files go in parts, and come back as they were.
func TestParts(t *testing.T) {
	t.Parallel()
	p := newPlace(t, s3test.Start(t, false), false)
	b := bound(t, p.o)
	data := noise(20<<20 + 7)
	id := blobtest.Put(t, b, data)
	require.True(t, bytes.Equal(data, blobtest.Get(t, b, id)))
	o, err := p.g.Client(t).StatObject(t.Context(), p.bucket, p.o.Prefix+blobtest.Name(id), minio.StatObjectOptions{Checksum: true})
	require.NoError(t, err)
	require.Contains(t, o.ChecksumSHA256, "-2", "the server knows the checksum of its parts")
}

// A bucket is one directory's, and the directory's bucket that one.
func TestBind(t *testing.T) {
	t.Parallel()
	g := s3test.Start(t, false)
	is := func(message string, c s3.Claim, prepare func(place)) {
		p := newPlace(t, g, false)
		if prepare != nil {
			prepare(p)
		}
		b := opened(t, p.o)
		id, err := b.Bind(t.Context(), c)
		if message == "" {
			require.NoError(t, err)
			require.NotEmpty(t, id)
			require.NoError(t, b.Ready())
			return
		}
		var foreign *s3.ForeignError
		require.ErrorAs(t, err, &foreign)
		require.ErrorContains(t, err, message)
		require.False(t, b.Bound())
		_, err = b.NewBlob()
		require.Error(t, err, "nothing goes there")
		_, err = b.Open(t.Context(), blobtest.NewID())
		require.Error(t, err)
		before := len(p.Names(t))
		c.Meant = true
		if _, err = b.Bind(t.Context(), c); message != "damaged" {
			require.NoError(t, err, "it is meant so")
		}
		require.Len(t, p.Names(t), before)
	}
	of := func(c s3.Claim) func(place) {
		return func(p place) {
			_, err := opened(t, p.o).Bind(t.Context(), c)
			require.NoError(t, err)
		}
	}
	mine, other := s3.Claim{Directory: directory}, s3.Claim{Directory: "dir-2"}
	is("", mine, nil)
	is("", mine, of(mine))
	is("belongs to another data directory (dir-2)", mine, of(other))
	is("says nothing of whose it is", s3.Claim{Directory: directory, Bucket: "another"}, nil)
	is("is not the bucket that this data directory's audio lies in", s3.Claim{Directory: directory, Bucket: "another"}, of(mine))
	is("something lies in s3://", mine, func(p place) { p.Write(t, "aa/b", nil) })
	is("damaged", mine, func(p place) { p.Write(t, s3.MarkerFile, []byte("{}")) })
	p := newPlace(t, g, false)
	p.Write(t, "../beside", nil)
	bound(t, p.o)

	p = newPlace(t, g, false) // of two who come at once one has it
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		b := opened(t, p.o)
		wg.Go(func() {
			_, errs[i] = b.Bind(context.WithoutCancel(t.Context()), s3.Claim{Directory: string(rune('a' + i))})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.ErrorContains(t, err, "belongs to another data directory")
	}
	require.Equal(t, 1, won)
}

// Who may only read takes no bucket.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	p := newPlace(t, s3test.Start(t, false), false)
	reads := p.o
	reads.ReadOnly = true
	_, err := opened(t, reads).Bind(t.Context(), s3.Claim{Directory: directory})
	require.ErrorContains(t, err, "nobody's yet")
	require.Empty(t, p.g.Names(t, p.bucket, ""))
	id := blobtest.Put(t, bound(t, p.o), []byte("audio"))
	require.Equal(t, "audio", string(blobtest.Get(t, bound(t, reads), id)))
}

// By https the server is asked whose certificate the authority vouches for, and no other.
func TestTLS(t *testing.T) {
	t.Parallel()
	p := newPlace(t, s3test.Start(t, false), false)
	front := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(p.g.URL(""))
		r.Out.Host = r.In.Host // which is signed
	}})
	defer front.Close()
	o := p.o
	*o.Endpoint = *p.g.URL(front.Listener.Addr().String())
	o.Endpoint.Scheme, o.Tries = "https", 1
	_, err := opened(t, o).Bind(t.Context(), s3.Claim{Directory: directory})
	require.ErrorContains(t, err, "certificate")
	o.CA = x509.NewCertPool()
	o.CA.AddCert(front.Certificate())
	id := blobtest.Put(t, bound(t, o), []byte("audio"))
	require.Equal(t, "audio", string(p.Read(t, blobtest.Name(id))))
}

// What is young may have its row about to come.
func TestGrace(t *testing.T) {
	t.Parallel()
	p := newPlace(t, s3test.Start(t, false), false)
	p.o.Grace = time.Hour
	b := bound(t, p.o)
	id := blobtest.Put(t, b, []byte("audio"))
	core := minio.Core{Client: p.g.Client(t)}
	unfinished := p.o.Prefix + blobtest.Name(blobtest.NewID())
	_, err := core.NewMultipartUpload(t.Context(), p.bucket, unfinished, minio.PutObjectOptions{})
	require.NoError(t, err)
	uploads := func() (n int) {
		for u := range core.ListIncompleteUploads(t.Context(), p.bucket, p.o.Prefix, true) {
			require.NoError(t, u.Err)
			n++
		}
		return n
	}
	for _, tt := range []struct {
		after time.Duration
		want  [2]int
	}{{0, [2]int{0, 1}}, {2 * time.Hour, [2]int{1, 0}}} {
		swept, err := b.Sweep(t.Context(), blobtest.Among(), blobtest.Among(), time.Now().Add(tt.after), false)
		require.NoError(t, err)
		require.Equal(t, tt.want, [2]int{swept.Strayed, uploads()})
	}
	has, err := b.Has(t.Context(), id)
	require.NoError(t, err)
	require.False(t, has)
}

// Files of a directory are taken as they lie there.
func TestAdopt(t *testing.T) {
	t.Parallel()
	p := newPlace(t, s3test.Start(t, false), false)
	b := bound(t, p.o)
	id := blobtest.NewID()
	text := bytes.NewReader([]byte("audio"))
	require.NoError(t, b.Adopt(t.Context(), blobtest.Name(id), text, text.Size()))
	require.Equal(t, "audio", string(blobtest.Get(t, b, id)))
	require.Error(t, b.Adopt(t.Context(), "../x", text, text.Size()))
}
