package models

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// part is the file that a download grows in, with the server's name (its ETag) for
// the version it comes from beside it.
type part struct {
	file   *os.File
	size   int64
	whole  int64
	etag   string
	noteAt string
}

func partName(path string) string { return path + ".part" }
func noteName(path string) string { return path + ".part.etag" }

// openPart opens what there is of a download. More than a whole one is of no use.
func openPart(path string, whole int64) (*part, error) {
	f, err := os.OpenFile(partName(path), os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("a place for the download: %w", err)
	}
	p := &part{file: f, whole: whole, noteAt: noteName(path)}
	if p.size, err = f.Seek(0, io.SeekEnd); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("reading what was downloaded before: %w", err)
	}
	if note, err := os.ReadFile(p.noteAt); err == nil {
		p.etag = strings.TrimSpace(string(note))
	}
	if p.size > whole {
		if err := p.restart(""); err != nil {
			_ = f.Close()
			return nil, err
		}
	}
	return p, nil
}

// restart throws away what there is, for bytes of the version that etag names.
func (p *part) restart(etag string) error {
	if p.size > 0 {
		if err := p.file.Truncate(0); err != nil {
			return fmt.Errorf("starting the download over: %w", err)
		}
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("starting the download over: %w", err)
	}
	p.size, p.etag = 0, etag
	if etag == "" {
		return ignoreMissing(os.Remove(p.noteAt))
	}
	return os.WriteFile(p.noteAt, []byte(etag), 0o644)
}

func (p *part) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	p.size += int64(n)
	if err != nil {
		return n, &diskError{explainDisk(err, p.file.Name(), p.whole-p.size)}
	}
	return n, nil
}

// Close makes what was downloaded durable: the next attempt builds on it.
func (p *part) Close() error {
	err := p.file.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil // a file system without sync
	}
	return errors.Join(err, p.file.Close())
}

// removePart removes the part, where there still is one, and its note.
func removePart(path string) error {
	return errors.Join(ignoreMissing(os.Remove(partName(path))),
		ignoreMissing(os.Remove(noteName(path))))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// diskError is a failure of ours, not of the network: trying again does not help.
type diskError struct{ error }

func (e *diskError) Unwrap() error { return e.error }

// explainDisk says what to do about a full disk.
func explainDisk(err error, where string, missing int64) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("no space left at %s: free %d bytes or choose another folder: %w", where,
			missing, err)
	}
	return err
}
