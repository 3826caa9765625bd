package s3

import (
	"context"
	"io"
	"time"
)

// pulse ends a request of which nothing has moved for a while.
type pulse struct {
	context.Context //nolint:containedctx // it is one

	idle  time.Duration
	timer *time.Timer
	end   context.CancelCauseFunc
}

// watch begins to watch a request.
func (b *Bucket) watch(ctx context.Context) *pulse {
	p := &pulse{idle: b.o.Idle}
	p.Context, p.end = context.WithCancelCause(ctx)
	p.timer = time.AfterFunc(p.idle, func() { p.end(errStalled) })
	return p
}

// Read implements io.Reader for minio's progress: something moved.
func (p *pulse) Read(of []byte) (int, error) {
	p.timer.Reset(p.idle)
	return len(of), nil
}

func (p *pulse) stop() {
	p.timer.Stop()
	p.end(nil)
}

// stalled tells why a request ended, where that was for want of movement.
func (p *pulse) stalled(err error) error {
	if err != nil && context.Cause(p) == errStalled { //nolint:errorlint // it is that very one
		return errStalled
	}
	return err
}

// within bounds a request in which little moves.
func (b *Bucket) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, b.o.Idle)
}

// moving tells the pulse of what is read.
type moving struct {
	r io.Reader
	p *pulse
}

// Read implements io.Reader.
func (m moving) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if n > 0 {
		m.p.timer.Reset(m.p.idle)
	}
	return n, err
}
