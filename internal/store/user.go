package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/feed"
)

// AddUser implements access.UserStore.
func (s *Access) AddUser(ctx context.Context, u access.User) error {
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		lines, err := linesText(u.Lines)
		if err != nil {
			return err
		}
		taken, err := exists(ctx, t, `SELECT 1 FROM access_keys WHERE name = $1`, u.Name)
		if err != nil {
			return fmt.Errorf("add somebody who signs in: %w", err)
		}
		if taken {
			return access.UserExists(u.Name)
		}
		n, err := changed(ctx, t, `INSERT INTO access_users (id, name, role, lines, created_at, created_by,
			password, subject) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`, u.ID, u.Name,
			string(u.Role), lines, micros(u.CreatedAt), u.CreatedBy, u.Password, optionalText(u.Subject))
		if err != nil {
			return fmt.Errorf("add somebody who signs in: %w", err)
		}
		if n == 0 {
			return access.UserExists(u.Name)
		}
		t.changed(feed.Change{Kind: feed.Access, ID: u.ID})
		return nil
	})
}

// optionalText stores "" as NULL.
func optionalText(text string) sql.NullString { return sql.NullString{String: text, Valid: text != ""} }

// ChangeUser implements access.UserStore.
func (s *Access) ChangeUser(
	ctx context.Context, name string, change func(*access.User) error,
) (u access.User, err error) {
	err = s.write(ctx, func(ctx context.Context, t *writeTx) error {
		found, err := users(ctx, t, `WHERE name = $1`, name)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return &fault.Error{Kind: fault.NotFound, Reason: "NOT_FOUND", Subject: "users/" + name,
				Message: "there is nobody of that name; see who there is with: refrain user list"}
		}
		u = found[0]
		if err := change(&u); err != nil {
			return err
		}
		t.changed(feed.Change{Kind: feed.Access, ID: u.ID})
		return t.keepUser(ctx, u)
	})
	return u, err
}

// keepUser writes what of somebody can change.
func (t *writeTx) keepUser(ctx context.Context, u access.User) error {
	lines, err := linesText(u.Lines)
	if err != nil {
		return err
	}
	err = exec(ctx, t, `UPDATE access_users SET role = $1, lines = $2, password = $3, disabled_at = $4,
		disabled_by = $5, totp = $6, totp_confirmed = $7, totp_used = $8 WHERE id = $9`, string(u.Role), lines,
		u.Password, optionalMicros(u.DisabledAt), u.DisabledBy, u.TOTP.Sealed, flag(u.TOTP.Confirmed),
		u.TOTP.Used, u.ID)
	if err != nil {
		return fmt.Errorf("change somebody who signs in: %w", err)
	}
	return wrap("keep sessions", t.keepSessions(ctx, u))
}

// keepSessions takes away those that were ended, and adds those that were begun.
func (t *writeTx) keepSessions(ctx context.Context, u access.User) error {
	var c conditions
	c.add("user_id = ?", u.ID)
	var kept []any
	for _, s := range u.Sessions {
		kept = append(kept, s.Hash[:])
	}
	where := c.where()
	if len(kept) > 0 {
		c.addIn("hash", kept)
		where = " WHERE " + c.parts[0] + " AND NOT " + c.parts[1]
	}
	if err := exec(ctx, t, `DELETE FROM access_sessions`+where, c.args...); err != nil {
		return err
	}
	for _, s := range u.Sessions {
		err := exec(ctx, t, `INSERT INTO access_sessions (hash, user_id, created_at, used_at, origin)
			VALUES ($1, $2, $3, $4, $5) ON CONFLICT (hash) DO NOTHING`, s.Hash[:], u.ID, micros(s.CreatedAt),
			micros(s.UsedAt), s.From)
		if err != nil {
			return err
		}
	}
	return nil
}

// Users implements access.UserStore.
func (s *Access) Users(ctx context.Context) ([]access.User, error) {
	var all []access.User
	err := s.reading(ctx, s.access, func(q querier) (err error) {
		all, err = users(ctx, q, "")
		return err
	})
	return all, wrap("list who signs in", err)
}

// users reads people with their sessions, by name.
func users(ctx context.Context, q querier, where string, args ...any) ([]access.User, error) {
	found, err := list(ctx, q, scanUser, `SELECT id, name, role, lines, created_at, created_by, password,
		subject, disabled_at, disabled_by, totp, totp_confirmed, totp_used FROM access_users `+where+
		` ORDER BY name`, args...)
	if err != nil {
		return nil, fmt.Errorf("list who signs in: %w", err)
	}
	sessions, err := byOwner(ctx, q, scanSession, `SELECT user_id, hash, created_at, used_at, origin
		FROM access_sessions WHERE user_id IN (SELECT id FROM access_users `+where+`)
		ORDER BY created_at DESC, hash`, args...)
	if err != nil {
		return nil, fmt.Errorf("list who signs in: %w", err)
	}
	for i, u := range found {
		found[i].Sessions = sessions[u.ID]
	}
	return found, nil
}

func scanUser(rw row) (access.User, error) {
	var u access.User
	var created int64
	var subject sql.NullString
	var disabled sql.NullInt64
	err := rw.Scan(&u.ID, &u.Name, &u.Role, jsonInto{&u.Lines}, &created, &u.CreatedBy, &u.Password, &subject,
		&disabled, &u.DisabledBy, &u.TOTP.Sealed, &u.TOTP.Confirmed, &u.TOTP.Used)
	u.CreatedAt, u.Subject, u.DisabledAt = fromMicros(created), subject.String, fromOptional(disabled)
	return u, err
}

func scanSession(rw row, owner *string) (access.Session, error) {
	var s access.Session
	var created, used int64
	err := rw.Scan(owner, hashInto{s.Hash[:]}, &created, &used, &s.From)
	s.CreatedAt, s.UsedAt = fromMicros(created), fromMicros(used)
	return s, err
}

// ForgetSessions deletes those that were begun, or used last, so long ago that they are over.
func (s *Access) ForgetSessions(ctx context.Context, begun, used time.Time) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		return wrap("delete sessions that are over", exec(ctx, tx, `DELETE FROM access_sessions
			WHERE created_at <= $1 OR used_at <= $2`, micros(begun), micros(used)))
	})
}

// NoteSessions implements access.UserStore.
func (s *Access) NoteSessions(ctx context.Context, used map[[sha256.Size]byte]time.Time) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		var errs []error
		for hash, at := range used {
			errs = append(errs, exec(ctx, tx, `UPDATE access_sessions SET used_at = $1
				WHERE hash = $2 AND used_at < $1`, micros(at), hash[:]))
		}
		return wrap("note when sessions were used", errors.Join(errs...))
	})
}
