package access

import (
	"context"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/fault"
)

// Store keeps keys. When a method that changes something returns nil, everybody who follows knows.
type Store interface {
	// AddKey adds a key with its secrets; Exists KEY_EXISTS where there is one of that name, also a
	// revoked one.
	AddKey(ctx context.Context, k Key) error
	// ChangeKey lets change alter the key with that name, in one transaction with reading it; what it
	// returns is returned as it is, and then nothing is altered. NotFound where there is no such key.
	ChangeKey(ctx context.Context, name string, change func(*Key) error) (Key, error)
	// Keys are all there are, by name.
	Keys(ctx context.Context) ([]Key, error)
	// NoteUse notes when tokens, by their prefixes, were used last.
	NoteUse(ctx context.Context, used map[string]time.Time) error
}

// Service keeps keys.
type Service struct {
	Store Store
	Now   func() time.Time
}

// Add makes a key. The token is told this once, and can't be found out again.
func (s *Service) Add(ctx context.Context, by string, k Key) (Key, string, error) {
	now := s.now()
	if err := k.check(now); err != nil {
		return Key{}, "", err
	}
	token, secret := newToken()
	secret.CreatedAt = now
	k.ID, k.CreatedAt, k.CreatedBy = ulid.MustNewDefault(now).String(), now, by
	k.Secrets = []Secret{secret}
	if err := s.Store.AddKey(ctx, k); err != nil {
		return Key{}, "", err
	}
	return k, token, nil
}

// Rotate gives a key another token, which is told this once. The one before works on for the overlap.
func (s *Service) Rotate(ctx context.Context, name string, overlap time.Duration) (Key, string, error) {
	var token string
	k, err := s.Store.ChangeKey(ctx, name, func(k *Key) (err error) {
		token, err = k.rotated(s.now(), overlap)
		return err
	})
	if err != nil {
		return Key{}, "", err
	}
	return k, token, nil
}

// Revoke ends a key at once. To revoke one that was revoked changes nothing.
func (s *Service) Revoke(ctx context.Context, by, name string) (Key, error) {
	return s.Store.ChangeKey(ctx, name, func(k *Key) error {
		if k.RevokedAt.IsZero() {
			k.RevokedAt, k.RevokedBy = s.now(), by
		}
		return nil
	})
}

func (s *Service) now() time.Time { return now(s.Now) }

// Exists is what a Store answers whose key is there already.
func Exists(name string) error {
	return &fault.Error{Op: "access.Add", Kind: fault.Exists, Reason: "KEY_EXISTS", Subject: "keys/" + name,
		Message: "there is a key or somebody of that name, or was: names are not given twice, as the record tells of " +
			"them; rotate it, or take another name"}
}
