package access

import (
	"context"
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

// SignIns let people in. All fields but Reserved are required.
type SignIns struct {
	Guard    *Guard
	Store    UserStore
	Hasher   *Hasher
	Box      Box
	Attempts *Attempts
	Now      func() time.Time
	// Reserved are names that nobody gets from a provider, such as those of actors who may do more than
	// their role lets them: who can choose a name there must not choose that.
	Reserved []string
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
	place := network(c.From)
	w.known = w.known || known && slices.ContainsFunc(u.Sessions, func(x Session) bool { return network(x.From) == place })
	at, err := s.verify(ctx, s.Hasher.Verify, u, c.Name, c.Password, c.From, w)
	if err != nil {
		return Entered{}, err
	}
	if u.TOTP.Confirmed && c.Code == "" {
		s.Attempts.release(at)
		err := &fault.Error{Op: "access.SignIn", Kind: fault.Unauthenticated, Reason: "SIGN_IN_CODE_MISSING",
			Message: "give the code that the authenticator shows, too"}
		s.refused(ctx, u.Name, c.From, err) // whoever asks may have found the password out
		return Entered{}, err
	}
	e, err := s.enter(ctx, u, c)
	if err != nil {
		if fault.KindOf(err) == fault.Unauthenticated {
			s.refused(ctx, u.Name, c.From, err)
		} else {
			s.Attempts.release(at)
		}
		return Entered{}, err
	}
	s.Attempts.succeed(at, c.From)
	if !w.device {
		e.Device = s.Attempts.Device(c.Name)
	}
	return e, nil
}

// verify tells whether a password is right, as far as that may be asked now. It is counted as an attempt,
// which whoever succeeds in the end takes back.
func (s *SignIns) verify(
	ctx context.Context, verify func(ctx context.Context, kept, password string) (bool, error), u User,
	name, password, from string, w whence,
) (attempt, error) {
	at, wait := s.Attempts.begin(name, w)
	if wait > 0 {
		err := later(wait)
		s.refused(ctx, name, from, err)
		return at, err
	}
	right, err := verify(ctx, u.Password, password)
	if err != nil {
		s.Attempts.release(at)
		return at, err
	}
	if !right || u.standing() != nil {
		err := wrongSignIn()
		s.refused(ctx, name, from, err)
		return at, err
	}
	return at, nil
}

// Own has change alter what somebody who is signed in is known by, where he knows his password: what he
// left open must not be enough for that. Change is to ask own within its transaction, which refuses where
// the password was changed, or he was disabled, since it was found right. A code that change finds wrong
// counts as a wrong password does.
func (s *SignIns) Own(
	ctx context.Context, p Principal, password string, change func(own func(*User) error) error,
) error {
	was, _ := s.Guard.user(p.Name)
	if err := was.local("access.Own"); err != nil {
		return err
	}
	// He is known by his session, and so neither waits for others' failures, wherever they are from.
	at, err := s.verify(ctx, s.Hasher.VerifyOwn, was, p.Name, password, p.From,
		whence{place: "session", known: true, device: true})
	if fault.ReasonOf(err) == "SIGN_IN_FAILED" {
		return wrongPassword()
	}
	if err != nil {
		return err
	}
	err = change(func(u *User) error {
		if err := u.standing(); err != nil {
			return err
		}
		if !u.samePassword(was) {
			return wrongPassword()
		}
		return nil
	})
	switch {
	case err == nil:
		s.Attempts.succeed(at, p.From)
	case fault.ReasonOf(err) != "TOTP_WRONG":
		s.Attempts.release(at)
	}
	return err
}

func wrongPassword() error {
	return &fault.Error{Op: "access.Own", Kind: fault.Forbidden, Reason: "PASSWORD_WRONG",
		Message: "the current password is wrong"}
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
	return s.begin(ctx, was.Name, c.From, func(u *User, _ *audit.Pending) error {
		if !u.samePassword(was) || u.standing() != nil || u.TOTP.Confirmed != was.TOTP.Confirmed {
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

// begin begins a session, and has it recorded with it, and what check adds to that.
func (s *SignIns) begin(
	ctx context.Context, name, from string, check func(*User, *audit.Pending) error,
) (Entered, error) {
	at := now(s.Now)
	token, session := newSession(at, from)
	p := audit.NewPending(audit.Entry{Actor: name, From: from, Action: audit.SignIn, Subject: "users/" + name,
		Details: map[string]string{}})
	ctx = audit.With(ctx, p)
	u, err := s.Store.ChangeUser(ctx, name, func(u *User) error {
		if err := check(u, p); err != nil {
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

// admits gives somebody the role that the provider tells, and has it recorded where that is another.
func (x External) admits(u *User, p *audit.Pending) error {
	if err := u.standing(); err != nil {
		return err
	}
	if u.Subject != x.Subject {
		return UserExists(u.Name)
	}
	if u.Role != x.Role {
		p.Add(audit.Entry{Actor: audit.Self, Action: audit.UserChange, Subject: "users/" + u.Name,
			Details: map[string]string{"role": string(x.Role), "role_before": string(u.Role)}})
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
	if slices.Contains(s.Reserved, u.Name) {
		return User{}, &fault.Error{Op: "access.SignIn", Kind: fault.Forbidden, Reason: "NAME_RESERVED",
			Message: "the name that the provider tells may see numbers in full here (privacy.reveal), so nobody gets " +
				"it by signing in there"}
	}
	ctx = audit.With(ctx, audit.NewPending(audit.Entry{Actor: audit.Self, From: from, Action: audit.UserAdd,
		Subject: "users/" + u.Name, Details: map[string]string{"role": string(u.Role)}}))
	if err := s.Store.AddUser(ctx, u); err != nil {
		return User{}, err
	}
	return u, nil
}
