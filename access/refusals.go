package access

import (
	"cmp"
	"context"
	"strconv"
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
	// mostOfOne is how many of those may be one address's, or one key's: it must not hide the others.
	mostOfOne = 10
)

// leftOut is what the record gives as the reason of an entry that tells how many refusals have none.
const leftOut = "LEFT_OUT"

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
	// of is how many of seen are of one source, left how many refusals there was no room for.
	of   map[string]int
	left int
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
	if !r.first(ctx, b, cmp.Or(p.Name, network(c.From)), c.From+" "+p.Name+" "+reason+" "+what) {
		return
	}
	details := map[string]string{"why": reason, "request": what}
	if p.Kind == ByKey && p.Name != p.Actor {
		details["key"] = p.Name
	}
	r.keep(ctx, audit.Entry{Actor: cmp.Or(p.Actor, p.Name), From: c.From, Action: action, Details: details})
}

// signIn notes that whoever called himself tried did not get in; name is his, "" where there is nobody
// of that name. Whether it is recorded, which takes its time, does not depend on that.
func (r *refusals) signIn(ctx context.Context, tried, name, from string, err error) {
	reason := fault.ReasonOf(err)
	if r.first(ctx, &r.signIns, network(from), from+" "+tried+" "+reason) {
		r.keep(ctx, audit.Entry{Actor: name, From: from, Action: audit.SignInFailed,
			Details: map[string]string{"why": reason, "request": requestSignIn}})
	}
}

func (r *refusals) keep(ctx context.Context, e audit.Entry) {
	if err := r.record.Record(context.WithoutCancel(ctx), e); err != nil {
		r.unrecorded(err)
	}
}

// first tells whether the refusal is to be recorded, and has it recorded how many were left out before.
func (r *refusals) first(ctx context.Context, b *budget, source, which string) bool {
	r.tellLeft(ctx, b)
	return b.first(source, which)
}

// tellLeft has it recorded how many refusals were left out in a time that is over.
func (r *refusals) tellLeft(ctx context.Context, b *budget) {
	if left := b.over(r.now()); left > 0 {
		r.keep(ctx, audit.Entry{Actor: audit.Self, Action: audit.SignInFailed,
			Details: map[string]string{"why": leftOut, "left_out": strconv.Itoa(left)}})
	}
}

// tellAllLeft does so for all budgets, as what is over may be the last for long.
func (r *refusals) tellAllLeft(ctx context.Context) {
	for _, b := range []*budget{&r.keyed, &r.strange, &r.signIns} {
		r.tellLeft(ctx, b)
	}
}

// over begins anew where the time is over, and gives how many refusals were left out in it.
func (b *budget) over(now time.Time) (left int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seen != nil && now.Sub(b.begun).Abs() < refusalEvery {
		return 0
	}
	left = b.left
	b.begun, b.seen, b.of, b.left = now, map[string]bool{}, map[string]int{}, 0
	return left
}

// first tells whether the refusal is to be recorded.
func (b *budget) first(source, which string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seen[which] {
		return false
	}
	if len(b.seen) >= mostRefusals || b.of[source] >= mostOfOne {
		b.left++
		return false
	}
	b.seen[which] = true
	b.of[source]++
	return true
}
