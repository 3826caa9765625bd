package models

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// refusal is an answer of the server that asking again will not change.
type refusal struct{ message string }

func (r *refusal) Error() string { return r.message }

var errStalled = errors.New("the server stopped sending")

// mayPass reports whether another attempt could go better.
func mayPass(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	_, refused := errors.AsType[*refusal](err)
	_, disk := errors.AsType[*diskError](err)
	return !refused && !disk
}

// attempt asks once for the bytes that the part lacks, and appends what comes.
func (d *download) attempt(ctx context.Context, p *part) error {
	d.progress(p.size, d.known.Size)
	if p.size == d.known.Size {
		return nil
	}
	attempt, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(d.stall, func() {
		cancel(fmt.Errorf("%w for %s", errStalled, d.stall))
	})
	defer watch.Stop()

	err := d.transfer(attempt, p, func() { watch.Reset(d.stall) })
	if cause := context.Cause(attempt); err != nil && ctx.Err() == nil &&
		errors.Is(cause, errStalled) {
		return broken(cause, p)
	}
	return err
}

func (d *download) transfer(ctx context.Context, p *part, alive func()) error {
	req, err := d.request(ctx, p)
	if err != nil {
		return err
	}
	res, err := d.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	alive()
	if err := d.begin(res, p); err != nil {
		return err
	}
	return d.copyBody(p, res.Body, alive)
}

// request asks for the rest of the file if it still is the version begun with, else
// for all of it. Without a server's word on the version, the checksum decides.
func (d *download) request(ctx context.Context, p *part) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity") // ranges count the file's own bytes
	if p.size > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", p.size))
		if p.etag != "" {
			req.Header.Set("If-Range", p.etag)
		}
	}
	return req, nil
}

// begin judges the server's answer and makes the part ready for its body.
func (d *download) begin(res *http.Response, p *part) error {
	switch {
	case res.StatusCode == http.StatusPartialContent:
		return d.checkRange(res.Header.Get("Content-Range"), p)
	case res.StatusCode == http.StatusOK:
		if n := res.ContentLength; n >= 0 && n != d.known.Size {
			return &refusal{fmt.Sprintf("the server offers a file of %d bytes, and %s has %d: it "+
				"is another file, or an error page", n, d.known.Name, d.known.Size)}
		}
		return p.restart(strongETag(res.Header)) // it ignores ranges, or has another version
	case res.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		if err := p.restart(""); err != nil {
			return err
		}
		return errors.New("the server has no more than what was downloaded before: starting over")
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone:
		return &refusal{fmt.Sprintf("the server has no such file (%s); check the address, or try "+
			"another mirror", res.Status)}
	case res.StatusCode == http.StatusTooManyRequests ||
		res.StatusCode >= http.StatusInternalServerError:
		return fmt.Errorf("the server answers %s; try again later", res.Status)
	}
	return &refusal{"the server answers " + res.Status}
}

// checkRange holds the server to the bytes that were asked for.
func (d *download) checkRange(contentRange string, p *part) error {
	var from, to, total int64
	if _, err := fmt.Sscanf(contentRange, "bytes %d-%d/%d", &from, &to, &total); err != nil {
		return &refusal{fmt.Sprintf("the server sends a part of the file, but says %q of which",
			contentRange)}
	}
	if total != d.known.Size {
		return &refusal{fmt.Sprintf("the server offers a file of %d bytes, and %s has %d: it is "+
			"another file", total, d.known.Name, d.known.Size)}
	}
	if from != p.size {
		return &refusal{fmt.Sprintf("the server sends bytes from %d on, and was asked for those "+
			"from %d on", from, p.size)}
	}
	return nil
}

// strongETag is the server's name for these very bytes, "" where it gives none.
func strongETag(h http.Header) string {
	if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
		return tag
	}
	return ""
}

// copyBody appends the body to the part: no less than the whole file, and no more.
func (d *download) copyBody(p *part, body io.Reader, alive func()) error {
	sink := writerFunc(func(b []byte) (int, error) {
		alive()
		n, err := p.Write(b)
		d.progress(min(p.size, d.known.Size), d.known.Size)
		return n, err
	})
	_, err := io.Copy(sink, io.LimitReader(body, d.known.Size-p.size+1))
	switch {
	case err != nil:
		return broken(err, p)
	case p.size < d.known.Size:
		return broken(io.ErrUnexpectedEOF, p)
	case p.size > d.known.Size:
		return errors.Join(&refusal{fmt.Sprintf("the server sends more than the %d bytes of %s: "+
			"it is another file", d.known.Size, d.known.Name)},
			p.restart(""))
	}
	return nil
}

func broken(err error, p *part) error {
	return fmt.Errorf("it broke off after %d of %d bytes; run it again to go on from there: %w",
		p.size, p.whole, err)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
