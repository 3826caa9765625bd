package access

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
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
	// Session is what the cookie of somebody who signed in holds, "" for none. CSRF is what was sent
	// beside it, which is needed but where Reads: where the request changes nothing by its method.
	Session, CSRF string
	Reads         bool
}

// Guard knows who is asking. It holds all keys and sessions in memory, so that asking the gate waits for
// nothing. It is safe for concurrent use.
type Guard struct {
	// Limits are for how long sessions go on.
	Limits SessionLimits
	// Revealing are actors who may see numbers in full besides those whose role lets them. To be set before
	// anybody asks.
	Revealing []string
	// CatchUp has Load be called where other servers changed anything until now; nil where there are none. To be
	// set before anybody asks.
	CatchUp func(context.Context) error

	store    Store
	users    UserStore
	now      func() time.Time
	refusals refusals

	// reached tells that other machines can reach the server.
	reached bool
	known   atomic.Pointer[known]
	// loading keeps an older reading from taking the place of a later one.
	loading sync.Mutex
	// changed is closed when known was taken over anew.
	changed atomic.Pointer[chan struct{}]
	// reloaded is when sessions were read again, in Unix nanoseconds.
	reloaded atomic.Int64
}

// known are the keys, people and sessions of a moment.
type known struct {
	secrets  map[[sha256.Size]byte]*secret
	sessions map[[sha256.Size]byte]*session
	// users are those who sign in, by their names.
	users map[string]User
	any   bool
}

type secret struct {
	key Key
	it  Secret
	use *use
}

type session struct {
	user User
	it   Session
	use  *use
}

// use is when a token was used last, and when that was stored last, in Unix seconds.
type use struct{ last, noted atomic.Int64 }

// newUse goes on from when it was used last, zero for never.
func newUse(at time.Time) *use {
	u := &use{}
	if !at.IsZero() {
		u.last.Store(at.Unix())
		u.noted.Store(at.Unix())
	}
	return u
}

// and notes a use that is stored, by another server maybe; zero for none.
func (u *use) and(stored time.Time) *use {
	if !stored.IsZero() {
		u.at(stored)
		if at := stored.Unix(); at > u.noted.Load() {
			u.noted.Store(at)
		}
	}
	return u
}

// at notes a use.
func (u *use) at(now time.Time) {
	if at := now.Unix(); at > u.last.Load() {
		u.last.Store(at)
	}
}

// NewGuard makes a guard, which has it recorded whom it refuses; unrecorded is told where that fails.
// Load fills the guard, and does so again whenever keys or people changed.
func NewGuard(
	store Store, users UserStore, record audit.Recorder, now func() time.Time, unrecorded func(error),
) *Guard {
	g := &Guard{store: store, users: users, now: now,
		Limits:   SessionLimits{Idle: 8 * time.Hour, Longest: 24 * time.Hour},
		refusals: refusals{record: record, now: now, unrecorded: unrecorded}}
	g.known.Store(&known{})
	g.changed.Store(new(make(chan struct{})))
	return g
}

// Load takes over the keys and people as they are stored.
func (g *Guard) Load(ctx context.Context) error {
	g.loading.Lock()
	defer g.loading.Unlock()
	keys, err := g.store.Keys(ctx)
	if err != nil {
		return fmt.Errorf("load the keys: %w", err)
	}
	users, err := g.users.Users(ctx)
	if err != nil {
		return fmt.Errorf("load who signs in: %w", err)
	}
	g.known.Store(g.known.Load().next(keys, users))
	close(*g.changed.Swap(new(make(chan struct{}))))
	return nil
}

// next is what is known from now on; when what was used last is known still.
func (k *known) next(keys []Key, users []User) *known {
	n := &known{map[[sha256.Size]byte]*secret{}, map[[sha256.Size]byte]*session{}, map[string]User{},
		len(keys)+len(users) > 0}
	for _, key := range keys {
		for _, s := range key.Secrets {
			u := newUse(s.UsedAt)
			if before := k.secrets[s.Hash]; before != nil {
				u = before.use.and(s.UsedAt)
			}
			n.secrets[s.Hash] = &secret{key, s, u}
		}
	}
	for _, user := range users {
		n.users[user.Name] = user
		for _, s := range user.Sessions {
			u := newUse(s.UsedAt)
			if before := k.sessions[s.Hash]; before != nil {
				u = before.use.and(s.UsedAt)
			}
			n.sessions[s.Hash] = &session{user, s, u}
		}
	}
	return n
}

