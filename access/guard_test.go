package access_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/fault"
)

// memory keeps keys as a store does, and what was recorded.
type memory struct {
	mu      sync.Mutex // of entries
	keys    map[string]access.Key
	users   map[string]access.User
	entries []audit.Entry
	used    map[string]time.Time
	// sessions are when sessions were used last, as was noted last.
	sessions map[[32]byte]time.Time
}

func (m *memory) AddKey(_ context.Context, k access.Key) error {
	if _, ok := m.keys[k.Name]; ok {
		return access.Exists(k.Name)
	}
	m.keys[k.Name] = k
	return nil
}

func (m *memory) ChangeKey(
	_ context.Context, name string, change func(*access.Key) error,
) (access.Key, error) {
	k := m.keys[name]
	k.Secrets = slices.Clone(k.Secrets)
	err := change(&k)
	if err == nil {
		m.keys[name] = k
	}
	return k, err
}

func (m *memory) Keys(context.Context) (all []access.Key, err error) {
	for _, k := range m.keys {
		all = append(all, k)
	}
	return all, nil
}

func (m *memory) NoteUse(_ context.Context, used map[string]time.Time) error {
	m.used = used
	return nil
}

func (m *memory) AddUser(_ context.Context, u access.User) error {
	if _, ok := m.users[u.Name]; ok {
		return access.UserExists(u.Name)
	}
	m.users[u.Name] = u
	return nil
}

func (m *memory) ChangeUser(
	ctx context.Context, name string, change func(*access.User) error,
) (access.User, error) {
	u, ok := m.users[name]
	if !ok {
		return u, &fault.Error{Kind: fault.NotFound}
	}
	u.Sessions = slices.Clone(u.Sessions)
	err := change(&u)
	if err != nil {
		return u, err
	}
	m.users[name] = u
	if p := audit.PendingOf(ctx); p != nil {
		for e, ok := p.Take(); ok; e, ok = p.Take() {
			_ = m.Record(ctx, e)
		}
	}
	return u, nil
}

func (m *memory) Users(context.Context) (all []access.User, err error) {
	for _, u := range m.users {
		all = append(all, u)
	}
	return all, nil
}

func (m *memory) NoteSessions(_ context.Context, used map[[32]byte]time.Time) error {
	m.sessions = used
	return nil
}

func (m *memory) Record(_ context.Context, e audit.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries = append(m.entries, e)
	return nil
}

// guarded is a guard, its keys, and a clock.
type guarded struct {
	*access.Guard
	*access.Service
	store *memory
	now   time.Time
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	g := &guarded{store: &memory{keys: map[string]access.Key{}, users: map[string]access.User{}},
		now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return g.now }
	g.Guard = access.NewGuard(g.store, g.store, g.store, clock, func(err error) { t.Error(err) })
	g.Service = &access.Service{Store: g.store, Now: clock}
	return g
}

func (g *guarded) add(t *testing.T, k access.Key) string {
	t.Helper()
	_, token, err := g.Add(t.Context(), "boss", k)
	require.NoError(t, err)
	require.NoError(t, g.Load(t.Context()))
	return token
}

var anything = access.Rule{Roles: access.Roles()}

func (g *guarded) admit(t *testing.T, c access.Caller) string {
	t.Helper()
	p, err := g.Admit(t.Context(), c, anything, "Service/Method")
	if err != nil {
		require.Equal(t, fault.Unauthenticated, fault.KindOf(err))
		return fault.ReasonOf(err)
	}
	return string(p.Role) + " " + p.Actor
}

// other is another character than c.
func other(c byte) string {
	if c == 'a' {
		return "b"
	}
	return "a"
}

