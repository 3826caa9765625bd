package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/seal"
)

// maxSessions is how many sessions of one person go on at once: the next ends the oldest.
const maxSessions = 20

// User is somebody who signs in.
type User struct {
	// ID is a ULID; Name is unique for ever, also among keys, as it is what the record tells.
	ID, Name string
	Role     Role
	// Lines are those that he may ask about; none for all.
	Lines     []string
	CreatedAt time.Time
	CreatedBy string
	// Password is what is kept of it (see Hasher), "" where he signs in at a provider.
	Password string
	// Subject is what the provider of OpenID Connect knows him by, with its issuer before it; "" where
	// he signs in here.
	Subject string
	// DisabledAt is zero where he was not.
	DisabledAt time.Time
	DisabledBy string
	TOTP       TOTP
	// Sessions are those that were not ended, the newest first. Some may have ended by themselves.
	Sessions []Session
}

// TOTP is what is kept of somebody's authenticator.
type TOTP struct {
	// Sealed is its secret (see Box), nil for none.
	Sealed []byte
	// Confirmed tells that he is asked for codes.
	Confirmed bool
	// Used is the step of the last code that was taken: none is taken twice.
	Used int64
}

// Session is what is stored of a session.
type Session struct {
	// Hash is the SHA-256 of what the cookie holds.
	Hash      [sha256.Size]byte
	CreatedAt time.Time
	// UsedAt is when it was used last, to the minute.
	UsedAt time.Time
	// From is the address that it was begun from.
	From string
}

// SessionLimits are for how long sessions go on.
type SessionLimits struct {
	// Idle is how long nothing may come of one, Longest how long it goes on in any case.
	Idle, Longest time.Duration
}

// over tells that a session that was used last at a moment has ended by itself.
func (l SessionLimits) over(s Session, used, now time.Time) bool {
	return now.Sub(s.CreatedAt) >= l.Longest || now.Sub(used) >= l.Idle
}

// Standing are the sessions that go on at a moment.
func (l SessionLimits) Standing(u User, now time.Time) []Session {
	return slices.DeleteFunc(slices.Clone(u.Sessions), func(s Session) bool { return l.over(s, s.UsedAt, now) })
}

// newSession makes a session and what its cookie holds: 256 random bits, which are stored as a SHA-256
// for the same reason as a key's token is.
func newSession(now time.Time, from string) (token string, s Session) {
	token = random()
	return token, Session{Hash: hashOf(token), CreatedAt: now, UsedAt: now, From: from}
}

// random is 256 random bits as text.
func random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// CSRF is what must be sent with a session's cookie wherever something is changed: who can have a
// browser send the cookie can't have it send this.
func CSRF(session string) string {
	mac := seal.Sum([]byte(session), []byte("refrain csrf v1"))
	return base64.RawURLEncoding.EncodeToString(mac[:])
}

// begin adds a session to those that go on, as the newest.
func (u *User) begin(s Session, l SessionLimits) {
	u.Sessions = slices.Insert(l.Standing(*u, s.CreatedAt), 0, s)
	u.Sessions = u.Sessions[:min(len(u.Sessions), maxSessions)]
}

// standing is nil where somebody may sign in.
func (u User) standing() error {
	if u.DisabledAt.IsZero() {
		return nil
	}
	return &fault.Error{Op: "access.SignIn", Kind: fault.Unauthenticated, Reason: "USER_DISABLED",
		Subject: "users/" + u.Name, Message: "he was disabled; an admin can enable him"}
}

// samePassword tells that what is kept of his password is what was kept before.
func (u User) samePassword(was User) bool {
	return subtle.ConstantTimeCompare([]byte(u.Password), []byte(was.Password)) == 1
}

// Admits tells that he can keep keys and people.
func (u User) Admits() bool { return u.Role == Admin && u.DisabledAt.IsZero() }

func (u User) check() error {
	var wrong fault.Fields
	checkGrant(&wrong, u.Name, u.Role, u.Lines)
	return wrong.Err("access.AddUser")
}

// local refuses what can't be done to somebody who signs in at a provider.
func (u User) local(op string) error {
	if u.Subject == "" {
		return nil
	}
	return &fault.Error{Op: op, Kind: fault.Precondition, Reason: "USER_EXTERNAL", Subject: "users/" + u.Name,
		Message: "he signs in at the provider of OpenID Connect, which has his password and asks for codes"}
}

// UserExists is what a UserStore answers whose user is there already.
func UserExists(name string) error {
	return &fault.Error{Op: "access.AddUser", Kind: fault.Exists, Reason: "USER_EXISTS", Subject: "users/" + name,
		Message: "there is somebody or a key of that name, or was: names are not given twice, as the record " +
			"tells of them; take another name"}
}
