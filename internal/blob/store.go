package blob

import (
	"context"
	"time"

	"github.com/refrain-asr/refrain/recording"
)

// Store is where recordings' audio lies: a Dir, or a bucket. It is safe for concurrent use once what
// Outfitted has was set. What every store must hold to, internal/blob/blobtest tests.
type Store interface {
	recording.Blobs
	recording.Archives
	Tidied
	Outfitted
}

// Tidied is a store that is kept in order.
type Tidied interface {
	// RemoveAll removes blobs, and what is left of them among strays, for good. It is no error where
	// there is none.
	RemoveAll(ctx context.Context, ids []string) error
	// Sweep cleans up behind crashes; see Dir.Sweep.
	Sweep(ctx context.Context, known, erased Known, now time.Time, meant bool) (Swept, error)
	// PurgeStrays removes strays that lie since before a time, and those that were erased, and counts them.
	PurgeStrays(ctx context.Context, erased Known, before time.Time) (int, error)
}

// Outfitted is a store as it is readied and asked how it is.
type Outfitted interface {
	// Archive lets recordings refer to files in a directory, Encrypt has what is written encrypted.
	Archive(path string) error
	Encrypt(c *Cipher)
	// Ready is nil where audio can be taken as far as the store goes, and else says what is wrong.
	Ready() error
	Close() error
}

var _ Store = (*Dir)(nil)
