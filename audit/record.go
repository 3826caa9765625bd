package audit

import (
	"context"
	"sync"
	"time"
)

// Self is the actor of what the server does by itself.
const Self = "refrain"

// Recorder adds an entry to the record. When it returns nil, the entry survives a crash of the
// machine.
type Recorder interface {
	Record(ctx context.Context, e Entry) error
}

// Filter selects entries of a list, the newest first.
type Filter struct {
	// Actor, Subject and Action select by what is equal; an Action that ends with a dot, such as
	// "key.", selects all that begin with it. "" for all.
	Actor, Subject string
	Action         Action
	// From and Until bound the time, the latter excluded; zero for no bound.
	From, Until time.Time
	// Before is the number of the entry at which the page before ended; 0 for none.
	Before int64
	Limit  int
}

// Pending is an entry that waits for the transaction that makes it true, so that neither is there
// without the other. It is taken once; a transaction that is rolled back puts it back.
type Pending struct {
	mu    sync.Mutex
	entry Entry
	taken bool
}

// NewPending makes one of an entry.
func NewPending(e Entry) *Pending { return &Pending{entry: e} }

// Take gives the entry to whoever records it; ok is false where somebody did.
func (p *Pending) Take() (e Entry, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken {
		return Entry{}, false
	}
	p.taken = true
	return p.entry, true
}

// PutBack undoes Take.
func (p *Pending) PutBack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken = false
}

type pendingKey struct{}

// With has the first transaction that is committed under ctx record p's entry with it.
func With(ctx context.Context, p *Pending) context.Context {
	return context.WithValue(ctx, pendingKey{}, p)
}

// PendingOf is what With put into ctx, nil for none.
func PendingOf(ctx context.Context) *Pending {
	p, _ := ctx.Value(pendingKey{}).(*Pending)
	return p
}
