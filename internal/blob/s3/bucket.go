package s3

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/encrypt"

	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/recording"
)

// Options say which bucket it is, and how it is used. Endpoint, Bucket, Temp and Now are required.
type Options struct {
	// Endpoint is the server, http or https, without a path. Bucket is there already. Prefix is what
	// all names in it begin with, such as refrain/; "" for nothing.
	Endpoint       *url.URL
	Bucket, Prefix string
	Region         string
	Addressing     Addressing
	// Credentials gives the text that ParseCredentials reads, and is asked again now and then; nil
	// looks where AWS's own programs look.
	Credentials func(context.Context) ([]byte, error)
	// CA are the authorities that the server's certificate is checked with; nil for the system's.
	CA *x509.CertPool
	// Encryption has the server encrypt what it keeps; KMSKey names its key, "" for its own.
	Encryption Encryption
	KMSKey     string
	// Temp is a directory for audio on its way, which is made and emptied. Room is asked before
	// anything is written there; nil for no limit.
	Temp string
	Room blob.Room
	// ReadOnly never writes to the bucket, and makes nothing.
	ReadOnly bool
	// Grace is how old an object must be to be a stray, since another server may be about to make its
	// row; 0 for no limit.
	Grace time.Duration
	// Idle is for how long nothing may move of a request; 0 for half a minute.
	Idle time.Duration
	// Tries is how often a request is made that failed through no fault of ours; 0 for 4.
	Tries  int
	Now    func() time.Time
	Logger *slog.Logger
}

// Addressing is where a request names the bucket.
type Addressing string

// The ways to name it: by the server's kind, in the path, or in the host's name.
const (
	Auto    Addressing = ""
	Path    Addressing = "path"
	Virtual Addressing = "virtual"
)

// Encryption is how the server encrypts what it keeps.
type Encryption string

// The ways: as the bucket is set, with keys that the store has, or with a key of its KMS.
const (
	AsSet Encryption = ""
	SSES3 Encryption = "s3"
	SSEKM Encryption = "kms"
)

// Defaults of Options.
const (
	defaultIdle  = 30 * time.Second
	defaultTries = 4
)

// Bucket is audio in a bucket, under a prefix. It implements blob.Store, and is safe for concurrent use
// by any number of processes, once it is bound.
type Bucket struct {
	blob.Archives

	o      Options
	client *minio.Client
	core   minio.Core
	sse    encrypt.ServerSide
	cipher *blob.Cipher
	health health
	// bound is the id of the bucket, nil as long as it is not known whether it is ours.
	bound atomic.Pointer[string]
}

var _ blob.Store = (*Bucket)(nil)

// Open readies a bucket, without asking for it. Nothing can be had from it before Bind.
func Open(o Options) (*Bucket, error) {
	if o.Idle <= 0 {
		o.Idle = defaultIdle
	}
	if o.Tries <= 0 {
		o.Tries = defaultTries
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	b := &Bucket{o: o}
	var err error
	if b.sse, err = o.serverSide(); err != nil {
		return nil, err
	}
	if b.client, err = newClient(o); err != nil {
		return nil, fmt.Errorf("use the bucket %s: %w", b, err)
	}
	b.core = minio.Core{Client: b.client}
	if !o.ReadOnly {
		if err := emptied(o.Temp); err != nil {
			return nil, fmt.Errorf("make the directory for audio on its way: %w", err)
		}
	}
	b.health.now = o.Now
	return b, nil
}

// emptied makes a directory in which nothing is. What lay there nobody was told of.
func emptied(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return blob.Empty(dir)
}

func (o Options) serverSide() (encrypt.ServerSide, error) {
	switch o.Encryption {
	case SSES3:
		return encrypt.NewSSE(), nil
	case SSEKM:
		return encrypt.NewSSEKMS(o.KMSKey, nil)
	case AsSet:
	}
	return nil, nil //nolint:nilnil // as the bucket is set
}

// String names the bucket.
func (b *Bucket) String() string { return "s3://" + b.o.Bucket + "/" + b.o.Prefix }

// Encrypt implements blob.Store.
func (b *Bucket) Encrypt(c *blob.Cipher) { b.cipher = c }

// key is what a blob is called in the bucket.
func (b *Bucket) key(id recording.ID) (string, error) {
	name, err := blob.Name(id)
	return b.o.Prefix + name, err
}

// usable is nil once it is known that the bucket is ours.
func (b *Bucket) usable() error {
	if b.bound.Load() != nil {
		return nil
	}
	if err := b.health.standing(); err != nil {
		return err
	}
	return b.unavailable("it was not reached since the start", nil)
}

// Has implements recording.Blobs.
func (b *Bucket) Has(ctx context.Context, id recording.ID) (bool, error) {
	key, err := b.key(id)
	if err == nil {
		err = b.usable()
	}
	if err != nil {
		return false, err
	}
	for _, name := range []string{key, key + blob.ReferenceSuffix} {
		is, err := b.there(ctx, name)
		if is || err != nil {
			return is, err
		}
	}
	return false, nil
}

// there tells whether there is an object of that name.
func (b *Bucket) there(ctx context.Context, key string) (bool, error) {
	within, stop := b.within(ctx)
	defer stop()
	_, err := b.client.StatObject(within, b.o.Bucket, key, minio.StatObjectOptions{})
	err = b.explain(ctx, "look for "+key, err)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// OpenArchived implements recording.Archives.
func (b *Bucket) OpenArchived(path string) (io.ReadCloser, recording.Blob, error) {
	return b.Refer(path, b.keepReference)
}

// keepReference keeps what says where a recording's audio lies, in the place of its beginning.
func (b *Bucket) keepReference(ctx context.Context, id recording.ID, text []byte) error {
	key, err := b.key(id)
	if err == nil {
		err = b.usable()
	}
	if err == nil {
		err = b.putText(ctx, key+blob.ReferenceSuffix, string(text))
	}
	if err != nil {
		return err
	}
	return b.remove(ctx, []string{key})
}

// putText keeps a small object.
func (b *Bucket) putText(ctx context.Context, key, text string) error {
	r := strings.NewReader(text)
	return b.put(ctx, key, r, r.Size())
}
