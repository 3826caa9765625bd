package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"

	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/recording"
)

// How much is fetched at once, in bytes: more and more while it is read on, so that a short look is
// cheap and an hour of audio takes few requests.
const (
	leastAhead = 256 << 10
	mostAhead  = 2 << 20
)

// Open implements recording.Blobs. Reading it goes to the bucket for each stretch, and on from there
// after a connection broke.
func (b *Bucket) Open(ctx context.Context, id recording.ID) (io.ReadCloser, error) {
	key, err := b.key(id)
	if err == nil {
		err = b.usable()
	}
	if err != nil {
		return nil, err
	}
	o, err := b.open(ctx, key)
	if err == nil {
		audio, err := b.cipher.Open(o, o.size)
		return audio, wrap("open the audio of recordings/"+string(id), err)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, wrap("open the audio of recordings/"+string(id), err)
	}
	text, err := b.get(ctx, key+blob.ReferenceSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the audio of recordings/%s is missing in %s: restore it from a backup: %w", id, b,
			fs.ErrNotExist)
	}
	if err != nil {
		return nil, wrap("open the audio of recordings/"+string(id), err)
	}
	referred, err := b.Referred(text)
	return referred, wrap("open the audio of recordings/"+string(id), err)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// object is an object as it was when it was opened, to be read from any place. It implements blob.File.
type object struct {
	ctx    context.Context //nolint:containedctx // reading ends with it
	bucket *Bucket
	key    string
	etag   string
	size   int64

	mu  sync.Mutex
	pos int64
	// window is what was fetched last, from at on; ahead is how much of that is fetched next.
	window []byte
	at     int64
	ahead  int64
}

// open opens an object. The error wraps fs.ErrNotExist where there is none.
func (b *Bucket) open(ctx context.Context, key string) (*object, error) {
	o := &object{ctx: ctx, bucket: b, key: key, ahead: leastAhead}
	err := o.again(func() error { return o.fetch(0, leastAhead) })
	if minio.ToErrorResponse(err).Code == "InvalidRange" { // there is nothing in it
		within, stop := b.within(ctx)
		defer stop()
		var info minio.ObjectInfo
		info, err = b.client.StatObject(within, b.o.Bucket, key, minio.StatObjectOptions{})
		o.size, o.etag = info.Size, info.ETag
	}
	if err = b.explain(ctx, "get "+key, err); err != nil {
		return nil, err
	}
	return o, nil
}

// get is all of a small object.
func (b *Bucket) get(ctx context.Context, key string) ([]byte, error) {
	o, err := b.open(ctx, key)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(o, leastAhead))
}

// again tries until it goes, where what failed was the way there.
func (o *object) again(try func() error) (err error) {
	for range o.bucket.o.Tries {
		err = try()
		if err == nil || o.ctx.Err() != nil || errors.Is(err, errStalled) || minio.ToErrorResponse(err).StatusCode != 0 {
			return err // the server itself was asked again by minio's client
		}
	}
	return err
}

// fetch fetches so many bytes from a place on.
func (o *object) fetch(from, n int64) error {
	p := o.bucket.watch(o.ctx)
	defer p.stop()
	var opts minio.GetObjectOptions
	err := opts.SetRange(from, from+n-1)
	if err == nil && o.etag != "" {
		err = opts.SetMatchETag(o.etag)
	}
	if err != nil {
		return err
	}
	body, info, header, err := o.bucket.core.GetObject(p, o.bucket.o.Bucket, o.key, opts)
	if err != nil {
		return p.stalled(err)
	}
	defer func() { _ = body.Close() }() // it was only read
	if o.etag == "" {
		o.etag, o.size = info.ETag, wholeSize(header.Get("Content-Range"), info.Size)
	}
	n = min(n, o.size-from)
	if int64(cap(o.window)) < n {
		o.window = make([]byte, n)
	}
	o.window, o.at = o.window[:n], from
	if _, err = io.ReadFull(moving{body, p}, o.window); err != nil {
		o.window = o.window[:0]
		return p.stalled(fmt.Errorf("it broke off: %w", err))
	}
	return nil
}

// wholeSize reads the size of the object from what stretch of it came.
func wholeSize(stretch string, size int64) int64 {
	_, whole, _ := strings.Cut(stretch, "/")
	if n, err := strconv.ParseInt(whole, 10, 64); err == nil {
		return n
	}
	return size
}

// ReadAt implements io.ReaderAt.
func (o *object) ReadAt(p []byte, off int64) (n int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.readAt(p, off)
}

func (o *object) readAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("read from before the beginning")
	}
	for n < len(p) {
		if off >= o.size {
			return n, io.EOF
		}
		if err := o.reach(off); err != nil {
			return n, err
		}
		m := copy(p[n:], o.window[off-o.at:])
		n, off = n+m, off+int64(m)
	}
	return n, nil
}

// reach has what lies at a place in the window.
func (o *object) reach(off int64) error {
	if off >= o.at && off < o.at+int64(len(o.window)) {
		return nil
	}
	if off == o.at+int64(len(o.window)) {
		o.ahead = min(4*o.ahead, mostAhead)
	} else {
		o.ahead = leastAhead
	}
	err := o.again(func() error { return o.fetch(off, o.ahead) })
	if minio.ToErrorResponse(err).Code == "PreconditionFailed" {
		return o.bucket.unavailable("another file took the place of this one while it was read", err)
	}
	return o.bucket.explain(o.ctx, "read "+o.key, err)
}

// Read implements io.Reader.
func (o *object) Read(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.pos >= o.size {
		return 0, io.EOF
	}
	if err := o.reach(o.pos); err != nil {
		return 0, err
	}
	n := copy(p, o.window[o.pos-o.at:])
	o.pos += int64(n)
	return n, nil
}

// Seek implements io.Seeker.
func (o *object) Seek(offset int64, whence int) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += o.pos
	case io.SeekEnd:
		offset += o.size
	}
	if offset < 0 {
		return 0, errors.New("seek to before the beginning")
	}
	o.pos = offset
	return offset, nil
}

// Close implements io.Closer.
func (o *object) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.window, o.at = nil, -1
	return nil
}