func TestWhoIsLetIn(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	require.True(t, g.Open())
	require.Equal(t, "admin li", g.admit(t, access.Caller{Local: true, Actor: "li"}))
	require.Equal(t, "KEY_MISSING", g.admit(t, access.Caller{From: "10.0.0.1", Actor: "li"}))
	token := g.add(t, access.Key{Name: "pbx", Role: access.Dialler, ExpiresAt: g.now.Add(time.Hour)})
	require.False(t, g.Open())
	require.Equal(t, "KEY_MISSING", g.admit(t, access.Caller{Local: true}))
	require.Equal(t, "admin li", g.admit(t, access.Caller{Socket: true, Actor: "li"}))
	basic := base64.StdEncoding.EncodeToString([]byte("anybody:" + token))
	for header, want := range map[string]string{
		"Bearer " + token:                     "dialler pbx",
		"bearer  " + token + " ":              "dialler pbx",
		"Basic " + basic:                      "dialler pbx",
		token:                                 "KEY_MALFORMED",
		"Bearer":                              "KEY_MALFORMED",
		"Basic %":                             "KEY_MALFORMED",
		"Bearer " + strings.ToUpper(token):    "KEY_MALFORMED",
		"Bearer " + token + "a":               "KEY_MALFORMED",
		"Bearer " + strings.Repeat("a", 2000): "KEY_MALFORMED",
		"Bearer " + token[:30] + other(token[30]) + token[31:]: "KEY_UNKNOWN",
		"Bearer refrain_aaaaaaaa_" + token[17:]:                "KEY_UNKNOWN",
	} {
		got := g.admit(t, access.Caller{Local: true, Authorization: header, Actor: "li"})
		require.Equal(t, want, got, header)
	}
	g.now = g.now.Add(time.Hour)
	require.Equal(t, "KEY_EXPIRED", g.admit(t, access.Caller{Authorization: "Bearer " + token}))
	require.NoError(t, g.NoteUse(t.Context()))
	require.Equal(t, map[string]time.Time{token[:16]: g.now.Add(-time.Hour)}, g.store.used)
	g.store.used = nil
	require.NoError(t, g.NoteUse(t.Context()))
	require.Nil(t, g.store.used, "that is stored already")
}

// Nobody acts in the name of the server itself, and what a key is refused in another's name tells of the key.
func TestActorsThatAreReserved(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	crm := "Bearer " + g.add(t, access.Key{Name: "crm", Role: access.Reviewer, ActsForOthers: true})
	pbx := "Bearer " + g.add(t, access.Key{Name: "pbx", Role: access.Dialler})
	for _, tt := range []struct {
		caller access.Caller
		// want is who acts, "" where that is refused.
		want string
	}{
		{access.Caller{Authorization: crm, Actor: "li"}, "li"},
		{access.Caller{Authorization: crm}, "crm"},
		{access.Caller{Authorization: crm, Actor: "refrain"}, ""},
		{access.Caller{Authorization: crm, Actor: "Local"}, ""},
		{access.Caller{Authorization: crm, Actor: " re\u200bfrain"}, ""},
		{access.Caller{Authorization: pbx, Actor: "refrain"}, "pbx"}, // it counts for nothing
		{access.Caller{Socket: true, Actor: "refrain"}, ""},
		{access.Caller{Socket: true}, ""},
		{access.Caller{Socket: true, Actor: "local"}, "local"}, // that is who he is
		{access.Caller{Socket: true, Actor: "Local"}, ""},
		{access.Caller{Authorization: crm, Actor: "local"}, ""},
	} {
		p, err := g.Admit(t.Context(), tt.caller, anything, "Service/Method")
		if tt.want == "" && tt.caller.Actor != "" {
			require.Equal(t, "ACTOR_RESERVED", fault.ReasonOf(err), tt.caller.Actor)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tt.want, p.Actor)
	}
	require.Equal(t, audit.Entry{Actor: "crm", Action: audit.Refused,
		Details: map[string]string{"why": "ACTOR_RESERVED", "request": "Service/Method"}}, g.store.entries[0])
	_, err := g.Admit(t.Context(), access.Caller{Authorization: crm, Actor: "li"}, access.Rule{}, "KeyService/AddKey")
	require.Equal(t, fault.Forbidden, fault.KindOf(err))
	require.Equal(t, audit.Entry{Actor: "li", Action: audit.Refused, Details: map[string]string{
		"why": "NOT_PERMITTED", "request": "KeyService/AddKey", "key": "crm"}}, g.store.entries[len(g.store.entries)-1])
}

// Where other machines reach the server, the first key is made by the admin socket only.
func TestReachedWithoutAKey(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	g.Reached()
	require.Equal(t, "KEY_MISSING", g.admit(t, access.Caller{Local: true, Actor: "li"}))
	require.Equal(t, "admin li", g.admit(t, access.Caller{Socket: true, Actor: "li"}))
	token := g.add(t, access.Key{Name: "pbx", Role: access.Dialler})
	require.Equal(t, "dialler pbx", g.admit(t, access.Caller{Authorization: "Bearer " + token}))
}

