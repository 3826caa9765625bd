package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/recording"
)

// archive is a directory outside, whose files are read where they are. Nothing in it is ever written
// or removed.
type archive struct {
	path string
	root *os.Root // refuses what leads out of it, symbolic links among them
}

// Archives are directories outside of a store, to whose files its recordings may refer. The zero
// value has none.
type Archives struct{ all []archive }

// Archive lets recordings refer to files in a directory, by an absolute path. It is called before
// the store is used.
func (a *Archives) Archive(path string) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("the archive %q must be named by its absolute path", path)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return fmt.Errorf("open the archive: %w", err)
	}
	a.all = append(a.all, archive{filepath.Clean(path), root})
	return nil
}

// None tells that there are none.
func (a *Archives) None() bool { return len(a.all) == 0 }

// Close ends the use of the archives.
func (a *Archives) Close() error {
	var errs []error
	for _, one := range a.all {
		errs = append(errs, one.root.Close())
	}
	return errors.Join(errs...)
}

// reference is what a blob says that lies elsewhere, as JSON.
type reference struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Keep keeps what says where a recording's audio lies.
type Keep func(ctx context.Context, id recording.ID, text []byte) error

// Refer opens a file in the archives, and begins a blob that refers to it, which keep will keep; see
// recording.Archives.
func (a *Archives) Refer(path string, keep Keep) (io.ReadCloser, recording.Blob, error) {
	f, err := a.open(path)
	if err != nil {
		return nil, nil, err
	}
	return f, &referring{archives: a, keep: keep, path: path, hash: sha256.New()}, nil
}

func (a *Archives) open(path string) (*os.File, error) {
	for _, one := range a.all {
		rel, err := filepath.Rel(one.path, path)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		// a pipe must not hold the server up
		f, err := one.root.OpenFile(rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return nil, notArchived(path, err.Error())
		}
		if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
			return nil, errors.Join(notArchived(path, "it is no file"), f.Close())
		}
		return f, nil
	}
	return nil, notArchived(path, "it lies in none of the archives that the server's settings name "+
		"(intake.archives); send the file itself")
}

func notArchived(path, why string) error {
	return &fault.Error{Op: "recording.Refer", Kind: fault.Precondition, Reason: "NOT_IN_ARCHIVE",
		Message: fmt.Sprintf("%s can't be read where it is: %s", path, why)}
}

// referring is a blob of a file that stays where it is. What is written to it is counted only.
type referring struct {
	archives *Archives
	keep     Keep
	path     string
	hash     hash.Hash
	size     int64
}

// Write implements io.Writer.
func (r *referring) Write(p []byte) (int, error) {
	r.size += int64(len(p))
	return r.hash.Write(p)
}

// Reread implements recording.Blob.
func (r *referring) Reread() (io.ReadCloser, error) { return r.archives.open(r.path) }

// Commit implements recording.Blob.
func (r *referring) Commit(ctx context.Context, id recording.ID) error {
	text, err := json.Marshal(reference{r.path, r.size, hex.EncodeToString(r.hash.Sum(nil))})
	if err != nil {
		return err
	}
	return wrap("keep where the audio of recordings/"+string(id)+" lies", r.keep(ctx, id, append(text, '\n')))
}

// Discard implements recording.Blob.
func (r *referring) Discard() {}

// Referred opens what a reference refers to, where it is still what it was. The error wraps
// fs.ErrNotExist where that is gone or changed.
func (a *Archives) Referred(text []byte) (io.ReadCloser, error) {
	var to reference
	if err := json.Unmarshal(text, &to); err != nil {
		return nil, fmt.Errorf("what says where it lies is no reference: %w", err)
	}
	f, err := a.open(to.Path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, fs.ErrNotExist)
	}
	if err := to.matches(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// matches reads the file to see whether it has changed, and goes back to its beginning.
func (r reference) matches(f *os.File) error {
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err != nil {
		return fmt.Errorf("read %s: %w", r.Path, err)
	}
	if n != r.Size || hex.EncodeToString(sum.Sum(nil)) != r.SHA256 {
		return fmt.Errorf("%s has changed since it was taken in (SHA-256 then %s): %w", r.Path, r.SHA256,
			fs.ErrNotExist)
	}
	_, err = f.Seek(0, io.SeekStart)
	return err
}
