package models

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/refrain-asr/refrain/internal/atomicfile"
)

const (
	// fruitless is how many attempts in a row may bring nothing before giving up.
	fruitless = 3
	// stall is how long a server may stay silent within an attempt.
	stall = 30 * time.Second
)

// ErrChecksum is wrapped by the error about a download whose bytes are not the
// published ones. Nothing of it is kept.
var ErrChecksum = errors.New("the download is not the published model")

// Download fetches an official model into dir and returns its path. A file that is
// there already and intact is left alone.
//
// Bytes go to a file with ".part" appended, which takes the model's name only when it
// is whole, its checksums are the published ones and it lies safely on disk. An
// attempt that breaks off is continued at once; when the server gives nothing several
// times in a row, Download gives up, and the next call goes on where it stopped.
//
// The file is asked for at baseURL, "" for DefaultBaseURL; any mirror will do, as the
// checksum decides. progress, where not nil, hears of bytes on disk and bytes in all,
// from the calling goroutine.
func Download(
	ctx context.Context, k Known, dir, baseURL string, progress func(done, total int64),
) (string, error) {
	d, err := newDownload(k, dir, baseURL, progress)
	if err != nil {
		return "", err
	}
	return d.path, d.run(ctx)
}

// download is one model on its way to disk.
type download struct {
	known    Known
	url      string
	path     string // the final name
	client   *http.Client
	progress func(done, total int64)
	stall    time.Duration
	pause    func(ctx context.Context, attempt int) error
}

func newDownload(
	k Known, dir, baseURL string, progress func(done, total int64),
) (*download, error) {
	if baseURL == "" {
		baseURL = DefaultBaseURL
	}
	base, err := url.Parse(baseURL)
	if err != nil {
		return nil, fmt.Errorf("the address to download models from: %w", err)
	}
	if base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("the address to download models from must start with https:// or "+
			"http://, and is %q", baseURL)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("the models folder: %w", err)
	}
	if progress == nil {
		progress = func(_, _ int64) {}
	}
	return &download{
		known: k, url: base.JoinPath(k.File()).String(), path: filepath.Join(dir, k.File()),
		client: http.DefaultClient, progress: progress, stall: stall, pause: backOff,
	}, nil
}

func (d *download) run(ctx context.Context) error {
	lock := flock.New(partName(d.path))
	if locked, err := lock.TryLock(); err != nil {
		return fmt.Errorf("a place for the download: %w", err)
	} else if !locked {
		return fmt.Errorf("%s is being downloaded by another process: wait for it", d.path)
	}
	defer func() { _ = lock.Close() }()
	if s, err := sumFile(d.path); err == nil && d.known.match(s) == nil {
		d.progress(s.Size, d.known.Size)
		return removePart(d.path)
	}
	if err := d.fetchAll(ctx); err != nil {
		return fmt.Errorf("downloading %s from %s: %w", d.known.Name, d.url, err)
	}
	return d.commit()
}

// fetchAll repeats attempts until the part is whole, as long as they bring something
// or fail in a way that may pass.
func (d *download) fetchAll(ctx context.Context) error {
	for failures := 0; ; {
		p, err := openPart(d.path, d.known.Size)
		if err != nil {
			return err
		}
		before := p.size
		err = d.attempt(ctx, p)
		if closeErr := p.Close(); err == nil {
			err = closeErr
		}
		if err == nil {
			return nil
		}
		if failures++; p.size > before {
			failures = 0
		}
		if !mayPass(err) || failures >= fruitless {
			return err
		}
		if err := d.pause(ctx, failures); err != nil {
			return err
		}
	}
}

// backOff waits 1, 2, 4 ... s after fruitless attempts, and not at all after one
// that got somewhere.
func backOff(ctx context.Context, failures int) error {
	if failures == 0 {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Second << (failures - 1)):
		return nil
	}
}

// commit checks the whole part and gives it its final name.
func (d *download) commit() error {
	part := partName(d.path)
	s, err := sumFile(part)
	if err != nil {
		return fmt.Errorf("checking %s: %w", part, err)
	}
	if err := d.known.match(s); err != nil {
		return errors.Join(
			fmt.Errorf("%w: %s from %s: %w; nothing of it was kept: try again, or another mirror",
				ErrChecksum, d.known.Name, d.url, err),
			removePart(d.path))
	}
	if err := atomicfile.Rename(part, d.path); err != nil {
		return fmt.Errorf("keeping the download: %w", err)
	}
	return removePart(d.path)
}
