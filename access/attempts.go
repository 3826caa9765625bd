package access

import (
	"crypto/hmac"
	"encoding/base64"
	"math"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/seal"
)

// How whoever guesses is slowed down. Failures are counted for a name from one place, for all names from one
// place, as a common password may be tried with many, and for a name from everywhere: the latter must not keep
// anybody out who was here before, or whoever knows a name could.
const (
	freeHere       = 5
	freePlace      = 20
	freeEverywhere = 50
	firstWait      = 2 * time.Second
	longestWait    = 15 * time.Minute
	// forgotten is how long after the last failure none counts any more.
	forgotten = time.Hour
	// mostTries bounds what is remembered of failures, mostPlaces what is of successes.
	mostTries  = 1 << 14
	mostPlaces = 1 << 14
	// remembered is for how long an address counts as one where somebody was.
	remembered = 30 * 24 * time.Hour
)

// Attempts count who fails to sign in, in memory: a server that starts anew has forgotten them. It is safe
// for concurrent use.
type Attempts struct {
	now func() time.Time
	key []byte

	mu     sync.Mutex
	tries  map[count]*tries
	places map[count]time.Time
}

// count says what failures are counted for. It is no text of the name and the place, as whoever tries chooses
// the name, and could write another count with it.
type count struct {
	kind        kind
	name, place string
}

// kind is what a count is of: a name from one place, one place alone, or a name alone.
type kind int

const (
	here kind = iota
	fromPlace
	everywhere
)

// tries are the failures of one count.
type tries struct {
	failed      int
	last, until time.Time
}

// NewAttempts makes a count. The key signs what browsers are known again by.
func NewAttempts(key []byte, now func() time.Time) *Attempts {
	return &Attempts{now: now, key: key, tries: map[count]*tries{}, places: map[count]time.Time{}}
}

// whence is where somebody tries from.
type whence struct {
	// place is what failures are counted by: the browser, where it was here before, or the address.
	place string
	// known tells that name signed in from there before, device that the browser showed it.
	known, device bool
}

// whence finds out where an attempt comes from.
func (a *Attempts) whence(name, from, device string) whence {
	if nonce, ok := a.device(name, device); ok {
		return whence{"device " + nonce, true, true}
	}
	place := network(from)
	a.mu.Lock()
	defer a.mu.Unlock()
	at, ok := a.places[count{here, name, place}]
	return whence{place, ok && a.now().Sub(at) < remembered, false}
}

// network is an address, or of IPv6 the network that one household or machine has whole.
func network(from string) string {
	ip, err := netip.ParseAddr(from)
	if err != nil {
		return from
	}
	if ip = ip.Unmap(); ip.Is6() {
		p, _ := ip.WithZone("").Prefix(64) // never fails for so many bits
		return p.String()
	}
	return ip.String()
}

// attempt is one that was counted as failed.
type attempt struct {
	name string
	from whence
	// counted is what it was counted for.
	counted []counted
}

// counted is one count of an attempt: how long had to be waited before it and since.
type counted struct {
	what          count
	free          int
	before, until time.Time
}

// begin counts an attempt as failed before it is known whether it is, so that many at once are no way
// around. It tells how long to wait where it is too early: then nothing is counted.
func (a *Attempts) begin(name string, w whence) (at attempt, wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	at = attempt{name, w, []counted{{what: count{here, name, w.place}, free: freeHere},
		{what: count{everywhere, name, ""}, free: freeEverywhere}}}
	if !w.device { // which others behind the same address must not keep out
		at.counted = append(at.counted, counted{what: count{fromPlace, "", w.place}, free: freePlace})
	}
	for _, c := range at.counted {
		if c.what.kind != everywhere || !w.known {
			wait = max(wait, a.of(c.what, now).until.Sub(now))
		}
	}
	if wait > 0 {
		return at, wait
	}
	for i := range at.counted {
		a.of(at.counted[i].what, now).fail(now, &at.counted[i])
	}
	return at, 0
}

// release takes an attempt back that turned out to be none: what had to be waited before is left.
func (a *Attempts) release(at attempt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	for _, c := range at.counted {
		a.of(c.what, now).undo(c)
	}
}

// succeed forgets the failures from there, and remembers the place.
func (a *Attempts) succeed(at attempt, from string) {
	a.release(at)
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.tries, count{here, at.name, at.from.place})
	if len(a.places) >= mostPlaces {
		for place := range a.places { // any
			delete(a.places, place)
			break
		}
	}
	a.places[count{here, at.name, network(from)}] = a.now()
}

// of finds a count, or makes one.
func (a *Attempts) of(which count, now time.Time) *tries {
	t := a.tries[which]
	if t == nil {
		a.makeRoom(now)
		t = &tries{}
		a.tries[which] = t
	}
	if now.Sub(t.last).Abs() >= forgotten {
		*t = tries{last: now}
	}
	return t
}

// makeRoom forgets what is over, or else the count with the fewest failures: whoever tries many names
// must not hide what he did to one.
func (a *Attempts) makeRoom(now time.Time) {
	if len(a.tries) < mostTries {
		return
	}
	least, which := math.MaxInt, count{}
	for k, t := range a.tries {
		if now.Sub(t.last).Abs() >= forgotten {
			delete(a.tries, k)
		} else if t.failed < least {
			least, which = t.failed, k
		}
	}
	if len(a.tries) >= mostTries {
		delete(a.tries, which)
	}
}

// fail counts a failure; those beyond the free ones double the wait.
func (t *tries) fail(now time.Time, c *counted) {
	c.before = t.until
	t.failed++
	t.last = now
	if over := t.failed - c.free; over >= 0 {
		t.until = now.Add(min(longestWait, firstWait<<min(over, 16)))
	}
	c.until = t.until
}

// undo takes back what fail counted. Where others failed since, they wait on.
func (t *tries) undo(c counted) {
	if t.failed > 0 {
		t.failed--
	}
	switch {
	case t.failed < c.free:
		t.until = time.Time{}
	case t.until.Equal(c.until):
		t.until = c.before
	}
}

// Device is what a browser keeps from which name signed in, and is known again by.
func (a *Attempts) Device(name string) string {
	nonce := random()
	return nonce + "." + a.sign(name, nonce)
}

// device reads what Device made.
func (a *Attempts) device(name, cookie string) (nonce string, ok bool) {
	nonce, signature, ok := strings.Cut(cookie, ".")
	return nonce, ok && hmac.Equal([]byte(signature), []byte(a.sign(name, nonce)))
}

func (a *Attempts) sign(name, nonce string) string {
	mac := seal.Sum(a.key, []byte(name+"\x00"+nonce))
	return base64.RawURLEncoding.EncodeToString(mac[:])
}
