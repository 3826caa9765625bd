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
// without the other. It is taken once; a transaction that is rolled back puts it back. The transaction may add
// entries of what it does besides, which are taken after it.
type Pending struct {
	mu      sync.Mutex
	entries []Entry
	taken   int
}

// NewPending makes one of an entry.
func NewPending(e Entry) *Pending { return &Pending{entries: []Entry{e}} }

// Add adds an entry.
func (p *Pending) Add(e Entry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.entries = append(p.entries, e)
}

// Take gives the next entry to whoever records it; ok is false where somebody did.
func (p *Pending) Take() (e Entry, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken == len(p.entries) {
		return Entry{}, false
	}
	p.taken++
	return p.entries[p.taken-1], true
}

// PutBack undoes Take.
func (p *Pending) PutBack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken = 0
}

type pendingKey struct{}

// With has the first transaction that is committed under ctx record p's entries with it.
func With(ctx context.Context, p *Pending) context.Context {
	return context.WithValue(ctx, pendingKey{}, p)
}

// PendingOf is what With put into ctx, nil for none.
func PendingOf(ctx context.Context) *Pending {
	p, _ := ctx.Value(pendingKey{}).(*Pending)
	return p
}
