package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/feed"
)

// Access is the store of keys, and of people who sign in. It implements access.Store and access.UserStore.
type Access struct{ *engine }

// AddKey implements access.Store.
func (s *Access) AddKey(ctx context.Context, k access.Key) error {
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		lines, err := linesText(k.Lines)
		if err != nil {
			return err
		}
		taken, err := exists(ctx, t, `SELECT 1 FROM access_users WHERE name = $1`, k.Name)
		if err != nil {
			return fmt.Errorf("add a key: %w", err)
		}
		if taken {
			return access.Exists(k.Name)
		}
		n, err := changed(ctx, t, `INSERT INTO access_keys (id, name, role, lines, acts_for_others,
			created_at, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (name) DO NOTHING`, k.ID, k.Name, string(k.Role), lines, flag(k.ActsForOthers),
			micros(k.CreatedAt), k.CreatedBy, optionalMicros(k.ExpiresAt))
		if err != nil {
			return fmt.Errorf("add a key: %w", err)
		}
		if n == 0 {
			return access.Exists(k.Name)
		}
		t.changed(feed.Change{Kind: feed.Access, ID: k.ID})
		return t.keepSecrets(ctx, k)
	})
}

func linesText(lines []string) (string, error) {
	if len(lines) == 0 {
		return "[]", nil
	}
	return toJSON(lines)
}

// keepSecrets writes those that are new, and when others end.
func (t *writeTx) keepSecrets(ctx context.Context, k access.Key) error {
	for _, s := range k.Secrets {
		err := exec(ctx, t, `INSERT INTO access_secrets (prefix, key_id, hash, created_at, ends_at)
			VALUES ($1, $2, $3, $4, $5) ON CONFLICT (prefix) DO UPDATE SET ends_at = excluded.ends_at
			WHERE access_secrets.hash = excluded.hash`, s.Prefix, k.ID, s.Hash[:], micros(s.CreatedAt),
			optionalMicros(s.EndsAt))
		if err != nil {
			return fmt.Errorf("keep what a key is known by: %w", err)
		}
	}
	return nil
}

// ChangeKey implements access.Store.
func (s *Access) ChangeKey(
	ctx context.Context, name string, change func(*access.Key) error,
) (k access.Key, err error) {
	err = s.write(ctx, func(ctx context.Context, t *writeTx) error {
		found, err := keys(ctx, t, `WHERE name = $1`, name)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return &fault.Error{Kind: fault.NotFound, Reason: "NOT_FOUND", Subject: "keys/" + name,
				Message: "there is no such key; see which there are with: refrain key list"}
		}
		k = found[0]
		if err := change(&k); err != nil {
			return err
		}
		err = exec(ctx, t, `UPDATE access_keys SET revoked_at = $1, revoked_by = $2 WHERE id = $3`,
			optionalMicros(k.RevokedAt), k.RevokedBy, k.ID)
		if err != nil {
			return fmt.Errorf("change a key: %w", err)
		}
		t.changed(feed.Change{Kind: feed.Access, ID: k.ID})
		return t.keepSecrets(ctx, k)
	})
	return k, err
}

// Keys implements access.Store.
func (s *Access) Keys(ctx context.Context) ([]access.Key, error) {
	var all []access.Key
	err := s.reading(ctx, s.access, func(q querier) (err error) {
		all, err = keys(ctx, q, "")
		return err
	})
	return all, wrap("list the keys", err)
}

// keys reads keys with their secrets, by name.
func keys(ctx context.Context, q querier, where string, args ...any) ([]access.Key, error) {
	found, err := list(ctx, q, scanKey, `SELECT id, name, role, lines, acts_for_others, created_at,
		created_by, expires_at, revoked_at, revoked_by FROM access_keys `+where+` ORDER BY name`, args...)
	if err != nil {
		return nil, fmt.Errorf("list the keys: %w", err)
	}
	secrets, err := byOwner(ctx, q, scanSecret, `SELECT key_id, prefix, hash, created_at, ends_at, used_at
		FROM access_secrets WHERE key_id IN (SELECT id FROM access_keys `+where+`)
		ORDER BY created_at DESC, prefix`, args...)
	if err != nil {
		return nil, fmt.Errorf("list the keys: %w", err)
	}
	for i, k := range found {
		found[i].Secrets = secrets[k.ID]
	}
	return found, nil
}

// byOwner reads what belongs to keys or people, by their ids, in the query's order.
func byOwner[T any](
	ctx context.Context, q querier, scan func(rw row, owner *string) (T, error), query string, args ...any,
) (map[string][]T, error) {
	type owned struct {
		owner string
		it    T
	}
	all := map[string][]T{}
	err := each(ctx, q, func(rw row) (o owned, err error) {
		o.it, err = scan(rw, &o.owner)
		return o, err
	}, func(o owned) error {
		all[o.owner] = append(all[o.owner], o.it)
		return nil
	}, query, args...)
	return all, err
}

func scanKey(rw row) (access.Key, error) {
	var k access.Key
	var created int64
	var expires, revoked sql.NullInt64
	err := rw.Scan(&k.ID, &k.Name, &k.Role, jsonInto{&k.Lines}, &k.ActsForOthers, &created, &k.CreatedBy,
		&expires, &revoked, &k.RevokedBy)
	k.CreatedAt, k.ExpiresAt, k.RevokedAt = fromMicros(created), fromOptional(expires), fromOptional(revoked)
	return k, err
}

func scanSecret(rw row, owner *string) (access.Secret, error) {
	var s access.Secret
	var created int64
	var ends, used sql.NullInt64
	err := rw.Scan(owner, &s.Prefix, hashInto{s.Hash[:]}, &created, &ends, &used)
	s.CreatedAt, s.EndsAt, s.UsedAt = fromMicros(created), fromOptional(ends), fromOptional(used)
	return s, err
}

// NoteUse implements access.Store.
func (s *Access) NoteUse(ctx context.Context, used map[string]time.Time) error {
	return s.inTx(ctx, func(ctx context.Context, tx Tx) error {
		var errs []error
		for prefix, at := range used {
			errs = append(errs, exec(ctx, tx, `UPDATE access_secrets SET used_at = $1
				WHERE prefix = $2 AND COALESCE(used_at, 0) < $1`, micros(at), prefix))
		}
		return wrap("note when keys were used", errors.Join(errs...))
	})
}
