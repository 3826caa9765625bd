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
	// mostRefusals is how many different ones are recorded in that time, of known keys and of others each.
	mostRefusals = 60
)

// refusals have it recorded who was refused, each once in a while.
type refusals struct {
	record     audit.Recorder
	now        func() time.Time
	unrecorded func(error)

	// Those of keys that are known have a bound of their own: whoever tries keys can't hide them.
	keyed, strange budget
	// Sign-ins have another, which is the same whether there is somebody of the name or not.
	signIns budget
}

// budget bounds what is recorded.
type budget struct {
	mu    sync.Mutex
	begun time.Time
	seen  map[string]bool
}

func (r *refusals) note(ctx context.Context, p Principal, c Caller, what string, err error) {
	action, reason := audit.SignInFailed, fault.ReasonOf(err)
	if fault.KindOf(err) == fault.Forbidden {
		action = audit.Refused
	}
	b := &r.strange
	if p.Name != "" {
		b = &r.keyed
	}
	if !b.first(r.now(), c.From+" "+p.Name+" "+reason+" "+what) {
		return
	}
	r.keep(ctx, audit.Entry{Actor: cmp.Or(p.Actor, p.Name), From: c.From, Action: action,
		Details: map[string]string{"why": reason, "request": what}})
}

// signIn notes that whoever called himself tried did not get in; name is his, "" where there is nobody
// of that name. Whether it is recorded, which takes its time, does not depend on that.
func (r *refusals) signIn(ctx context.Context, tried, name, from string, err error) {
	reason := fault.ReasonOf(err)
	if r.signIns.first(r.now(), from+" "+tried+" "+reason) {
		r.keep(ctx, audit.Entry{Actor: name, From: from, Action: audit.SignInFailed,
			Details: map[string]string{"why": reason, "request": requestSignIn}})
	}
}

func (r *refusals) keep(ctx context.Context, e audit.Entry) {
	if err := r.record.Record(context.WithoutCancel(ctx), e); err != nil {
		r.unrecorded(err)
	}
}

// first tells whether the refusal is to be recorded.
func (b *budget) first(now time.Time, which string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Sub(b.begun).Abs() >= refusalEvery {
		b.begun, b.seen = now, map[string]bool{}
	}
	if b.seen[which] || len(b.seen) >= mostRefusals {
		return false
	}
	b.seen[which] = true
	return true
}