// Open tells that there is neither a key nor anybody who signs in yet, so that whoever asks from this
// machine may do everything; or, where the server is reached from others, nobody anything.
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
	return g.admit(ctx, c, r, what, true)
}

func (g *Guard) admit(ctx context.Context, c Caller, r Rule, what string, uses bool) (Principal, error) {
	p, err := g.identify(c, uses)
	if err != nil && g.mayKnow(ctx, err) {
		p, err = g.identify(c, uses)
	}
	p.Reveals = p.Reveals || err == nil && slices.Contains(g.Revealing, p.Actor)
	if err == nil {
		err = permit(p, r, what)
	}
	if err != nil && !onlyLooks(c, what) {
		g.refusals.note(ctx, p, c, what, err)
	}
	return p, err
}

// reloadEvery is how often sessions that seem over are read again.
const reloadEvery = time.Second

// mayKnow tells that who was refused may be known by now: another server let him in a moment ago, or knows that
// he used his session.
func (g *Guard) mayKnow(ctx context.Context, refusal error) bool {
	if g.CatchUp == nil {
		return false
	}
	switch fault.ReasonOf(refusal) {
	case "KEY_UNKNOWN", "SESSION_UNKNOWN":
		return g.CatchUp(ctx) == nil
	case "SESSION_ENDED":
		now, last := time.Now().UnixNano(), g.reloaded.Load()
		return now-last >= int64(reloadEvery) && g.reloaded.CompareAndSwap(last, now) && g.Load(ctx) == nil
	}
	return false
}

// whoAsks is what the page asks before anybody signs in.
const whoAsks = "GET /v1/sessions/current"

// onlyLooks tells of whoever opened the page and shows nothing: to record each would hide those who tried something.
func onlyLooks(c Caller, what string) bool {
	return what == whoAsks && c.Authorization == "" && c.Session == ""
}

// Readmit refuses as Admit does whoever was let in before and may not go on: what he is known by ended, or means
// something else now. That he goes on is no use of a key or session.
func (g *Guard) Readmit(ctx context.Context, c Caller, r Rule, what string, before Principal) error {
	p, err := g.admit(ctx, c, r, what, false)
	if err == nil && (p.Role != before.Role || !slices.Equal(p.Lines, before.Lines)) {
		err = &fault.Error{Op: "access.Readmit", Kind: fault.Unauthenticated, Reason: "RIGHTS_CHANGED",
			Message: p.Who() + " has another role or other lines since this began: ask again"}
		g.refusals.note(ctx, p, c, what, err)
	}
	return err
}

// Changed is closed when there are other keys, people or sessions than when it was asked for.
func (g *Guard) Changed() <-chan struct{} { return *g.changed.Load() }

// Refused has it recorded that p, who was let in, was refused what he asked for: for another line, or
// for what is masked for him. Errors that are not fault.Forbidden don't count.
func (g *Guard) Refused(ctx context.Context, p Principal, what string, err error) {
	if fault.KindOf(err) == fault.Forbidden {
		g.refusals.note(ctx, p, Caller{From: p.From}, what, err)
	}
}

