package s3

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/blob"
)

// MarkerFile says, below the prefix, whose the audio there is.
const MarkerFile = "refrain.json"

// marker is what a bucket says of itself.
type marker struct {
	// ID is the bucket's, which the installation knows, too.
	ID string `json:"id"`
	// Directory is the installation's; see datadir.State.
	Directory string    `json:"directory"`
	Made      time.Time `json:"made"`
}

// Claim says whose a bucket should be.
type Claim struct {
	// Directory is the installation's id, Bucket the id of the bucket that it has, "" where it has none yet.
	Directory, Bucket string
	// Known tells that the installation has audio that lies in a bucket, so that one which says nothing is another.
	Known bool
	// Meant takes the bucket whatever it is.
	Meant bool
}

// ForeignError is that a bucket is not the one that belongs there.
type ForeignError struct{ Message string }

// Error implements error.
func (e *ForeignError) Error() string { return e.Message }

// Bind finds out whether the bucket is the one that belongs to an installation, makes it so where nothing
// lies in it yet, and gives its id. From then on the bucket can be used. The error is a *ForeignError where
// it is another one; where the bucket can't be asked, recording.StoreAway tells so, and Bind may be tried again.
func (b *Bucket) Bind(ctx context.Context, c Claim) (id string, err error) {
	m, err := b.marker(ctx)
	if err != nil {
		return "", err
	}
	if m != nil && m.Directory == c.Directory && (c.Bucket == "" || m.ID == c.Bucket || c.Meant) {
		b.take(m.ID)
		return m.ID, nil
	}
	if !c.Meant {
		if err := b.foreign(ctx, m, c); err != nil {
			return "", err
		}
	}
	if b.o.ReadOnly {
		return "", &ForeignError{fmt.Sprintf("%s is nobody's yet: a server must have had it before it is read", b)}
	}
	mine := marker{ulid.MustNewDefault(b.o.Now()).String(), c.Directory, b.o.Now().UTC().Truncate(time.Second)}
	text, err := json.Marshal(mine)
	if err != nil {
		return "", err
	}
	if err := b.putMarker(ctx, string(text)+"\n", m == nil); err != nil {
		return "", err
	}
	if m, err = b.marker(ctx); err != nil {
		return "", err
	}
	if m == nil || m.Directory != c.Directory { // another was faster
		return "", b.whose(m)
	}
	b.take(m.ID)
	return m.ID, nil
}

func (b *Bucket) take(id string) {
	b.bound.Store(&id)
	b.health.good(true)
}

// putMarker writes what the bucket says of itself; fresh ones only where there is none, so that of two who come
// at once one has it.
func (b *Bucket) putMarker(ctx context.Context, text string, fresh bool) error {
	within, stop := b.within(ctx)
	defer stop()
	o := minio.PutObjectOptions{ContentType: "application/json", ServerSideEncryption: b.sse}
	if fresh {
		o.SetMatchETagExcept("*")
	}
	_, err := b.client.PutObject(within, b.o.Bucket, b.o.Prefix+MarkerFile, strings.NewReader(text), int64(len(text)), o)
	if minio.ToErrorResponse(err).Code == "PreconditionFailed" {
		return nil // which is read next
	}
	return b.explain(ctx, "write whose the bucket is", err)
}

// foreign is why the bucket is not to be taken.
func (b *Bucket) foreign(ctx context.Context, m *marker, c Claim) error {
	switch {
	case m != nil && m.Directory != c.Directory:
		return b.whose(m)
	case m != nil:
		return &ForeignError{fmt.Sprintf("%s is not the bucket that this data directory's audio lies in (%s, while it is "+
			"%s): name that one (audio.s3.bucket and audio.s3.prefix)", b, m.ID, c.Bucket)}
	case c.Bucket != "":
		return &ForeignError{fmt.Sprintf("%s says nothing of whose it is (%s is missing), while this data directory's "+
			"audio lies in the bucket %s: name that one (audio.s3.bucket and audio.s3.prefix), or put %s back", b,
			MarkerFile, c.Bucket, MarkerFile)}
	}
	if c.Known {
		return &ForeignError{fmt.Sprintf("%s says nothing of whose it is (%s is missing), while the database knows of audio that is "+
			"in no directory here: name the bucket in which it lies (audio.s3.bucket and audio.s3.prefix)", b, MarkerFile)}
	}
	some := errors.New("something")
	err := b.list(ctx, listing{}, func(name string, _ minio.ObjectInfo) error {
		if name == MarkerFile { // of somebody who comes at the same moment
			return nil
		}
		return some
	})
	if errors.Is(err, some) {
		return &ForeignError{fmt.Sprintf("something lies in %s already, and nothing there tells whose it is: name a prefix "+
			"in which nothing lies (audio.s3.prefix)", b)}
	}
	return err
}

