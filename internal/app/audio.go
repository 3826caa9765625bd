package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/blob/s3"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/recording"
)

const (
	// bindFor is for how long a start waits for a bucket, and sweepFor for it to be looked through. Diallers
	// must not wait for recorders: what takes longer goes on once the server serves.
	bindFor  = 10 * time.Second
	sweepFor = 20 * time.Second
	// bucketEvery is how often it is looked at how the bucket is.
	bucketEvery = 3 * time.Second
	// strayGrace is how old audio in a bucket must be that has no row, to have strayed.
	strayGrace = time.Hour
	// bucketSweepEvery is how often a bucket is looked through.
	bucketSweepEvery = 24 * time.Hour
)

// keptBucket is a bucket as the server keeps it.
type keptBucket struct {
	*s3.Bucket

	claim s3.Claim
	// swept is when it was looked through last.
	swept time.Time
	// head is what was noted of the ledger in the bucket, noted when; behind tells that the bucket knows a later
	// one, and nothing is noted there.
	head   datadir.Head
	noted  time.Time
	behind bool
	// unnoted tells that an erasure could not be noted in the bucket.
	unnoted atomic.Bool
	// unerased tells that something is to be erased that the last server did not end.
	unerased bool
}

// openAudio opens where recordings' audio lies. room is asked before audio is written to the disk; with
// nothing to be written (readOnly) nothing is made.
func (a *App) openAudio(ctx context.Context, facts datadir.Facts, room blob.Room, readOnly bool) (err error) {
	dir := a.cfg.Path(datadir.AudioDir)
	temp := filepath.Join(dir, blob.TempDir)
	switch {
	case a.cfg.Audio.S3.On():
		err = a.openBucket(ctx, facts, s3.Options{Temp: temp, Room: room, ReadOnly: readOnly, Grace: strayGrace})
	case readOnly:
		a.blobs, err = blob.OpenReadOnly(dir, room)
	default:
		err = a.openAudioDir(dir, room)
	}
	if err != nil {
		return err
	}
	a.onClose(a.blobs.Close)
	if err := a.encryptAudio(ctx); err != nil && !readOnly { // else checks matter more
		return err
	}
	for _, path := range a.cfg.Intake.Archives {
		if err := a.blobs.Archive(path); err != nil {
			return err
		}
	}
	if readOnly {
		temp = ""
	}
	a.files, err = a.cfg.Audio.Files(temp)
	return err
}

// openAudioDir opens the directory of audio, unless the audio lies in a bucket.
func (a *App) openAudioDir(dir string, room blob.Room) error {
	state, err := datadir.ReadState(a.cfg.Data)
	if err != nil {
		return err
	}
	if state != nil && state.Bucket != "" {
		err := a.believeBucket(fmt.Sprintf("the audio of this data directory lies in the bucket %s, and the settings "+
			"name none: set audio.s3 as it was", state.Bucket),
			"audio is kept in the directory from now on, and what lies in the bucket is missing")
		if err != nil {
			return err
		}
		if err := datadir.NoteBucket(a.cfg.Data, ""); err != nil {
			return err
		}
	}
	d, err := blob.Open(dir)
	if err != nil {
		return err
	}
	d.Room = room
	a.blobs = d
	return nil
}

// believeBucket refuses a bucket that is not what it was, unless the operator means it so.
func (a *App) believeBucket(message, means string) error {
	return a.believed(datadir.Finding{Kind: datadir.OtherBucket, Message: message, Means: means})
}

// believed refuses what was found, unless the operator means it so.
func (a *App) believed(f datadir.Finding) error {
	if !a.accepts(f.Kind) {
		return errors.New(f.String())
	}
	a.meant = append(a.meant, f)
	a.log.Warn("the data directory is not what it was, and this is accepted", "kind", string(f.Kind), "finding",
		f.Message, "means", f.Means)
	return nil
}

// openBucket opens the bucket that the settings name, and finds out whether it is this data directory's.
// One that can't be reached stops no start.
func (a *App) openBucket(ctx context.Context, facts datadir.Facts, o s3.Options) error {
	state, err := datadir.ReadState(a.cfg.Data)
	if err != nil {
		return err
	}
	if state == nil && o.ReadOnly { // checks matter more; the bucket is nobody's then
		state = &datadir.State{}
	}
	if state == nil {
		return errors.New("the data directory doesn't say what it is, which the bucket of its audio is compared with")
	}
	if err := bucketOptions(a.cfg.Audio.S3, &o); err != nil {
		return err
	}
	o.Now, o.Logger = a.now, a.log
	b, err := s3.Open(o)
	if err != nil {
		return err
	}
	if state.Bucket == "" && slices.Contains(facts.Beside, datadir.AudioDir+"/") {
		err := a.believeBucket(fmt.Sprintf("recordings lie in %s, and audio is to be kept in %s: copy them there under the "+
			"same names (aws s3 sync, rclone copy), without %s/, and move them away here", a.cfg.Path(datadir.AudioDir), b,
			blob.TempDir), "recordings that were not copied are missing")
		if err != nil {
			return err
		}
	}
	claim := s3.Claim{Directory: state.ID, Bucket: state.Bucket, Meant: a.accepts(datadir.OtherBucket)}
	if a.db.Shared() && !slices.Contains(facts.Beside, datadir.AudioDir+"/") { // the directory may be new, and the database not
		if claim.Known, err = a.db.Recordings.Kept(ctx); err != nil {
			return err
		}
	}
	a.bucket = &keptBucket{Bucket: b, claim: claim}
	a.blobs = b
	return a.bindBucket(ctx, true)
}

