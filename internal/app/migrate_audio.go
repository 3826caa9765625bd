package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/refrain-asr/refrain/internal/atomicfile"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/blob/s3"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/store"
)

const (
	// audioNote is where the move notes how far audio has come.
	audioNote = "audio/"
	// filesAtOnce is how many files are on their way at once, filesNoted after how many it is noted how far they are.
	filesAtOnce, filesNoted = 8, 64
	// filesSampled is how many files are read back at the end.
	filesSampled = 20
	// mostDoubts is how many are named.
	mostDoubts = 100
	// missingAudio is the doubt of a recording without a file.
	missingAudio = "is missing in the source: restore it from a backup"
)

// sample is some of many, each as likely as any other.
type sample struct {
	seen int
	some []store.Audio
}

func (s *sample) add(a store.Audio) {
	s.seen++
	if len(s.some) < filesSampled {
		s.some = append(s.some, a)
	} else if i := rand.IntN(s.seen); i < filesSampled { //nolint:gosec // nothing is to be kept secret
		s.some[i] = a
	}
}

// openAudio opens where audio goes.
func (mv *migration) openAudio(ctx context.Context) error {
	c := mv.cfg.Audio
	if c.Encrypt.Identity.Set() {
		text, err := c.Encrypt.Identity.Read(ctx)
		if err != nil {
			return fmt.Errorf("read audio.encrypt.identity: %w", err)
		}
		if mv.cipher, err = blob.NewCipher(text, c.Encrypt.Recipients, c.Encrypt.New); err != nil {
			return fmt.Errorf("audio.encrypt: %v %w", c.Encrypt.Identity, err)
		}
	}
	had := mv.source.State.Bucket
	if !c.S3.On() {
		if had != "" {
			return fmt.Errorf("the audio of %s lies in the bucket %s, and the settings name none: set audio.s3 as it is there",
				mv.From, had)
		}
		return os.MkdirAll(mv.cfg.Path(datadir.AudioDir), 0o700)
	}
	o := s3.Options{Temp: filepath.Join(mv.cfg.Path(datadir.AudioDir), blob.TempDir), Now: mv.now, Logger: mv.log}
	if err := bucketOptions(c.S3, &o); err != nil {
		return err
	}
	var err error
	if mv.bucket, err = s3.Open(o); err != nil {
		return err
	}
	mv.closers = append(mv.closers, mv.bucket.Close)
	if mv.cipher != nil {
		mv.bucket.Encrypt(mv.cipher)
	}
	mv.bucketID, err = mv.bucket.Bind(ctx, s3.Claim{Directory: mv.source.State.ID, Bucket: had})
	mv.done.Bucket = mv.bucket.String()
	return err
}

// audio moves the audio of all recordings that is not there yet. Where it lies in a bucket already, it stays.
func (mv *migration) audio(ctx context.Context) error {
	if mv.source.State.Bucket != "" {
		return nil
	}
	after, err := mv.move.Noted(ctx, audioNote)
	if err != nil {
		return err
	}
	var whole, done int64
	path := mv.source.Path(datadir.DBFile)
	if err := store.EachAudio(ctx, path, func(store.Audio) error { whole++; return nil }); err != nil {
		return err
	}
	var some []store.Audio
	send := func() error {
		if err := mv.sendAll(ctx, some); err != nil || len(some) == 0 {
			return err
		}
		done += int64(len(some))
		err := mv.move.Note(ctx, audioNote, string(some[len(some)-1].ID))
		some = some[:0]
		mv.Progress("audio", done, whole)
		return err
	}
	err = store.EachAudio(ctx, path, func(a store.Audio) error {
		mv.sample.add(a)
		if string(a.ID) <= after {
			done++
			return nil
		}
		if some = append(some, a); len(some) < mv.atOnce {
			return nil
		}
		return send()
	})
	if err != nil {
		return err
	}
	return send()
}

