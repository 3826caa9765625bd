package access

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/fault"
)

// UserStore keeps who signs in. When a method that changes something returns nil, everybody who follows
// knows.
type UserStore interface {
	// AddUser adds somebody; Exists USER_EXISTS where there is somebody or a key of that name.
	AddUser(ctx context.Context, u User) error
	// ChangeUser lets change alter the one with that name and his sessions, in one transaction with
	// reading them; what it returns is returned as it is, and then nothing is altered. NotFound where
	// there is none.
	ChangeUser(ctx context.Context, name string, change func(*User) error) (User, error)
	// Users are all there are, by name.
	Users(ctx context.Context) ([]User, error)
	// NoteSessions notes when sessions, by their hashes, were used last.
	NoteSessions(ctx context.Context, used map[[sha256.Size]byte]time.Time) error
}

// Users keeps who signs in. What changes what somebody may do, or is known by, ends his sessions.
type Users struct {
	Store  UserStore
	Hasher *Hasher
	Box    Box
	Now    func() time.Time
}

// Add adds somebody with a password.
func (s *Users) Add(ctx context.Context, by string, u User, password string) (User, error) {
	if err := u.check(); err != nil {
		return User{}, err
	}
	var err error
	if u.Password, err = s.Hasher.Hash(ctx, u.Name, password); err != nil {
		return User{}, err
	}
	now := now(s.Now)
	u.ID, u.CreatedAt, u.CreatedBy = ulid.MustNewDefault(now).String(), now, by
	return u, s.Store.AddUser(ctx, u)
}

// Change gives somebody another role and other lines.
func (s *Users) Change(ctx context.Context, name string, role Role, lines []string) (User, error) {
	var wrong fault.Fields
	checkRights(&wrong, role, lines)
	if err := wrong.Err("access.ChangeUser"); err != nil {
		return User{}, err
	}
	return s.Store.ChangeUser(ctx, name, func(u *User) error {
		if err := u.local("access.ChangeUser"); err != nil {
			return &fault.Error{Op: "access.ChangeUser", Kind: fault.Precondition, Reason: "USER_EXTERNAL",
				Subject: "users/" + name, Message: "his role comes from the provider of OpenID Connect, each time " +
					"that he signs in"}
		}
		u.Role, u.Lines, u.Sessions = role, lines, nil
		return nil
	})
}

// SetPassword gives somebody another password, where the checks let that be.
func (s *Users) SetPassword(
	ctx context.Context, name, password string, checks ...func(*User) error,
) (User, error) {
	kept, err := s.Hasher.Hash(ctx, name, password)
	if err != nil {
		return User{}, err
	}
	return s.Store.ChangeUser(ctx, name, func(u *User) error {
		if err := u.local("access.SetPassword"); err != nil {
			return err
		}
		if err := all(checks, u); err != nil {
			return err
		}
		u.Password, u.Sessions = kept, nil
		return nil
	})
}

// Disable lets somebody in no more. To disable one who is changes nothing.
func (s *Users) Disable(ctx context.Context, by, name string) (User, error) {
	return s.Store.ChangeUser(ctx, name, func(u *User) error {
		if u.DisabledAt.IsZero() {
			u.DisabledAt, u.DisabledBy = now(s.Now), by
		}
		u.Sessions = nil
		return nil
	})
}

// Enable lets somebody in again.
func (s *Users) Enable(ctx context.Context, name string) (User, error) {
	return s.Store.ChangeUser(ctx, name, func(u *User) error {
		u.DisabledAt, u.DisabledBy = time.Time{}, ""
		return nil
	})
}

// SignOut ends all sessions of somebody, and tells how many there were.
func (s *Users) SignOut(ctx context.Context, name string) (u User, ended int, err error) {
	u, err = s.Store.ChangeUser(ctx, name, func(u *User) error {
		ended, u.Sessions = len(u.Sessions), nil
		return nil
	})
	return u, ended, err
}

