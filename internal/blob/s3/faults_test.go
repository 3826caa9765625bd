package s3_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/blob/blobtest"
	"github.com/refrain-asr/refrain/internal/blob/s3"
	"github.com/refrain-asr/refrain/internal/blob/s3test"
	"github.com/refrain-asr/refrain/recording"
)

// disturbed is a place behind a proxy. Requests of it give up soon.
func disturbed(t *testing.T) (place, *s3test.Proxy) {
	t.Helper()
	g := s3test.Start(t, false)
	p := newPlace(t, g, false)
	proxy := s3test.Before(t, g.Addr)
	p.o.Endpoint, p.o.Tries, p.o.Idle = g.URL(proxy.Addr()), 2, 2*time.Second
	return p, proxy
}

// requireAway checks that an error says that the store is not to be had.
func requireAway(t *testing.T, err error, reason string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "%v", err)
	require.Equal(t, reason, fault.ReasonOf(err), "%v", err)
	require.True(t, recording.StoreAway(err))
}

// A bucket that is away is told of by all that needs it, and nothing is begun that can't be kept; once it is
// back all goes on by itself.
func TestAwayAndBack(t *testing.T) {
	t.Parallel()
	p, proxy := disturbed(t)
	proxy.Down()
	b := opened(t, p.o)
	requireAway(t, b.Ready(), recording.StoreUnavailable)
	_, err := b.Bind(t.Context(), s3.Claim{Directory: directory})
	requireAway(t, err, recording.StoreUnavailable)
	_, err = b.NewBlob()
	requireAway(t, err, recording.StoreUnavailable)
	proxy.Up(t)
	_, err = b.Bind(t.Context(), s3.Claim{Directory: directory})
	require.NoError(t, err)
	require.NoError(t, b.Ready())
	id := blobtest.Put(t, b, []byte("audio"))
	before, err := b.NewBlob()
	require.NoError(t, err)
	_, err = before.Write([]byte("before"))
	require.NoError(t, err)

	proxy.Down()
	for what, err := range map[string]error{
		"has":        func() error { _, err := b.Has(t.Context(), id); return err }(),
		"open":       func() error { _, err := b.Open(t.Context(), id); return err }(),
		"remove":     b.Remove(t.Context(), id),
		"remove all": b.RemoveAll(t.Context(), []string{string(id)}),
		"commit":     before.Commit(t.Context(), blobtest.NewID()),
		"sweep": func() error {
			_, err := b.Sweep(t.Context(), blobtest.Among(), blobtest.Among(), time.Now(), false)
			return err
		}(),
		"purge": func() error { _, err := b.PurgeStrays(t.Context(), blobtest.Among(), time.Now()); return err }(),
		"begin": func() error { _, err := b.NewBlob(); return err }(),
		"ready": b.Ready(),
	} {
		t.Run(what, func(t *testing.T) { requireAway(t, err, recording.StoreUnavailable) })
	}
	b.Look(t.Context())
	requireAway(t, b.Ready(), recording.StoreUnavailable)

	proxy.Up(t)
	late := blobtest.NewID()
	require.NoError(t, before.Commit(t.Context(), late), "what arrived is kept still")
	require.NoError(t, b.Ready())
	require.Equal(t, "before", string(blobtest.Get(t, b, late)))
	require.Equal(t, "audio", string(blobtest.Get(t, b, id)))
}

// Of an upload that is cut off nothing is left, and it can be sent again.
func TestUploadsThatFail(t *testing.T) {
	t.Parallel()
	p, proxy := disturbed(t)
	b := bound(t, p.o)
	id := blobtest.Put(t, b, []byte("audio"))
	proxy.Disturb(t, s3test.Sent, "limit_data", map[string]int{"bytes": 100_000})
	blob, err := b.NewBlob()
	require.NoError(t, err)
	data := noise(5 << 20)
	_, err = blob.Write(data)
	require.NoError(t, err)
	requireAway(t, blob.Commit(t.Context(), blobtest.NewID()), recording.StoreUnavailable)
	require.Equal(t, []string{blobtest.Name(id)}, p.Names(t), "nothing of what was cut off is there")
	requireAway(t, b.Ready(), recording.StoreUnavailable)
	_, err = b.NewBlob()
	requireAway(t, err, recording.StoreUnavailable)
	require.Equal(t, "audio", string(blobtest.Get(t, b, id)))
	require.NoError(t, b.Ready(), "it answers again")
	proxy.Calm(t)
	late := blobtest.NewID()
	require.NoError(t, blob.Commit(t.Context(), late), "what was cut off is sent again")
	require.True(t, bytes.Equal(data, blobtest.Get(t, b, late)))
}

