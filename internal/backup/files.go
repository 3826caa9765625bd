package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/refrain-asr/refrain/internal/atomicfile"
)

// writeFile makes a file that is complete or not there, and survives a crash.
func writeFile(name string, write func(io.Writer) error) error {
	f, err := atomicfile.Create(filepath.Dir(name), filepath.Base(name)+".*.tmp", 0o600)
	if err != nil {
		return err
	}
	defer f.Discard()
	if err := write(f); err != nil {
		return err
	}
	return f.Commit(name)
}

// copyFile copies a file and gives the SHA-256 and the size of what it copied.
func copyFile(ctx context.Context, from, to string, done func(int64)) (sum string, size int64, err error) {
	in, err := os.Open(from)
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return "", 0, err
	}
	err = writeFile(to, func(w io.Writer) error {
		h := sha256.New()
		size, err = io.Copy(io.MultiWriter(w, h), &reader{ctx, in, done})
		sum = hex.EncodeToString(h.Sum(nil))
		return err
	})
	return sum, size, err
}

// sumFile is the SHA-256 of a file, and its size.
func sumFile(ctx context.Context, name string, done func(int64)) (sum string, size int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	size, err = io.Copy(h, &reader{ctx, f, done})
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// sumOf is the SHA-256 of what r gives; it closes r.
func sumOf(ctx context.Context, r io.ReadCloser) (string, error) {
	h := sha256.New()
	_, err := io.Copy(h, &reader{ctx: ctx, r: r})
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, r.Close())
}

// reader ends with its context, and tells how much was read.
type reader struct {
	ctx  context.Context
	r    io.Reader
	done func(int64)
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	if r.done != nil {
		r.done(int64(n))
	}
	return n, err
}

// link gives a file a second name; a file that has that name already loses it.
func link(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Link(from, to)
}

// isEmpty tells that a directory is missing, or that nothing is in it.
func isEmpty(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("look into %s: %w", dir, err)
	}
	for _, e := range entries {
		if e.Name() != "lost+found" { // of a file system of its own
			return false, nil
		}
	}
	return true, nil
}

// meter adds up what was read, for whoever watches.
type meter struct {
	done, whole int64
	watch       func(done, whole int64)
}

func (m *meter) add(n int64) {
	m.done += n
	if m.watch != nil {
		m.watch(min(m.done, m.whole), m.whole)
	}
}