// bucketOptions are what the settings say of a bucket.
func bucketOptions(c config.S3, o *s3.Options) error {
	o.Endpoint, o.Bucket, o.Prefix, o.Region = c.URL(), c.Bucket, c.Prefix, c.Region
	o.Encryption, o.KMSKey = s3.Encryption(c.Encryption), c.KMSKey
	if c.Addressing != "auto" {
		o.Addressing = s3.Addressing(c.Addressing)
	}
	if c.Credentials.Set() {
		o.Credentials = c.Credentials.Read
	}
	if c.CA == "" {
		return nil
	}
	text, err := os.ReadFile(c.CA)
	if err != nil {
		return fmt.Errorf("audio.s3.ca: %w", err)
	}
	o.CA = x509.NewCertPool()
	if !o.CA.AppendCertsFromPEM(text) {
		return fmt.Errorf("audio.s3.ca: %s holds no certificate in PEM", c.CA)
	}
	return nil
}

// bindBucket finds out whether the bucket is this data directory's. At a start it is an error where it is
// not, and none where it can't be reached.
func (a *App) bindBucket(ctx context.Context, starting bool) error {
	within, cancel := context.WithTimeout(ctx, bindFor)
	defer cancel()
	id, err := a.bucket.Bind(within, a.bucket.claim)
	if err == nil {
		if a.bucket.claim.Meant && a.bucket.claim.Bucket != id {
			a.log.WarnContext(ctx, "the bucket is not what it was, and this is accepted", "bucket", a.bucket.String())
		}
		return a.boundTo(ctx, id, starting)
	}
	foreign, is := errors.AsType[*s3.ForeignError](err)
	switch {
	case is && starting && !a.onlyChecks():
		return a.believeBucket(foreign.Message, "the bucket is taken over; audio in it that belongs to no recording "+
			"is moved to stray/ there")
	case starting && fault.ReasonOf(err) == recording.StoreRefuses && !a.onlyChecks():
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	a.bucket.Fail(err)
	if a.told.again("bucket", a.now()) {
		a.log.ErrorContext(ctx, "the bucket that keeps audio can't be used: uploads are refused and nothing is heard "+
			"until it can; checks, reservations, reports and decisions go on", "bucket", a.bucket.String(), "error", err)
	}
	return nil
}

// boundTo goes on with the bucket that was found to be this data directory's.
func (a *App) boundTo(ctx context.Context, id string, starting bool) error {
	if a.onlyChecks() { // nothing can be noted
		return nil
	}
	err := a.believeHead(ctx)
	switch {
	case err != nil && starting:
		return err
	case err != nil: // the server serves already
		a.bucket.behind = true
		a.log.ErrorContext(ctx, "stop the server: the bucket that keeps audio tells that the database is not the latest",
			"error", err)
	}
	return datadir.NoteBucket(a.cfg.Data, id)
}

// watchBucket looks after the bucket, until ctx ends.
func (a *App) watchBucket(ctx context.Context) error {
	ticks, stop := a.every(bucketEvery)
	defer stop()
	failed := a.blobs.Ready() != nil
	for {
		select {
		case <-ticks:
			a.lookAtBucket(ctx)
			failed = a.tellBucket(ctx, failed)
			a.tellHealth()
		case <-ctx.Done():
			return nil
		}
	}
}

// tellBucket logs when the bucket fails, and when it is back.
func (a *App) tellBucket(ctx context.Context, failed bool) bool {
	err := a.blobs.Ready()
	switch {
	case ctx.Err() != nil:
	case err != nil && a.told.again("bucket", a.now()):
		a.log.ErrorContext(ctx, "no audio is taken, and none is heard", "error", err)
	case err == nil && failed:
		a.log.InfoContext(ctx, "the bucket that keeps audio can be used again", "bucket", a.bucket.String())
	}
	return err != nil
}

func (a *App) lookAtBucket(ctx context.Context) {
	if !a.bucket.Bound() {
		if err := a.bindBucket(ctx, false); err != nil {
			a.log.ErrorContext(ctx, "the bucket could not be noted", "error", err)
		}
	}
	a.bucket.Look(ctx)
	a.leading(ctx, a.keepBucket)
	if !a.bucket.unnoted.Load() || a.blobs.Ready() != nil {
		return
	}
	// What this server erased it notes itself, though another one leads.
	if err := a.shareErasures(ctx); err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "an erasure could not be noted in the bucket", "error", err)
	}
}

// keepBucket does with the bucket what one server of all does.
func (a *App) keepBucket(ctx context.Context) {
	a.noteBucketHead(ctx, a.now())
	if (a.bucket.unerased || a.bucket.unnoted.Load()) && a.blobs.Ready() == nil {
		if err := a.resumeErasing(ctx); err != nil && ctx.Err() == nil {
			a.log.ErrorContext(ctx, "what was to be erased could not be", "error", err)
		}
	}
	if a.onlyChecks() || a.blobs.Ready() != nil || a.now().Sub(a.bucket.swept).Abs() < bucketSweepEvery {
		return
	}
	a.bucket.swept = a.now() // or a doubt would be told without an end
	if err := a.sweepStore(ctx); err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "the bucket could not be looked through for audio that belongs to no recording; "+
			"trying again tomorrow", "error", err)
	}
}

// sweepAudio cleans up behind the last server. A bucket that takes longer than a start should is looked
// through afterwards.
func (a *App) sweepAudio(ctx context.Context) error {
	if a.bucket == nil {
		return a.sweepStore(ctx)
	}
	within, cancel := context.WithTimeout(ctx, sweepFor)
	defer cancel()
	err := a.sweepStore(within)
	if err != nil && ctx.Err() == nil && (within.Err() != nil || recording.StoreAway(err)) {
		return nil
	}
	if err == nil {
		a.bucket.swept = a.now()
	}
	return err
}
