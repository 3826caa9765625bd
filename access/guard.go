package access

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/fault"
)

// Caller is what is known of whoever asks before it is known who that is.
type Caller struct {
	// Authorization is the header of that name, "" for none.
	Authorization string
	// Actor is whom he names as acting, "" for nobody.
	Actor string
	// From is where the request came from, for the record.
	From string
	// Local tells that he asks from this machine, and that nobody forwarded it.
	Local bool
	// Socket tells that he came by the admin socket, which only the data directory's owner can open.
	Socket bool
}

// Guard knows who is asking. It holds all keys in memory, so that asking the gate waits for nothing.
// It is safe for concurrent use.
type Guard struct {
	store    Store
	now      func() time.Time
	refusals refusals

	// reached tells that other machines can reach the server.
	reached bool
	known   atomic.Pointer[known]
	// loading keeps an older reading from taking the place of a later one.
	loading sync.Mutex
}

// known are the keys of a moment.
type known struct {
	secrets map[[sha256.Size]byte]*secret
	any     bool
}

type secret struct {
	key Key
	it  Secret
	use *use
}

// use is when a token was used last, and when that was stored last, in Unix seconds.
type use struct{ last, noted atomic.Int64 }

// NewGuard makes a guard, which has it recorded whom it refuses; unrecorded is told where that fails.
// Load fills the guard, and does so again whenever keys changed.
func NewGuard(
	store Store, record audit.Recorder, now func() time.Time, unrecorded func(error),
) *Guard {
	g := &Guard{store: store, now: now,
		refusals: refusals{record: record, now: now, unrecorded: unrecorded}}
	g.known.Store(&known{})
	return g
}

// Load takes over the keys as they are stored.
func (g *Guard) Load(ctx context.Context) error {
	g.loading.Lock()
	defer g.loading.Unlock()
	keys, err := g.store.Keys(ctx)
	if err != nil {
		return fmt.Errorf("load the keys: %w", err)
	}
	old := g.known.Load()
	next := &known{secrets: map[[sha256.Size]byte]*secret{}, any: len(keys) > 0}
	for _, k := range keys {
		for _, s := range k.Secrets {
			next.secrets[s.Hash] = &secret{k, s, old.useOf(s)}
		}
	}
	g.known.Store(next)
	return nil
}

// useOf goes on with what is known of a token's use.
func (k *known) useOf(s Secret) *use {
	if before := k.secrets[s.Hash]; before != nil {
		return before.use
	}
	u := &use{}
	if !s.UsedAt.IsZero() {
		u.last.Store(s.UsedAt.Unix())
		u.noted.Store(s.UsedAt.Unix())
	}
	return u
}

// Open tells that there is no key yet, so that whoever asks from this machine may do everything; or,
// where the server is reached from others, nobody anything.
func (g *Guard) Open() bool { return !g.known.Load().any }

// Reached tells the guard that other machines can reach the server. Then being on its machine is no
// proof, as what passes requests on can't always be told, and without a key nobody is let in but by the
// admin socket. To be called before anybody asks.
func (g *Guard) Reached() { g.reached = true }

// Admit says who is asking, where the rule lets him make the request that is called what. It refuses
// with fault.Unauthenticated or fault.Forbidden, and has that recorded.
func (g *Guard) Admit(ctx context.Context, c Caller, r Rule, what string) (Principal, error) {
	if r.Open {
		return Principal{From: c.From}, nil
	}
	p, err := g.identify(c)
	if err == nil {
		err = permit(p, r, what)
	}
	if err != nil {
		g.refusals.note(ctx, p, c, what, err)
	}
	return p, err
}

// Refused has it recorded that p, who was let in, was refused what he asked for: for another line, or
// for what is masked for him. Errors that are not fault.Forbidden don't count.
func (g *Guard) Refused(ctx context.Context, p Principal, what string, err error) {
	if fault.KindOf(err) == fault.Forbidden {
		g.refusals.note(ctx, p, Caller{From: p.From}, what, err)
	}
}

