package replica

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
)

// Keys are the keys with which a gate may be asked, as the server told them: an access.Store and an
// access.UserStore for a guard, of which nothing can be changed here.
type Keys struct {
	of *Replica

	mu sync.Mutex
	// used is when keys were used last, by their prefixes, as the server was not told yet.
	used map[string]time.Time
}

func elsewhere() error {
	return &fault.Error{Op: "access", Kind: fault.Unavailable, Reason: "KEPT_ELSEWHERE",
		Message: "keys and people are kept at the server that this gate follows: ask there"}
}

// AddKey implements access.Store: it refuses.
func (*Keys) AddKey(context.Context, access.Key) error { return elsewhere() }

// ChangeKey implements access.Store: it refuses.
func (*Keys) ChangeKey(context.Context, string, func(*access.Key) error) (access.Key, error) {
	return access.Key{}, elsewhere()
}

// Keys implements access.Store.
func (k *Keys) Keys(context.Context) ([]access.Key, error) {
	if known := k.of.known.Load(); known != nil {
		return known.keys, nil
	}
	return nil, nil
}

// NoteUse implements access.Store: the server is told.
func (k *Keys) NoteUse(_ context.Context, used map[string]time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.used == nil {
		k.used = map[string]time.Time{}
	}
	for prefix, at := range used {
		if at.After(k.used[prefix]) {
			k.used[prefix] = at
		}
	}
	return nil
}

// Take hands over when keys were used since the last time.
func (k *Keys) Take() map[string]time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	used := k.used
	k.used = nil
	return used
}

// AddUser implements access.UserStore: it refuses.
func (*Keys) AddUser(context.Context, access.User) error { return elsewhere() }

// ChangeUser implements access.UserStore: it refuses.
func (*Keys) ChangeUser(context.Context, string, func(*access.User) error) (access.User, error) {
	return access.User{}, elsewhere()
}

// Users implements access.UserStore: nobody signs in at a gate.
func (*Keys) Users(context.Context) ([]access.User, error) { return nil, nil }

// NoteSessions implements access.UserStore.
func (*Keys) NoteSessions(context.Context, map[[sha256.Size]byte]time.Time) error { return nil }
