package access

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/fault"
)

// Bounds of what is recorded of refusals: whoever tries keys must not fill the disk.
const (
	// refusalEvery is how often the same refusal is recorded.
	refusalEvery = time.Minute
	// mostRefusals is how many different ones are recorded in that time.
	mostRefusals = 60
)

// refusals have it recorded who was refused, each once in a while.
type refusals struct {
	record     audit.Recorder
	now        func() time.Time
	unrecorded func(error)

	mu    sync.Mutex
	begun time.Time
	seen  map[string]bool
}

func (r *refusals) note(ctx context.Context, p Principal, c Caller, what string, err error) {
	action, reason := audit.SignInFailed, fault.ReasonOf(err)
	if fault.KindOf(err) == fault.Forbidden {
		action = audit.Refused
	}
	if !r.first(c.From + " " + p.Name + " " + reason + " " + what) {
		return
	}
	e := audit.Entry{Actor: cmp.Or(p.Actor, p.Name), From: c.From, Action: action,
		Details: map[string]string{"why": reason, "request": what}}
	if err := r.record.Record(context.WithoutCancel(ctx), e); err != nil {
		r.unrecorded(err)
	}
}

// first tells whether the refusal is to be recorded.
func (r *refusals) first(which string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); now.Sub(r.begun).Abs() >= refusalEvery {
		r.begun, r.seen = now, map[string]bool{}
	}
	if r.seen[which] || len(r.seen) >= mostRefusals {
		return false
	}
	r.seen[which] = true
	return true
}