func (mv *migration) sendAll(ctx context.Context, all []store.Audio) error {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(filesAtOnce)
	for _, a := range all {
		g.Go(func() error {
			doubt, err := mv.send(ctx, a)
			if err != nil {
				return fmt.Errorf("move the audio of recordings/%s: %w", a.ID, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if doubt != missingAudio {
				mv.done.Files++
			}
			if doubt != "" && len(mv.done.Doubts) < mostDoubts {
				mv.done.Doubts = append(mv.done.Doubts, fmt.Sprintf("the audio of recordings/%s %s", a.ID, doubt))
			}
			return nil
		})
	}
	return g.Wait()
}

// send moves a recording's file as it lies, or what refers to it; doubt says what is wrong with it in the source.
func (mv *migration) send(ctx context.Context, a store.Audio) (doubt string, err error) {
	name, err := blob.Name(a.ID)
	if err != nil {
		return "", err
	}
	f, err := os.Open(mv.audioPath(mv.From, name))
	if errors.Is(err, fs.ErrNotExist) {
		name += blob.ReferenceSuffix
		if f, err = os.Open(mv.audioPath(mv.From, name)); errors.Is(err, fs.ErrNotExist) {
			return missingAudio, nil
		}
	} else if err == nil {
		doubt, err = mv.doubtful(f, a)
	}
	if f != nil {
		defer func() { err = errors.Join(err, f.Close()) }()
	}
	if err != nil {
		return "", err
	}
	if mv.bucket != nil {
		info, err := f.Stat()
		if err != nil {
			return "", err
		}
		return doubt, mv.bucket.Adopt(ctx, name, f, info.Size())
	}
	return doubt, mv.putFile(f, mv.audioPath(mv.cfg.Data, name))
}

func (mv *migration) audioPath(dir, name string) string {
	return filepath.Join(dir, datadir.AudioDir, filepath.FromSlash(name))
}

// doubtful says what is wrong with a file, as far as it can be read: without its identity one that is encrypted
// can't be compared.
func (mv *migration) doubtful(f *os.File, a store.Audio) (string, error) {
	if sealed, err := blob.Encrypted(f); err != nil || sealed && mv.cipher == nil {
		return "", err
	}
	r, err := mv.cipher.Plain(f.Name())
	if err != nil {
		return "can't be decrypted: " + err.Error(), nil //nolint:nilerr // it is a doubt
	}
	sum, err := sumOf(r)
	if err != nil || sum != a.SHA256 {
		return "is not what was uploaded, and was so in the source: restore it from a backup", nil //nolint:nilerr // so is this
	}
	return "", nil
}

func sumOf(r io.ReadCloser) (string, error) {
	h := sha256.New()
	_, err := io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, r.Close())
}

// putFile gives a file a second name, or copies it where it can't have one there.
func (mv *migration) putFile(f *os.File, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	err := os.Link(f.Name(), to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return atomicfile.SyncDir(filepath.Dir(to))
	}
	out, err := atomicfile.Create(filepath.Dir(to), filepath.Base(to)+".*.tmp", 0o600)
	if err != nil {
		return err
	}
	defer out.Discard()
	if _, err := io.Copy(out, f); err != nil {
		return err
	}
	return out.Commit(to)
}

// checkSample reads some of the audio back from where it went, and compares it with what was uploaded.
func (mv *migration) checkSample(ctx context.Context) {
	if mv.bucket == nil {
		return // it is the same file, or was copied from one that was compared
	}
	for _, a := range mv.sample.some {
		if !mv.sound(a) {
			continue
		}
		r, err := mv.bucket.Open(ctx, a.ID)
		if err != nil {
			mv.done.Wrong = append(mv.done.Wrong, err.Error())
			continue
		}
		mv.done.Sampled++
		if sum, err := sumOf(r); err != nil || sum != a.SHA256 {
			mv.done.Wrong = append(mv.done.Wrong, fmt.Sprintf("the audio of recordings/%s is not what was uploaded", a.ID))
		}
	}
}

// sound tells that a recording has a file of its own in the source, that can be read and is what was uploaded.
func (mv *migration) sound(a store.Audio) bool {
	name, err := blob.Name(a.ID)
	if err != nil {
		return false
	}
	f, err := os.Open(mv.audioPath(mv.From, name))
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // it was only read
	sealed, err := blob.Encrypted(f)
	if err != nil || sealed && mv.cipher == nil {
		return false
	}
	doubt, err := mv.doubtful(f, a)
	return err == nil && doubt == ""
}