// identify says who is asking, or why that is not known.
func (g *Guard) identify(c Caller) (Principal, error) {
	keys := g.known.Load()
	switch {
	case c.Authorization != "":
		return g.byToken(keys, c)
	case c.Socket, c.Local && !keys.any && !g.reached:
		return Principal{Kind: Local, Role: Admin, ActsForOthers: true, Actor: c.Actor, From: c.From,
			Reveals: c.Socket}, nil
	}
	message := "this server wants a key: send the header Authorization: Bearer KEY (refrain --key KEY, or " +
		"REFRAIN_KEY); an admin makes one with: refrain key add NAME --role ROLE"
	switch {
	case !keys.any && g.reached:
		message = "this server can be reached from other machines and has no key yet, so nobody may ask anything; " +
			"on its machine, whoever owns its data directory makes the first: refrain key add NAME --role admin " +
			"--data DIRECTORY"
	case !keys.any:
		message = "without a key only this machine itself may ask, and this request came from elsewhere or " +
			"through a proxy; make a key on the server's machine: refrain key add NAME --role admin"
	}
	return Principal{}, &fault.Error{Op: "access.Identify", Kind: fault.Unauthenticated,
		Reason: "KEY_MISSING", Message: message}
}

func (g *Guard) byToken(keys *known, c Caller) (Principal, error) {
	token, usual := strings.CutPrefix(c.Authorization, "Bearer ")
	s := keys.secrets[hashOf(token)]
	if s == nil || !usual {
		var err error
		if token, err = Token(c.Authorization); err != nil {
			return Principal{}, err
		}
		s = keys.secrets[hashOf(token)]
	}
	if s == nil {
		return Principal{}, &fault.Error{Op: "access.Identify", Kind: fault.Unauthenticated,
			Reason: "KEY_UNKNOWN", Message: "the server doesn't know the key " + token[:prefixLen] +
				"...; an admin sees which there are with: refrain key list"}
	}
	now := g.now()
	if err := s.key.unusable(s.it, now); err != nil {
		return Principal{Name: s.key.Name}, err
	}
	if at := now.Unix(); at > s.use.last.Load() {
		s.use.last.Store(at)
	}
	p := Principal{Kind: ByKey, ID: s.key.ID, Name: s.key.Name, Role: s.key.Role, Lines: s.key.Lines,
		ActsForOthers: s.key.ActsForOthers, Reveals: MayReveal(s.key.Role), Actor: s.key.Name,
		From: c.From}
	if p.ActsForOthers && c.Actor != "" {
		p.Actor = c.Actor
	}
	return p, nil
}

// permit refuses what the rule does not let p do.
func permit(p Principal, r Rule, what string) error {
	if r.Allows(p.Role) {
		return nil
	}
	return &fault.Error{Op: "access.Permit", Kind: fault.Forbidden, Reason: "NOT_PERMITTED",
		Message: fmt.Sprintf("the key %s may not call %s: its role is %s, and that takes %s", p.Name, what,
			p.Role, rolesText(r))}
}

func rolesText(r Rule) string {
	text := ""
	for _, role := range Roles() {
		if r.Allows(role) {
			if text != "" {
				text += " or "
			}
			text += string(role)
		}
	}
	return text
}

// NoteUse stores when tokens were used since that was stored last.
func (g *Guard) NoteUse(ctx context.Context) error {
	used := map[string]time.Time{}
	secrets := g.known.Load().secrets
	for _, s := range secrets {
		if at := s.use.last.Load(); at > s.use.noted.Load() {
			used[s.it.Prefix] = time.Unix(at, 0).UTC()
		}
	}
	if len(used) == 0 {
		return nil
	}
	if err := g.store.NoteUse(ctx, used); err != nil {
		return err
	}
	for _, s := range secrets {
		if at, ok := used[s.it.Prefix]; ok {
			s.use.noted.Store(at.Unix())
		}
	}
	return nil
}