// identify says who is asking, or why that is not known.
func (g *Guard) identify(c Caller, uses bool) (Principal, error) {
	keys := g.known.Load()
	switch {
	case c.Authorization != "":
		return g.byToken(keys, c, uses)
	case c.Session != "" && keys.any:
		return g.bySession(keys, c, uses)
	case c.Socket, c.Local && !keys.any && !g.reached:
		return Principal{Kind: Local, Role: Admin, ActsForOthers: true, From: c.From,
			Reveals: c.Socket}.actingFor(c.Actor)
	}
	message := "this server wants a key: send the header Authorization: Bearer KEY (refrain --key KEY, or " +
		"REFRAIN_KEY), or sign in; an admin makes a key with: refrain key add NAME --role ROLE"
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

func (g *Guard) byToken(keys *known, c Caller, uses bool) (Principal, error) {
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
	if uses {
		s.use.at(now)
	}
	p := Principal{Kind: ByKey, ID: s.key.ID, Name: s.key.Name, Role: s.key.Role, Lines: s.key.Lines,
		ActsForOthers: s.key.ActsForOthers, Reveals: MayReveal(s.key.Role), Actor: s.key.Name,
		From: c.From}
	return p.actingFor(c.Actor)
}

// actingFor is p with the actor whom he names, where that is believed. Nobody acts in the name of the server
// itself, or, but he himself, in that of who asks from its machine.
func (p Principal) actingFor(actor string) (Principal, error) {
	switch {
	case !p.ActsForOthers || actor == "":
		return p, nil
	case p.Kind == Local && actor == string(Local): // that is who he is, and what the page calls him
	case Reserved(actor):
		return p, &fault.Error{Op: "access.Identify", Kind: fault.Forbidden, Reason: "ACTOR_RESERVED",
			Message: fmt.Sprintf("nobody acts as %q: the record calls the server itself refrain, and who asks from "+
				"its machine local; name somebody else (refrain-actor, refrain --as NAME)", actor)}
	}
	p.Actor = actor
	return p, nil
}

// bySession says who signed in. What only reads needs the cookie alone: a page from elsewhere can't see
// its answer.
func (g *Guard) bySession(k *known, c Caller, uses bool) (Principal, error) {
	s, now := k.sessions[hashOf(c.Session)], g.now()
	if s == nil {
		return Principal{}, &fault.Error{Op: "access.Identify", Kind: fault.Unauthenticated,
			Reason: "SESSION_UNKNOWN", Message: "the session was ended, or is not known: sign in again"}
	}
	u := s.user
	if g.Limits.over(s.it, time.Unix(s.use.last.Load(), 0), now) {
		return Principal{Name: u.Name}, &fault.Error{Op: "access.Identify", Kind: fault.Unauthenticated,
			Reason: "SESSION_ENDED", Message: "the session is over: sign in again"}
	}
	if err := u.standing(); err != nil {
		return Principal{Name: u.Name}, err
	}
	p := Principal{Kind: ByPerson, ID: u.ID, Name: u.Name, Role: u.Role, Lines: u.Lines,
		Reveals: MayReveal(u.Role), Actor: u.Name, From: c.From}
	if !c.Reads && !hmac.Equal([]byte(c.CSRF), []byte(CSRF(c.Session))) {
		return p, &fault.Error{Op: "access.Identify", Kind: fault.Forbidden, Reason: "CSRF_MISSING",
			Message: "a request with a cookie that changes something needs the header X-Refrain-CSRF, as GET " +
				"/v1/sessions/current tells it"}
	}
	if uses {
		s.use.at(now)
	}
	return p, nil
}

// user is somebody who signs in; ok is false where there is none of that name.
func (g *Guard) user(name string) (User, bool) {
	u, ok := g.known.Load().users[name]
	return u, ok
}

// permit refuses what the rule does not let p do.
func permit(p Principal, r Rule, what string) error {
	if r.permits(p) {
		return nil
	}
	return &fault.Error{Op: "access.Permit", Kind: fault.Forbidden, Reason: "NOT_PERMITTED",
		Message: fmt.Sprintf("%s may not call %s: the role is %s, and that takes %s", p.Who(), what,
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

// NoteUse stores when tokens and sessions were used since that was stored last, and how many refusals were not
// recorded.
func (g *Guard) NoteUse(ctx context.Context) error {
	g.refusals.tellAllLeft(ctx)
	k := g.known.Load()
	keys, sessions := map[string]time.Time{}, map[[sha256.Size]byte]time.Time{}
	for _, s := range k.secrets {
		if at, ok := s.use.unnoted(); ok {
			keys[s.it.Prefix] = at
		}
	}
	for _, s := range k.sessions {
		if at, ok := s.use.unnoted(); ok {
			sessions[s.it.Hash] = at
		}
	}
	if len(keys) > 0 {
		if err := g.store.NoteUse(ctx, keys); err != nil {
			return err
		}
	}
	if len(sessions) > 0 {
		if err := g.users.NoteSessions(ctx, sessions); err != nil {
			return err
		}
	}
	for _, s := range k.secrets {
		s.use.note(keys[s.it.Prefix])
	}
	for _, s := range k.sessions {
		s.use.note(sessions[s.it.Hash])
	}
	return nil
}

// unnoted is when it was used last, where that was not stored yet.
func (u *use) unnoted() (at time.Time, ok bool) {
	last := u.last.Load()
	return time.Unix(last, 0).UTC(), last > u.noted.Load()
}

// note notes that a use was stored; the zero time is none.
func (u *use) note(at time.Time) {
	if !at.IsZero() {
		u.noted.Store(at.Unix())
	}
}