// An upload in parts that is cut off leaves no object, and its parts are removed by a sweep.
func TestPartsCutOff(t *testing.T) {
	t.Parallel()
	p, proxy := disturbed(t)
	b := bound(t, p.o)
	blob, err := b.NewBlob()
	require.NoError(t, err)
	_, err = blob.Write(noise(20 << 20))
	require.NoError(t, err)
	proxy.Disturb(t, s3test.Sent, "limit_data", map[string]int{"bytes": 5 << 20})
	requireAway(t, blob.Commit(t.Context(), blobtest.NewID()), recording.StoreUnavailable)
	proxy.Calm(t)
	blob.Discard()
	require.Empty(t, p.Names(t))
	_, err = b.Sweep(t.Context(), blobtest.Among(), blobtest.Among(), time.Now(), false)
	require.NoError(t, err)
	for u := range p.g.Client(t).ListIncompleteUploads(t.Context(), p.bucket, "", true) {
		t.Errorf("%s was not ended", u.Key)
	}
}

// Reading goes on where a connection broke off, and with the same file.
func TestDownloadsCutOff(t *testing.T) {
	t.Parallel()
	p, proxy := disturbed(t)
	b := bound(t, p.o)
	data := noise(9 << 20)
	id := blobtest.Put(t, b, data)
	proxy.Disturb(t, s3test.Received, "limit_data", map[string]int{"bytes": 3 << 20})
	require.True(t, bytes.Equal(data, blobtest.Get(t, b, id)))
	proxy.Calm(t)
	r, err := b.Open(t.Context(), id)
	require.NoError(t, err)
	_, err = io.ReadFull(r, make([]byte, 100))
	require.NoError(t, err)
	proxy.Down()
	_, err = io.Copy(io.Discard, r)
	requireAway(t, err, recording.StoreUnavailable)
	proxy.Up(t)
	rest, err := io.ReadAll(r)
	require.NoError(t, err, "from there on")
	require.True(t, bytes.HasSuffix(data, rest))
	require.NoError(t, r.Close())
}

// What is slow is waited for as long as something moves, and what stands still isn't.
func TestSlowAndStalled(t *testing.T) {
	t.Parallel()
	p, proxy := disturbed(t)
	p.o.Idle = 400 * time.Millisecond
	b := bound(t, p.o)
	data := noise(2 << 20)
	id := blobtest.Put(t, b, data)
	proxy.Disturb(t, s3test.Received, "latency", map[string]int{"latency": 50})
	require.True(t, bytes.Equal(data, blobtest.Get(t, b, id)))
	proxy.Calm(t)
	proxy.Disturb(t, s3test.Received, "bandwidth", map[string]int{"rate": 1000})
	require.True(t, bytes.Equal(data, blobtest.Get(t, b, id)), "two seconds, in which it moves")
	proxy.Calm(t)
	proxy.Disturb(t, s3test.Received, "timeout", map[string]int{"timeout": 0})
	_, err := b.Open(t.Context(), id)
	requireAway(t, err, recording.StoreUnavailable)
	blob, err := b.NewBlob()
	if err == nil {
		_, err = blob.Write(data)
		require.NoError(t, err)
		err = blob.Commit(t.Context(), blobtest.NewID())
		blob.Discard()
	}
	requireAway(t, err, recording.StoreUnavailable)
}