// Tokens of a key that was rotated over and over end, but for the newest.
func TestRotation(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	tokens := []string{g.add(t, access.Key{Name: "pbx", Role: access.Dialler})}
	for range 3 {
		g.now = g.now.Add(time.Minute)
		_, token, err := g.Rotate(t.Context(), "pbx", 24*time.Hour)
		require.NoError(t, err)
		require.NoError(t, g.Load(t.Context()))
		tokens = append(tokens, token)
	}
	works := func() (n int) {
		for _, token := range tokens {
			if g.admit(t, access.Caller{Authorization: "Bearer " + token}) == "dialler pbx" {
				n++
			}
		}
		return n
	}
	require.Equal(t, 3, works())
	g.now = g.now.Add(25 * time.Hour)
	require.Equal(t, 1, works())
	_, _, err := g.Rotate(t.Context(), "pbx", access.MostOverlap+1)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, err = g.Revoke(t.Context(), "boss", "pbx")
	require.NoError(t, err)
	_, _, err = g.Rotate(t.Context(), "pbx", 0)
	require.Equal(t, "KEY_ENDED", fault.ReasonOf(err))
	require.NoError(t, g.Load(t.Context()))
	require.Zero(t, works())
}

func TestKeysThatCanNotBe(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	for field, k := range map[string]access.Key{
		"name":        {Name: "a b", Role: access.Dialler},
		"role":        {Name: "a", Role: "boss"},
		"lines":       {Name: "a", Role: access.Admin, Lines: []string{"x"}},
		"expire_time": {Name: "a", Role: access.Dialler, ExpiresAt: g.now},
	} {
		_, _, err := g.Add(t.Context(), "boss", k)
		require.ErrorContains(t, err, field)
	}
	for _, name := range []string{"", strings.Repeat("a", 65), "a/b", "a\x00"} {
		_, _, err := g.Add(t.Context(), "boss", access.Key{Name: name, Role: access.Dialler})
		require.ErrorContains(t, err, "name", name)
	}
}

// Whoever tries keys fills no disk: the same refusal is recorded once a minute.
func TestRefusalsAreRecordedOnce(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	token := g.add(t, access.Key{Name: "pbx", Role: access.Dialler})
	for range 10 {
		g.admit(t, access.Caller{From: "10.0.0.1"})
		_, err := g.Admit(t.Context(), access.Caller{From: "10.0.0.2", Authorization: "Bearer " + token},
			access.Rule{}, "KeyService/AddKey")
		require.Equal(t, fault.Forbidden, fault.KindOf(err))
	}
	require.Len(t, g.store.entries, 2)
	require.Equal(t, audit.Entry{From: "10.0.0.1", Action: audit.SignInFailed,
		Details: map[string]string{"why": "KEY_MISSING", "request": "Service/Method"}}, g.store.entries[0])
	require.Equal(t, audit.Entry{Actor: "pbx", From: "10.0.0.2", Action: audit.Refused,
		Details: map[string]string{"why": "NOT_PERMITTED", "request": "KeyService/AddKey"}},
		g.store.entries[1])
	for i := range 1000 {
		g.admit(t, access.Caller{From: strings.Repeat("x", i)})
	}
	require.Len(t, g.store.entries, 61, "and that of a key that is known")
	g.now = g.now.Add(time.Minute)
	for range 2 {
		g.Refused(t.Context(), access.Principal{Name: "pbx", Actor: "pbx", From: "10.0.0.2"}, "CallService/ReportCall",
			&fault.Error{Kind: fault.Forbidden, Reason: "LINE_NOT_PERMITTED"})
	}
	require.Equal(t, audit.Entry{Actor: "pbx", From: "10.0.0.2", Action: audit.Refused,
		Details: map[string]string{"why": "LINE_NOT_PERMITTED", "request": "CallService/ReportCall"}},
		g.store.entries[61])
	g.Refused(t.Context(), access.Principal{Name: "pbx"}, "x", &fault.Error{Kind: fault.NotFound})
	require.Len(t, g.store.entries, 62)
	g.now = g.now.Add(time.Minute)
	g.admit(t, access.Caller{From: "10.0.0.1"})
	require.Len(t, g.store.entries, 64)
	require.Equal(t, "941", g.store.entries[62].Details["left_out"], "of those before")
	// Whoever opens the page is asked to sign in, and tried nothing; who shows something did.
	const page = "GET /v1/sessions/current"
	rule, ok := access.RouteOf(page)
	require.True(t, ok)
	for session, more := range map[string]int{"": 0, "none": 1} {
		before := len(g.store.entries)
		_, err := g.Admit(t.Context(), access.Caller{From: "10.0.0.9", Session: session, Reads: true}, rule, page)
		require.Equal(t, fault.Unauthenticated, fault.KindOf(err))
		require.Len(t, g.store.entries, before+more, session)
	}
}
func FuzzToken(f *testing.F) {
	for _, seed := range []string{"", "Bearer x", "Basic eDp5", "Bearer refrain_abcdefgh_" +
		strings.Repeat("a", 52), "\xff", "Basic " + strings.Repeat("=", 2000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		token, err := access.Token(header)
		if err != nil {
			require.Equal(t, fault.Unauthenticated, fault.KindOf(err))
			require.Empty(t, token)
			if len(header) > 20 { // else it may be a word of the message
				require.NotContains(t, err.Error(), header, "it may be a password")
			}
			return
		}
		again, err := access.Token("Bearer " + token)
		if token != "" {
			require.NoError(t, err)
			require.Equal(t, token, again)
		}
	})
}