func (b *Bucket) whose(m *marker) error {
	if m == nil {
		return &ForeignError{fmt.Sprintf("%s does not keep what is written there", b)}
	}
	return &ForeignError{fmt.Sprintf("%s belongs to another data directory (%s): name this one's bucket, or a prefix of "+
		"its own (audio.s3.prefix)", b, m.Directory)}
}

// marker reads what the bucket says of itself, nil where it says nothing.
func (b *Bucket) marker(ctx context.Context) (*marker, error) {
	text, err := b.get(ctx, b.o.Prefix+MarkerFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // it says nothing
	}
	if err != nil {
		return nil, err
	}
	var m marker
	if err := json.Unmarshal(text, &m); err != nil || m.ID == "" || m.Directory == "" {
		return nil, &ForeignError{fmt.Sprintf("%s%s is damaged: restore it from a former version or a copy", b, MarkerFile)}
	}
	return &m, nil
}

// HeadFile keeps, below the prefix, how far the installation's ledger has come.
const HeadFile = "ledger.head"

// Head is what NoteHead noted last, nil where nothing was.
func (b *Bucket) Head(ctx context.Context) ([]byte, error) {
	if err := b.usable(); err != nil {
		return nil, err
	}
	text, err := b.get(ctx, b.o.Prefix+HeadFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// NoteHead notes how far the ledger has come. Where the bucket keeps former versions, none of those of heads
// stays.
func (b *Bucket) NoteHead(ctx context.Context, text []byte) error {
	if err := b.usable(); err != nil {
		return err
	}
	if err := b.putText(ctx, b.o.Prefix+HeadFile, string(text)); err != nil {
		return err
	}
	versions, err := b.versioned(ctx)
	if err != nil || !versions {
		return err
	}
	var former []minio.ObjectInfo
	err = b.list(ctx, listing{prefix: HeadFile, deep: true, versions: true}, func(_ string, o minio.ObjectInfo) error {
		if !o.IsLatest {
			former = append(former, o)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return b.removeObjects(ctx, former)
}

// askEvery is after how long without a word the bucket is asked how it is, and how often whether it takes
// anything again.
const askEvery = 15 * time.Second

// lookFor is for how long an answer is waited for then.
const lookFor = 10 * time.Second

// trialFile is what is put below the prefix, and removed, to find out whether the bucket takes anything.
const trialFile = "trial"

// Look asks the bucket how it is where it fails or nothing was heard of it for a while, and waits for the
// answer. It does nothing before Bind.
func (b *Bucket) Look(ctx context.Context) {
	id := b.bound.Load()
	if id == nil || !b.health.quiet(askEvery) {
		return
	}
	within, cancel := context.WithTimeout(ctx, min(lookFor, b.o.Idle))
	defer cancel()
	m, err := b.marker(within)
	_, foreign := errors.AsType[*ForeignError](err)
	switch {
	case within.Err() != nil && ctx.Err() == nil:
		b.health.bad(b.unavailable("it doesn't answer", err), false)
	case foreign, err == nil && (m == nil || m.ID != *id):
		b.health.bad(b.refuses("it is not the one any more that it was: put back what lay there, "+MarkerFile+" above all",
			err), false)
	case err != nil: // which is noted
	case b.health.try():
		if b.putText(ctx, b.o.Prefix+trialFile, "to see whether anything can be kept\n") == nil {
			if err := b.remove(ctx, []string{b.o.Prefix + trialFile}); err != nil {
				b.o.Logger.WarnContext(ctx, "a trial could not be removed from the bucket", "error", err)
			}
		}
	}
}

// Fail has the bucket be of no use, as long as it isn't bound.
func (b *Bucket) Fail(err error) {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		b.health.bad(f, false)
		return
	}
	b.health.bad(b.refuses(err.Error(), err), false)
}

// Ready implements blob.Store.
func (b *Bucket) Ready() error {
	if err := b.usable(); err != nil {
		return err
	}
	if err := b.health.standing(); err != nil {
		return err
	}
	return blob.Usable(b.o.Temp)
}

// Bound tells whether Bind has found the bucket to be ours.
func (b *Bucket) Bound() bool { return b.bound.Load() != nil }
