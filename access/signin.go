package access

import (
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/fault"
)

// requestSignIn is what the record calls the request that signs somebody in.
const requestSignIn = "sign in"

// SignIns let people in. All fields are required.
type SignIns struct {
	Guard    *Guard
	Store    UserStore
	Hasher   *Hasher
	Box      Box
	Attempts *Attempts
	Now      func() time.Time
}

// Credentials are what somebody signs in with.
type Credentials struct {
	Name, Password string
	// Code is an authenticator's, "" for none.
	Code string
	// From is the address that it comes from, Device what the browser kept of the last time, "" for
	// nothing.
	From, Device string
}

// Entered is what signing in gives.
type Entered struct {
	User User
	// Token is for the cookie: it is told this once. Ends is when it is over however it is used, Lasts how
	// long that is.
	Token string
	Ends  time.Time
	Lasts time.Duration
	// Device is for the browser to keep, "" for nothing new.
	Device string
}

// SignIn begins a session. It refuses with fault.Unauthenticated, by the same words whatever is wrong and
// after the same time; with fault.Exhausted where it must be tried later, which Meta["retry_after"] tells in
// seconds. SIGN_IN_CODE_MISSING says that the password is right, and a code is needed, too.
func (s *SignIns) SignIn(ctx context.Context, c Credentials) (Entered, error) {
	if len(c.Name) > maxName { // which nobody has, and which isn't kept
		c.Name = "?"
	}
	w := s.Attempts.whence(c.Name, c.From, c.Device)
	u, known := s.Guard.user(c.Name)
	w.known = w.known || known && slices.ContainsFunc(u.Sessions, func(x Session) bool {
		return network(x.From) == network(c.From)
	})
	if err := s.verify(ctx, c.Name, c.Password, c.From, w); err != nil {
		return Entered{}, err
	}
	if u.TOTP.Confirmed && c.Code == "" {
		s.Attempts.release(c.Name, w)
		return Entered{}, &fault.Error{Op: "access.SignIn", Kind: fault.Unauthenticated,
			Reason: "SIGN_IN_CODE_MISSING", Message: "give the code that the authenticator shows, too"}
	}
	e, err := s.enter(ctx, u, c)
	if err != nil {
		if fault.KindOf(err) == fault.Unauthenticated {
			s.refused(ctx, u.Name, c.From, err)
		} else {
			s.Attempts.release(c.Name, w)
		}
		return Entered{}, err
	}
	s.Attempts.succeed(c.Name, w, c.From)
	if !w.device {
		e.Device = s.Attempts.Device(c.Name)
	}
	return e, nil
}

// verify tells whether a password is right, as far as that may be asked now. It is counted as an attempt,
// which whoever succeeds in the end takes back.
func (s *SignIns) verify(ctx context.Context, name, password, from string, w whence) error {
	u, _ := s.Guard.user(name)
	if wait := s.Attempts.begin(name, w); wait > 0 {
		err := later(wait)
		s.refused(ctx, name, from, err)
		return err
	}
	right, err := s.Hasher.Verify(ctx, u.Password, password)
	if err != nil {
		s.Attempts.release(name, w)
		return err
	}
	if !right || u.standing() != nil {
		err := wrongSignIn()
		s.refused(ctx, name, from, err)
		return err
	}
	return nil
}

// VerifyOwn refuses whoever is signed in and does not know his password: what somebody left open must not
// be enough to change what he is known by.
func (s *SignIns) VerifyOwn(ctx context.Context, p Principal, password string) error {
	u, _ := s.Guard.user(p.Name)
	if err := u.local("access.VerifyOwn"); err != nil {
		return err
	}
	w := s.Attempts.whence(p.Name, p.From, "")
	if err := s.verify(ctx, p.Name, password, p.From, w); err != nil {
		if fault.ReasonOf(err) != "SIGN_IN_FAILED" {
			return err
		}
		return &fault.Error{Op: "access.VerifyOwn", Kind: fault.Forbidden, Reason: "PASSWORD_WRONG",
			Message: "the current password is wrong"}
	}
	s.Attempts.succeed(p.Name, w, p.From)
	return nil
}

// refused has it recorded that somebody did not get in: it is nothing that a request did. A name that
// nobody has may be a password that was typed in the wrong place, so it is not told.
func (s *SignIns) refused(ctx context.Context, name, from string, err error) {
	u, _ := s.Guard.user(name)
	s.Guard.refusals.signIn(audit.With(ctx, nil), name, u.Name, from, err)
}

// wrongSignIn is all that is told whoever gives something wrong.
func wrongSignIn() error {
	return &fault.Error{Op: "access.SignIn", Kind: fault.Unauthenticated, Reason: "SIGN_IN_FAILED",
		Message: "the name, the password or the code is wrong"}
}

func later(wait time.Duration) error {
	seconds := int(wait/time.Second) + 1
	return &fault.Error{Op: "access.SignIn", Kind: fault.Exhausted, Reason: "SIGN_IN_LATER",
		Message: fmt.Sprintf("there were too many wrong attempts; try again in %d seconds", seconds),
		Meta:    map[string]string{"retry_after": strconv.Itoa(seconds)}}
}

