package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/refrain-asr/refrain/fault"
)

// Bounds of passwords: at least so many characters, at most so many bytes.
const (
	minPassword = 12
	maxPassword = 128
)

const (
	saltLen = 16 // bytes
	sumLen  = 32
	// mostWaiting is how many may wait for their turn to have a password hashed.
	mostWaiting = 64
	// mostMemory is the most that a stored password may ask for, in KiB: more was not written here.
	mostMemory = 256 << 10
)

// Cost is what it takes to hash a password with Argon2id.
type Cost struct {
	// Memory is in KiB.
	Memory, Time uint32
	Threads      uint8
}

// StandardCost is what OWASP recommends.
var StandardCost = Cost{Memory: 19 << 10, Time: 2, Threads: 1}

// Hasher hashes passwords, so many at once: each takes memory, and whoever signs in in masses must not
// take all there is. It is safe for concurrent use.
type Hasher struct {
	cost Cost
	// signIns are for whoever tries to sign in, changes for who was let in already, whom those must not keep
	// from changing a password.
	signIns, changes queue
}

// queue are places at which passwords are hashed, and how many wait for one or have it.
type queue struct {
	places  chan struct{}
	waiting atomic.Int64
}

// NewHasher makes one that hashes so many at once for those who sign in, and one more for changes.
func NewHasher(c Cost, atOnce int) *Hasher {
	return &Hasher{cost: c, signIns: queue{places: make(chan struct{}, atOnce)},
		changes: queue{places: make(chan struct{}, 1)}}
}

// Hash is what is kept of a password, in the PHC string format. Invalid where it won't do as the
// password of name, Exhausted where too many wait.
func (h *Hasher) Hash(ctx context.Context, name, password string) (string, error) {
	if err := checkPassword(name, password); err != nil {
		return "", err
	}
	var salt [saltLen]byte
	_, _ = rand.Read(salt[:]) // never fails: crypto/rand ends the program instead
	sum, err := h.changes.sum(ctx, password, salt[:], h.cost, sumLen)
	if err != nil {
		return "", err
	}
	return phc(h.cost, salt[:], sum), nil
}

// Verify tells whether a password is the one of which kept was kept. Where that is "", as for somebody who
// isn't there, it takes as long, and is false.
func (h *Hasher) Verify(ctx context.Context, kept, password string) (bool, error) {
	return h.verify(ctx, &h.signIns, kept, password)
}

// VerifyOwn is Verify for who is signed in, and is about to change what is his.
func (h *Hasher) VerifyOwn(ctx context.Context, kept, password string) (bool, error) {
	return h.verify(ctx, &h.changes, kept, password)
}

func (h *Hasher) verify(ctx context.Context, q *queue, kept, password string) (bool, error) {
	c, salt, want, ok := parsePHC(kept)
	if !ok {
		c, salt, want = h.cost, make([]byte, saltLen), make([]byte, sumLen)
	}
	if len(password) > maxPassword { // which none has, and which takes no longer to hash
		password, ok = "", false
	}
	sum, err := q.sum(ctx, password, salt, c, len(want))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(sum, want) == 1 && ok, nil
}

// sum waits for a place.
func (q *queue) sum(ctx context.Context, password string, salt []byte, c Cost, length int) ([]byte, error) {
	if q.waiting.Add(1) > mostWaiting {
		q.waiting.Add(-1)
		return nil, &fault.Error{Op: "access.Hash", Kind: fault.Exhausted, Reason: "SIGN_IN_BUSY",
			Message: "too many sign in at once; try again in a moment"}
	}
	defer q.waiting.Add(-1)
	select {
	case q.places <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to have a password hashed: %w", ctx.Err())
	}
	defer func() { <-q.places }()
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, c.Time, c.Memory, c.Threads, uint32(length)), nil
}

func checkPassword(name, password string) error {
	var wrong fault.Fields
	switch {
	case !utf8.ValidString(password):
		wrong.Add("password", "is no text in UTF-8")
	case utf8.RuneCountInString(password) < minPassword:
		wrong.Add("password", "must have at least %d characters", minPassword)
	case len(password) > maxPassword:
		wrong.Add("password", "must have at most %d bytes", maxPassword)
	case strings.EqualFold(password, name):
		wrong.Add("password", "must not be the name")
	case guessable(name, password):
		wrong.Add("password", "is among the first that anybody would try: a common one, a pattern of keys, or the name "+
			"with a few more; take several words that don't go together")
	}
	return wrong.Err("access.CheckPassword")
}

// Of a password so many characters are looked at: of longer ones it could take a second.
const judgedPassword = 32

// guessable tells of a password that a list of known ones, or of how people vary them, has among its first
// million: score 0 or 1 of zxcvbn.
func guessable(name, password string) bool {
	judged := []rune(password)
	judged = judged[:min(len(judged), judgedPassword)]
	return zxcvbn.PasswordStrength(string(judged), []string{name, "refrain"}).Score < 2
}

func phc(c Cost, salt, sum []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads,
		b64(salt), b64(sum))
}

// parsePHC reads what phc wrote; ok is false for anything else.
func parsePHC(kept string) (c Cost, salt, sum []byte, ok bool) {
	parts := strings.Split(kept, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, false
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Time, &c.Threads); n != 3 || err != nil {
		return c, nil, nil, false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	sum, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	ok = err1 == nil && err2 == nil && len(salt) > 0 && len(sum) == sumLen && c.Time > 0 && c.Time <= 16 &&
		c.Threads > 0 && c.Memory > 0 && c.Memory <= mostMemory && phc(c, salt, sum) == kept
	return c, salt, sum, ok
}