// Who asked may go at any time; that says nothing of the bucket.
func TestCancelled(t *testing.T) {
	t.Parallel()
	p, proxy := disturbed(t)
	p.o.Idle = time.Minute
	b := bound(t, p.o)
	id := blobtest.Put(t, b, noise(2<<20))
	proxy.Disturb(t, s3test.Received, "latency", map[string]int{"latency": 60_000})
	for what, do := range map[string]func(context.Context) error{
		"open": func(ctx context.Context) error { _, err := b.Open(ctx, id); return err },
		"has":  func(ctx context.Context) error { _, err := b.Has(ctx, id); return err },
		"commit": func(ctx context.Context) error {
			blob, err := b.NewBlob()
			require.NoError(t, err)
			defer blob.Discard()
			_, err = blob.Write([]byte("audio"))
			require.NoError(t, err)
			return blob.Commit(ctx, blobtest.NewID())
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		err := do(ctx)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded, what)
		require.False(t, recording.StoreAway(err), what)
		require.NoError(t, b.Ready(), what)
	}
}

// What the server refuses, it is said why.
func TestRefused(t *testing.T) {
	t.Parallel()
	p := newPlace(t, s3test.Start(t, false), false)
	for message, change := range map[string]func(*s3.Options){
		"there is no such bucket": func(o *s3.Options) { o.Bucket = "none" },
		"are not known there": func(o *s3.Options) {
			o.Credentials = func(context.Context) ([]byte, error) {
				return []byte("aws_access_key_id=somebody\naws_secret_access_key=secret"), nil
			}
		},
		"audio.s3.credentials or audio.s3.region are wrong": func(o *s3.Options) {
			o.Credentials = func(context.Context) ([]byte, error) {
				return []byte(`{"AccessKeyId": "` + s3test.AccessKey + `", "SecretAccessKey": "wrong"}`), nil
			}
		},
	} {
		o := p.o
		change(&o)
		_, err := opened(t, o).Bind(t.Context(), s3.Claim{Directory: directory})
		requireAway(t, err, recording.StoreRefuses)
		require.ErrorContains(t, err, message)
		require.NotContains(t, err.Error(), "secret_access")
	}
}

// A bucket that was exchanged under a server is not used any more.
func TestExchanged(t *testing.T) {
	t.Parallel()
	p := newPlace(t, s3test.Start(t, false), false)
	now := time.Now()
	p.o.Now = func() time.Time { return now }
	b := bound(t, p.o)
	marker := p.Read(t, s3.MarkerFile)
	require.NoError(t, p.g.Client(t).RemoveObject(t.Context(), p.bucket, p.o.Prefix+s3.MarkerFile, minio.RemoveObjectOptions{}))
	b.Look(t.Context())
	require.NoError(t, b.Ready(), "it is not asked all the time")
	now = now.Add(time.Minute)
	b.Look(t.Context())
	requireAway(t, b.Ready(), recording.StoreRefuses)
	_, err := b.NewBlob()
	requireAway(t, err, recording.StoreRefuses)
	p.Write(t, s3.MarkerFile, marker)
	b.Look(t.Context())
	require.NoError(t, b.Ready())
}

// A bucket that lets us read and not write is told of until it takes something again.
func TestReadableOnly(t *testing.T) {
	t.Parallel()
	p := newPlace(t, s3test.Start(t, false), false)
	now := time.Now()
	p.o.Now = func() time.Time { return now }
	b := bound(t, p.o)
	id := blobtest.Put(t, b, []byte("audio"))
	again := func(readOnly bool) {
		p.g.Stop()
		require.True(t, p.g.Run(t, readOnly))
	}
	again(true)
	blob, err := b.NewBlob()
	require.NoError(t, err)
	requireAway(t, blob.Commit(t.Context(), blobtest.NewID()), recording.StoreRefuses)
	for range 2 {
		require.Equal(t, "audio", string(blobtest.Get(t, b, id)))
		b.Look(t.Context())
		requireAway(t, b.Ready(), recording.StoreRefuses)
		_, err = b.NewBlob()
		requireAway(t, err, recording.StoreRefuses)
		now = now.Add(time.Minute)
	}
	again(false)
	b.Look(t.Context())
	require.NoError(t, b.Ready())
	require.Equal(t, []string{blobtest.Name(id)}, p.Names(t), "the trial is gone")
	require.NoError(t, blob.Commit(t.Context(), blobtest.NewID()))
}
