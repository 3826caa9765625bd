package blob

import (
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
	"github.com/refrain-asr/refrain/internal/atomicfile"
	"github.com/refrain-asr/refrain/recording"
)

// referenceSuffix is what the name of a blob ends with that only says where its audio lies.
const referenceSuffix = ".ref"

// archive is a directory outside, whose files are read where they are. Nothing in it is ever written
// or removed.
type archive struct {
	path string
	root *os.Root // refuses what leads out of it, symbolic links among them
}

// Archive lets recordings refer to files in a directory outside of this one, by an absolute path.
// It is called before the Dir is used.
func (d *Dir) Archive(path string) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("the archive %q must be named by its absolute path", path)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return fmt.Errorf("open the archive: %w", err)
	}
	d.archives = append(d.archives, archive{filepath.Clean(path), root})
	return nil
}

// Close ends the use of the archives.
func (d *Dir) Close() error {
	var errs []error
	for _, a := range d.archives {
		errs = append(errs, a.root.Close())
	}
	return errors.Join(errs...)
}

// reference is what a blob says that lies elsewhere, as JSON.
type reference struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// OpenArchived implements recording.Archives.
func (d *Dir) OpenArchived(path string) (io.ReadCloser, recording.Blob, error) {
	f, err := d.openArchived(path)
	if err != nil {
		return nil, nil, err
	}
	return f, &referring{dir: d, path: path, hash: sha256.New()}, nil
}

func (d *Dir) openArchived(path string) (*os.File, error) {
	for _, a := range d.archives {
		rel, err := filepath.Rel(a.path, path)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		// a pipe must not hold the server up
		f, err := a.root.OpenFile(rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
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
	dir  *Dir
	path string
	hash hash.Hash
	size int64
}

// Write implements io.Writer.
func (r *referring) Write(p []byte) (int, error) {
	r.size += int64(len(p))
	return r.hash.Write(p)
}

// Reread implements recording.Blob.
func (r *referring) Reread() (io.ReadCloser, error) { return r.dir.openArchived(r.path) }

// Commit implements recording.Blob.
func (r *referring) Commit(id recording.ID) error {
	path, err := r.dir.path(id)
	if err != nil {
		return err
	}
	text, err := json.Marshal(reference{r.path, r.size, hex.EncodeToString(r.hash.Sum(nil))})
	if err != nil {
		return err
	}
	f, err := atomicfile.Create(r.dir.Temp(), "reference-*", 0o600)
	if err != nil {
		return fmt.Errorf("keep where the audio of recordings/%s lies: %w", id, err)
	}
	defer f.Discard()
	if _, err := f.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("keep where the audio of recordings/%s lies: %w", id, err)
	}
	if err := r.dir.publish(f, path+referenceSuffix); err != nil {
		return fmt.Errorf("keep where the audio of recordings/%s lies: %w", id, err)
	}
	return removeFile(path) // the beginning, whose place this takes
}

// Discard implements recording.Blob.
func (r *referring) Discard() {}

// openReferred opens what the reference at path refers to, where it is still what it was. The error
// wraps fs.ErrNotExist where there is no reference, and where what it refers to is gone or changed.
func (d *Dir) openReferred(path string) (io.ReadCloser, error) {
	text, err := os.ReadFile(path + referenceSuffix)
	if err != nil {
		return nil, err
	}
	var to reference
	if err := json.Unmarshal(text, &to); err != nil {
		return nil, fmt.Errorf("%s%s is no reference: %w", path, referenceSuffix, err)
	}
	f, err := d.openArchived(to.Path)
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
