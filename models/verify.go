package models

import (
	"crypto/sha1" //nolint:gosec // published checksums of known files; SHA-256 is checked too
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/refrain-asr/refrain/asr"
)

// ErrDamaged is wrapped by the errors about a file that is not what it should be.
var ErrDamaged = errors.New("the model file is damaged")

// Report is what Verify found out about a model file.
type Report struct {
	Path string
	Size int64
	// SHA256 and SHA1 are the file's checksums, lower-case hexadecimal.
	SHA256, SHA1 string
	Header       Header
	// Model is how to feed it.
	Model asr.Model
	// Published reports that the contents are those of the demo model or of an
	// official one; false for a file of one's own, whose contents nothing vouches for.
	Published bool
}

// Verify recomputes a model file's checksums and reads its header. The error says
// what is wrong with it, wraps ErrDamaged where it's the contents, and comes with as
// much of the report as could be made. A file that bears an official model's name
// has to be that model.
func Verify(path string) (Report, error) {
	r := Report{Path: path}
	sums, err := sumFile(path)
	if err != nil {
		return r, fmt.Errorf("model file %s: %w", path, err)
	}
	r.Size, r.SHA256, r.SHA1 = sums.Size, sums.SHA256, sums.SHA1
	r.Model, r.Published = traits(path, sums.SHA256)
	if r.Header, err = headerOf(path); err != nil {
		return r, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	if known, ok := Find(filepath.Base(path)); ok {
		if err := known.match(sums); err != nil {
			return r, fmt.Errorf("%w: %s: %w; get it again with: refrain model get %s (a model "+
				"of your own needs another name)",
				ErrDamaged, path, err, known.Name)
		}
	}
	return r, nil
}

// traits tells from a file's contents, or else its name, how to feed it.
func traits(path, sum string) (m asr.Model, published bool) {
	if sum == demoSHA256() {
		return Demo(), true
	}
	if known, ok := bySHA256(sum); ok {
		return known.Model(), true
	}
	name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "ggml-"), ".bin")
	return asr.Model{Name: name, SHA256: sum, Packs: true}, false
}

// match says how a file differs from the official one, nil where it does not.
func (k Known) match(s sums) error {
	switch {
	case s.Size < k.Size:
		return fmt.Errorf("it is cut short: %d bytes of %d", s.Size, k.Size)
	case s.Size > k.Size:
		return fmt.Errorf("it is longer than %s: %d bytes instead of %d", k.Name, s.Size, k.Size)
	case s.SHA256 != k.SHA256:
		return fmt.Errorf("its SHA-256 is %s, and that of %s is %s", s.SHA256, k.Name, k.SHA256)
	case s.SHA1 != k.SHA1:
		return fmt.Errorf("its SHA-1 is %s, and that of %s is %s", s.SHA1, k.Name, k.SHA1)
	}
	return nil
}

type sums struct {
	Size         int64
	SHA256, SHA1 string
}

func sumFile(path string) (sums, error) {
	long, short := sha256.New(), sha1.New() //nolint:gosec // see the import
	n, err := copyOf(io.MultiWriter(long, short), path)
	if err != nil {
		return sums{}, err
	}
	return sums{Size: n, SHA256: hex.EncodeToString(long.Sum(nil)),
		SHA1: hex.EncodeToString(short.Sum(nil))}, nil
}

// sha256File is a file's SHA-256 alone, lower-case hexadecimal: at each start a model is asked
// for no more.
func sha256File(path string) (string, error) {
	sum := sha256.New()
	if _, err := copyOf(sum, path); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// copyOf writes a file's contents to w, and tells how many bytes they are.
func copyOf(w io.Writer, path string) (int64, error) {
	f, err := openRegular(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	n, err := io.Copy(w, f)
	if err != nil {
		return n, fmt.Errorf("reading it: %w", err)
	}
	return n, nil
}

func headerOf(path string) (Header, error) {
	f, err := openRegular(path)
	if err != nil {
		return Header{}, err
	}
	defer func() { _ = f.Close() }()
	return readHeader(f)
}

// openRegular opens a file, and refuses folders, pipes and devices, which would hang
// or never end.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, reason(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	return f, nil
}

// reason strips the path from a file error: the callers name it.
func reason(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}
