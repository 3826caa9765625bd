package s3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/recording"
)

// errStalled is why a request was ended of which nothing moved any more.
var errStalled = errors.New("nothing moved of the request any more")

// errDiffers is that what the bucket keeps is not what was sent.
var errDiffers = errors.New("what the bucket keeps is not what was sent: its checksum differs")

// refusals are the codes by which a server says that we may not, or that the bucket isn't there.
var refusals = map[string]string{ //nolint:gosec // no secret is among them
	"AccessDenied":                 "what the server may do there must be as docs/security.md has it",
	"AllAccessDisabled":            "the account has no access any more",
	"InvalidAccessKeyId":           "audio.s3.credentials are not known there",
	"XAdminUserNotFound":           "audio.s3.credentials are not known there", // versitygw's word for it
	"SignatureDoesNotMatch":        "audio.s3.credentials or audio.s3.region are wrong",
	"ExpiredToken":                 "audio.s3.credentials have ended",
	"InvalidToken":                 "audio.s3.credentials are not valid there",
	"NoSuchBucket":                 "there is no such bucket: make it, or name the right one (audio.s3.bucket)",
	"PermanentRedirect":            "the bucket lies elsewhere: set audio.s3.endpoint and audio.s3.region",
	"RequestTimeTooSkewed":         "this machine's clock and the server's differ by more than it allows",
	"AuthorizationHeaderMalformed": "audio.s3.region is wrong",
	"QuotaExceeded":                "its quota is used up",
	"InvalidObjectState":           "the object is archived: it must be restored there first",
}

// gone are the codes of objects that aren't there.
var gone = map[string]bool{"NoSuchKey": true, "NoSuchVersion": true, "NotFound": true}

// explain makes of what went wrong what callers are told, and notes how the bucket is. ctx is the
// caller's own. An object that isn't there becomes fs.ErrNotExist.
func (b *Bucket) explain(ctx context.Context, what string, err error) error {
	if err == nil {
		b.health.good(false)
		return nil
	}
	if ctx.Err() != nil && !errors.Is(err, errStalled) { // whoever asked has gone
		return fmt.Errorf("%s: %w", what, context.Cause(ctx))
	}
	answer := minio.ToErrorResponse(err)
	if gone[answer.Code] {
		b.health.good(false)
		return fmt.Errorf("%s: %w", what, fs.ErrNotExist)
	}
	why, refused := refusals[answer.Code]
	if !refused && (answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized) {
		why, refused = refusals["AccessDenied"], true
	}
	if refused {
		return b.noted(b.refuses(why, fmt.Errorf("%s: %w", what, err)))
	}
	return b.noted(b.unavailable("it is away, fails or takes too long", fmt.Errorf("%s: %w", what, err)))
}

// noted notes that the bucket can't be used.
func (b *Bucket) noted(f *fault.Error) error {
	b.health.bad(f, false)
	return f
}

func (b *Bucket) unavailable(why string, err error) *fault.Error {
	return &fault.Error{Kind: fault.Unavailable, Reason: recording.StoreUnavailable, Err: err,
		Message: fmt.Sprintf("the bucket that keeps audio (%s at %s) can't be used: %s; send again what was "+
			"refused once it is back", b, b.o.Endpoint.Host, why)}
}

func (b *Bucket) refuses(why string, err error) *fault.Error {
	return &fault.Error{Kind: fault.Unavailable, Reason: recording.StoreRefuses, Err: err,
		Message: fmt.Sprintf("the bucket that keeps audio (%s at %s) refuses this server: %s; send again what was "+
			"refused once that is mended", b, b.o.Endpoint.Host, why)}
}

// health is how the bucket was when it was asked last. It is safe for concurrent use.
type health struct {
	now func() time.Time

	mu      sync.Mutex
	failing *fault.Error
	// writing tells that it was an upload that was refused, which reading says nothing of.
	writing bool
	// seen is when the bucket answered last, tried when it was asked last whether it takes anything again.
	seen, tried time.Time
}

// good notes that something went as it should; wrote tells that it was an upload.
func (h *health) good(wrote bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen = h.now()
	if !h.writing || wrote {
		h.failing, h.writing = nil, false
	}
}

// bad notes what went wrong; writing tells that it was an upload that was refused.
func (h *health) bad(f *fault.Error, writing bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.writing && !writing { // which lasts, and says more
		return
	}
	h.failing, h.writing = f, writing
	if writing {
		h.tried = h.now()
	}
}

// standing is what is wrong, nil for nothing.
func (h *health) standing() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failing == nil {
		return nil
	}
	return h.failing
}

// try tells that the bucket, which refused an upload, should be asked whether it takes any again.
func (h *health) try() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	if !h.writing || now.Sub(h.tried).Abs() < askEvery {
		return false
	}
	h.tried = now
	return true
}

// quiet tells whether the bucket should be asked how it is: it fails, or wasn't heard of for a while.
func (h *health) quiet(most time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failing != nil || h.now().Sub(h.seen).Abs() >= most
}