// One address fills no record, nor keeps others out of it; how many were left out is told once.
func TestRefusalsLeftOut(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.addUser(t, "li", access.Admin)
	for i := range 15 {
		for _, from := range []string{"2001:db8::1", "2001:db8::2", "10.0.0.1"} {
			_, _ = d.Admit(t.Context(), access.Caller{Authorization: "Bearer x", From: from}, anything, fmt.Sprint(i))
		}
	}
	require.Len(t, d.store.entries, 20)
	for i := range 60 {
		_, _ = d.Admit(t.Context(), access.Caller{Authorization: "Bearer x", From: fmt.Sprint("10.1.0.", i)}, anything, "x")
	}
	require.Len(t, d.store.entries, 60)
	require.NoError(t, d.NoteUse(t.Context()))
	require.Len(t, d.store.entries, 60, "the minute is not over")
	d.now = d.now.Add(time.Minute)
	for range 2 {
		require.NoError(t, d.NoteUse(t.Context()))
	}
	require.Len(t, d.store.entries, 61)
	require.Equal(t, audit.Entry{Actor: audit.Self, Action: audit.SignInFailed,
		Details: map[string]string{"why": "LEFT_OUT", "left_out": "45"}}, d.store.entries[60])
}

// Whoever was let in goes on as long as he would be let in, which is no use of what he is known by.
func TestReadmit(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	c := access.Caller{Authorization: "Bearer " + g.add(t, access.Key{Name: "pbx", Role: access.Dialler,
		ExpiresAt: g.now.Add(time.Hour)})}
	p, err := g.Admit(t.Context(), c, anything, "Service/Stream")
	require.NoError(t, err)
	began := g.now
	changed := g.Changed()
	g.now = g.now.Add(time.Minute)
	require.NoError(t, g.Readmit(t.Context(), c, anything, "Service/Stream", p))
	require.NoError(t, g.NoteUse(t.Context()))
	for _, at := range g.store.used {
		require.Equal(t, began, at)
	}
	select {
	case <-changed:
		require.Fail(t, "nothing changed")
	default:
	}
	g.add(t, access.Key{Name: "other", Role: access.Dialler})
	<-changed
	bounded := p
	bounded.Lines = []string{"a"}
	require.Equal(t, "RIGHTS_CHANGED", fault.ReasonOf(g.Readmit(t.Context(), c, anything, "Service/Stream", bounded)))
	g.now = g.now.Add(time.Hour)
	require.Equal(t, "KEY_EXPIRED", fault.ReasonOf(g.Readmit(t.Context(), c, anything, "Service/Stream", p)))
	require.Equal(t, "KEY_EXPIRED", g.store.entries[len(g.store.entries)-1].Details["why"])
}
