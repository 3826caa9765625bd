package store_test

import (
	"crypto/sha256"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
)

// People are kept as they are, also over a restart; a name and what a provider calls somebody are one's.
func TestUsers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "refrain.db")
	db := open(t, path)
	ctx, at := t.Context(), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	li := access.User{ID: "1", Name: "li", Role: access.Reviewer, Lines: []string{"loans"}, CreatedAt: at,
		CreatedBy: "boss", Password: "$argon2id$"}
	require.NoError(t, db.Access.AddUser(ctx, li))
	require.NoError(t, db.Access.AddUser(ctx, access.User{ID: "2", Name: "wang", Role: access.Admin, CreatedAt: at,
		Subject: "https://idp 1"}))
	require.NoError(t, db.Access.AddKey(ctx, access.Key{ID: "3", Name: "pbx", Role: access.Dialler, CreatedAt: at}))
	for name, u := range map[string]access.User{
		"another's name": {ID: "4", Name: "li"}, "a key's name": {ID: "4", Name: "pbx"},
		"another's subject": {ID: "4", Name: "zhao", Subject: "https://idp 1"},
	} {
		require.Equal(t, "USER_EXISTS", fault.ReasonOf(db.Access.AddUser(ctx, u)), name)
	}
	require.Equal(t, "KEY_EXISTS", fault.ReasonOf(db.Access.AddKey(ctx, access.Key{ID: "4", Name: "li"})))

	one, two := session("one", at), session("two", at.Add(time.Minute))
	change := func(f func(u *access.User)) access.User {
		t.Helper()
		u, err := db.Access.ChangeUser(ctx, "li", func(u *access.User) error { f(u); return nil })
		require.NoError(t, err)
		return u
	}
	change(func(u *access.User) { u.Sessions = []access.Session{two, one} })
	li = change(func(u *access.User) {
		u.Role, u.Lines, u.Password = access.Auditor, []string{}, "another"
		u.DisabledAt, u.DisabledBy = at, "boss"
		u.TOTP = access.TOTP{Sealed: []byte{1}, Confirmed: true, Used: 7}
	})
	_, err := db.Access.ChangeUser(ctx, "li", func(u *access.User) error {
		u.Sessions = nil
		return &fault.Error{Kind: fault.Precondition}
	})
	require.Equal(t, fault.Precondition, fault.KindOf(err))
	_, err = db.Access.ChangeUser(ctx, "nobody", nil)
	require.Equal(t, fault.NotFound, fault.KindOf(err))

	used := at.Add(time.Hour)
	for _, when := range []time.Time{used, at} { // late news of an earlier use change nothing
		require.NoError(t, db.Access.NoteSessions(ctx, map[[sha256.Size]byte]time.Time{two.Hash: when}))
	}
	two.UsedAt = used
	li.Sessions = []access.Session{two, one}
	require.NoError(t, db.Close())
	db = open(t, path)
	users, err := db.Access.Users(ctx)
	require.NoError(t, err)
	require.Len(t, users, 2)
	require.Equal(t, li, users[0])
	require.Equal(t, "https://idp 1", users[1].Subject)

	change(func(u *access.User) { u.Sessions = u.Sessions[:1] })
	users, err = db.Access.Users(ctx)
	require.NoError(t, err)
	require.Equal(t, []access.Session{two}, users[0].Sessions)

	three := session("three", at.Add(2*time.Hour))
	change(func(u *access.User) { u.Sessions = []access.Session{three, two} })
	require.NoError(t, db.Access.ForgetSessions(ctx, at, used))
	users, err = db.Access.Users(ctx)
	require.NoError(t, err)
	require.Equal(t, []access.Session{three}, users[0].Sessions, "the other is over")
}

func session(name string, at time.Time) access.Session {
	return access.Session{Hash: sha256.Sum256([]byte(name)), CreatedAt: at, UsedAt: at, From: "10.0.0.1"}
}