// enter begins a session of somebody whose password was right, unless it was changed meanwhile.
func (s *SignIns) enter(ctx context.Context, was User, c Credentials) (Entered, error) {
	return s.begin(ctx, was.Name, c.From, func(u *User) error {
		same := subtle.ConstantTimeCompare([]byte(u.Password), []byte(was.Password)) == 1
		if !same || u.standing() != nil || u.TOTP.Confirmed != was.TOTP.Confirmed {
			return wrongSignIn()
		}
		if !u.TOTP.Confirmed {
			return nil
		}
		err := u.takeCode(s.Box, c.Code, s.Now())
		if fault.ReasonOf(err) == "TOTP_WRONG" {
			return wrongSignIn()
		}
		return err
	})
}

// begin begins a session, and has it recorded with it.
func (s *SignIns) begin(ctx context.Context, name, from string, check func(*User) error) (Entered, error) {
	at := now(s.Now)
	token, session := newSession(at, from)
	ctx = audit.With(ctx, audit.NewPending(audit.Entry{Actor: name, From: from, Action: audit.SignIn,
		Subject: "users/" + name, Details: map[string]string{}}))
	u, err := s.Store.ChangeUser(ctx, name, func(u *User) error {
		if err := check(u); err != nil {
			return err
		}
		u.begin(session, s.Guard.Limits)
		return nil
	})
	if err != nil {
		return Entered{}, err
	}
	lasts := s.Guard.Limits.Longest
	return Entered{User: u, Token: token, Ends: at.Add(lasts), Lasts: lasts}, nil
}

// SignOut ends the session of a token, or with everywhere all of its owner's.
func (s *SignIns) SignOut(ctx context.Context, p Principal, token string, everywhere bool) error {
	if p.Kind != ByPerson {
		return &fault.Error{Op: "access.SignOut", Kind: fault.Precondition, Reason: "NO_SESSION",
			Message: "this request was made without a session: there is none to end"}
	}
	hash := hashOf(token)
	ctx = audit.With(ctx, audit.NewPending(audit.Entry{Actor: p.Actor, From: p.From, Action: audit.SignOut,
		Subject: "users/" + p.Name, Details: map[string]string{}}))
	_, err := s.Store.ChangeUser(ctx, p.Name, func(u *User) error {
		u.Sessions = slices.DeleteFunc(slices.Clone(u.Sessions), func(x Session) bool {
			return everywhere || x.Hash == hash
		})
		return nil
	})
	return err
}

// Ends is when the session of a token ends however it is used; ok is false where there is none.
func (s *SignIns) Ends(token string) (at time.Time, ok bool) {
	found := s.Guard.known.Load().sessions[hashOf(token)]
	if found == nil {
		return time.Time{}, false
	}
	return found.it.CreatedAt.Add(s.Guard.Limits.Longest), true
}

// External is whom a provider of OpenID Connect vouches for.
type External struct {
	// Subject is the provider's issuer and what it calls him there, which never changes; Name what he is
	// to be called here.
	Subject, Name string
	Role          Role
}

// SignInExternal begins a session of whom a provider vouches for, which vouch asks; who is new is added. He is
// known by his subject, never by his name: who can choose a name at a provider must not become somebody else.
// That somebody was refused, by the provider or here, is recorded.
func (s *SignIns) SignInExternal(
	ctx context.Context, from string, vouch func(context.Context) (External, error),
) (Entered, error) {
	var u User
	x, err := vouch(ctx)
	if err == nil {
		u, err = s.external(ctx, x, from)
	}
	var e Entered
	if err == nil {
		e, err = s.begin(ctx, u.Name, from, x.admits)
	}
	if kind := fault.KindOf(err); kind == fault.Unauthenticated || kind == fault.Forbidden || kind == fault.Exists {
		s.refused(ctx, u.Name, from, err)
	}
	return e, err
}

// admits gives somebody the role that the provider tells.
func (x External) admits(u *User) error {
	if err := u.standing(); err != nil {
		return err
	}
	if u.Subject != x.Subject {
		return UserExists(u.Name)
	}
	if u.Role != x.Role {
		u.Role, u.Sessions = x.Role, nil
	}
	return nil
}

// external finds or adds whom a provider vouches for.
func (s *SignIns) external(ctx context.Context, x External, from string) (User, error) {
	for _, u := range s.Guard.known.Load().users {
		if u.Subject == x.Subject {
			return u, nil
		}
	}
	at := now(s.Now)
	u := User{ID: ulid.MustNewDefault(at).String(), Name: x.Name, Role: x.Role, CreatedAt: at,
		CreatedBy: audit.Self, Subject: x.Subject}
	if err := u.check(); err != nil {
		return User{}, err
	}
	ctx = audit.With(ctx, audit.NewPending(audit.Entry{Actor: audit.Self, From: from, Action: audit.UserAdd,
		Subject: "users/" + u.Name, Details: map[string]string{"role": string(u.Role)}}))
	if err := s.Store.AddUser(ctx, u); err != nil {
		return User{}, err
	}
	return u, nil
}