// SetUpTOTP gives somebody the secret of an authenticator, in place of the one before. Where it is
// confirmed already, as by an admin who hands it over, he is asked for codes from now on. The checks must let
// that be.
func (s *Users) SetUpTOTP(
	ctx context.Context, name string, confirmed bool, checks ...func(*User) error,
) (TOTPSetup, error) {
	secret := newTOTP()
	_, err := s.Store.ChangeUser(ctx, name, func(u *User) error {
		if err := u.local("access.SetUpTOTP"); err != nil {
			return err
		}
		if err := all(checks, u); err != nil {
			return err
		}
		if !confirmed && u.TOTP.Confirmed {
			return &fault.Error{Op: "access.SetUpTOTP", Kind: fault.Precondition, Reason: "TOTP_SET_UP",
				Subject: "users/" + name, Message: "codes are asked for already; remove that first"}
		}
		u.TOTP = TOTP{Sealed: s.Box.Seal(u.ID, secret), Confirmed: confirmed}
		if confirmed {
			u.Sessions = nil
		}
		return nil
	})
	if err != nil {
		return TOTPSetup{}, err
	}
	return setupOf(name, secret), nil
}

// ConfirmTOTP has somebody asked for codes from now on, once he shows one. All his sessions end, the one that
// asks, too: they were begun without a code.
func (s *Users) ConfirmTOTP(ctx context.Context, name, code string) error {
	_, err := s.Store.ChangeUser(ctx, name, func(u *User) error {
		if u.TOTP.Sealed == nil || u.TOTP.Confirmed {
			return &fault.Error{Op: "access.ConfirmTOTP", Kind: fault.Precondition, Reason: "TOTP_NOT_BEGUN",
				Subject: "users/" + name, Message: "there is nothing to confirm; set it up first"}
		}
		if err := u.takeCode(s.Box, code, s.Now()); err != nil {
			return err
		}
		u.TOTP.Confirmed, u.Sessions = true, nil
		return nil
	})
	return err
}

// takeCode takes a code, which is not taken again.
func (u *User) takeCode(b Box, code string, at time.Time) error {
	secret, err := b.Open(u.ID, u.TOTP.Sealed)
	if err != nil {
		return &fault.Error{Op: "access.TakeCode", Kind: fault.Precondition, Reason: "TOTP_UNREADABLE",
			Subject: "users/" + u.Name, Message: "what his authenticator shares with this server can't be read; " +
				"an admin can remove it: refrain user totp NAME --remove", Err: err}
	}
	step, ok := stepOf(secret, code, at, u.TOTP.Used)
	if !ok {
		return &fault.Error{Op: "access.TakeCode", Kind: fault.Invalid, Reason: "TOTP_WRONG",
			Message: "the code is wrong, or was used: wait for the next one"}
	}
	u.TOTP.Used = step
	return nil
}

// RemoveTOTP has somebody asked for no code any more.
func (s *Users) RemoveTOTP(ctx context.Context, name string) (User, error) {
	return s.Store.ChangeUser(ctx, name, func(u *User) error {
		u.TOTP, u.Sessions = TOTP{}, nil
		return nil
	})
}

// RemoveOwnTOTP has somebody asked for no code any more who shows one a last time, and whom the checks let:
// else his password alone would do to be rid of the codes that are asked for besides it. An authenticator
// that was never confirmed is removed without.
func (s *Users) RemoveOwnTOTP(ctx context.Context, name, code string, checks ...func(*User) error) (User, error) {
	return s.Store.ChangeUser(ctx, name, func(u *User) error {
		if err := all(checks, u); err != nil {
			return err
		}
		if u.TOTP.Confirmed {
			if err := u.takeCode(s.Box, code, s.Now()); err != nil {
				return err
			}
		}
		u.TOTP, u.Sessions = TOTP{}, nil
		return nil
	})
}

// all makes all checks of somebody.
func all(checks []func(*User) error, u *User) error {
	for _, check := range checks {
		if err := check(u); err != nil {
			return err
		}
	}
	return nil
}

// now is the time as a store keeps it.
func now(clock func() time.Time) time.Time { return clock().UTC().Truncate(time.Microsecond) }
