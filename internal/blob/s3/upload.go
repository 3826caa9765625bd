package s3

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/minio/minio-go/v7"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/recording"
)

// partSize is how large the parts are that larger files are sent in, in bytes.
const partSize = 16 << 20

// upload is audio on its way into a Bucket: in a file here until it is committed.
type upload struct {
	*blob.Draft
	bucket *Bucket
}

// NewBlob implements recording.Blobs. While the bucket fails, none is begun.
func (b *Bucket) NewBlob() (recording.Blob, error) {
	if err := b.usable(); err != nil {
		return nil, err
	}
	if err := b.health.standing(); err != nil {
		return nil, err
	}
	draft, err := blob.NewDraft(b.o.Temp, b.cipher, b.o.Room)
	if err != nil {
		return nil, err
	}
	return &upload{draft, b}, nil
}

// Commit implements recording.Blob. After an error the object is not there, or the one before is; where
// the answer was lost, it may be the new one, for Sweep.
func (u *upload) Commit(ctx context.Context, id recording.ID) error {
	key, err := u.bucket.key(id)
	if err != nil {
		return err
	}
	if err = u.send(ctx, key); err == nil && !u.bucket.None() {
		err = u.bucket.remove(ctx, []string{key + blob.ReferenceSuffix}) // whose place this takes
	}
	if err != nil {
		return fmt.Errorf("keep the audio of recordings/%s: %w", id, err)
	}
	return nil
}

func (u *upload) send(ctx context.Context, key string) error {
	f, err := u.File()
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return u.bucket.put(ctx, key, f, info.Size())
}

// put keeps size bytes of r under a key, in place of what may lie there. The server checks the SHA-256
// of each part as it comes; what it says of the whole is compared, and where it says nothing, it is read back.
func (b *Bucket) put(ctx context.Context, key string, r io.ReaderAt, size int64) error {
	want, err := sumOf(r, size)
	if err != nil {
		return err
	}
	p := b.watch(ctx)
	defer p.stop()
	done, err := b.client.PutObject(p, b.o.Bucket, key, io.NewSectionReader(r, 0, size), size, minio.PutObjectOptions{
		ContentType: "application/octet-stream", ServerSideEncryption: b.sse, PartSize: partSize, Progress: p,
		Checksum: minio.ChecksumSHA256, DisableContentSha256: true, // once is enough
	})
	if err = p.stalled(err); err == nil {
		err = b.compare(ctx, key, done, want)
	}
	if err = b.explain(ctx, "put "+key, err); err != nil {
		if f, ok := errors.AsType[*fault.Error](err); ok && f.Reason == recording.StoreRefuses {
			b.health.bad(f, true)
		}
		return err
	}
	b.health.good(true)
	return nil
}

// sums are the SHA-256 of what is sent: of all of it, and as S3 makes it of the parts.
type sums struct {
	whole [sha256.Size]byte
	told  string
}

func sumOf(r io.ReaderAt, size int64) (s sums, err error) {
	whole, parts, n := sha256.New(), sha256.New(), 0
	for from := int64(0); from < size || n == 0; from += partSize {
		part := sha256.New()
		if _, err := io.Copy(io.MultiWriter(whole, part), io.NewSectionReader(r, from, min(partSize, size-from))); err != nil {
			return s, fmt.Errorf("read the audio that arrived: %w", err)
		}
		parts.Write(part.Sum(nil))
		n++
	}
	whole.Sum(s.whole[:0])
	s.told = base64.StdEncoding.EncodeToString(s.whole[:])
	if n > 1 {
		s.told = fmt.Sprintf("%s-%d", base64.StdEncoding.EncodeToString(parts.Sum(nil)), n)
	}
	return s, nil
}

// compare finds out whether what was kept is what was sent.
func (b *Bucket) compare(ctx context.Context, key string, done minio.UploadInfo, want sums) error {
	switch done.ChecksumSHA256 {
	case want.told, base64.StdEncoding.EncodeToString(want.whole[:]):
		return nil
	case "": // a server that makes none
	default:
		return errDiffers
	}
	o, err := b.open(ctx, key)
	if err != nil {
		return err
	}
	defer func() { _ = o.Close() }() // it was only read
	got := sha256.New()
	if _, err := io.Copy(got, o); err != nil {
		return err
	}
	if [sha256.Size]byte(got.Sum(nil)) != want.whole {
		return errDiffers
	}
	return nil
}

// Adopt takes a file as it lies in a directory of audio, under its name there (see blob.Name): what is
// encrypted stays so. What has that name is replaced.
func (b *Bucket) Adopt(ctx context.Context, name string, r io.ReaderAt, size int64) error {
	if _, ok := blob.IDOf(name); !ok {
		return fmt.Errorf("%q is no recording's audio", name)
	}
	if err := b.usable(); err != nil {
		return err
	}
	return b.put(ctx, b.o.Prefix+name, r, size)
}
