package access_test

import (
	"context"
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/fault"
)

const password = "correct horse battery"

// cheap is what it costs to hash a password in tests.
var cheap = access.Cost{Memory: 64, Time: 1, Threads: 1}

// desk is a guard with people who sign in.
type desk struct {
	*guarded
	users    *access.Users
	signIns  *access.SignIns
	attempts *access.Attempts
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{guarded: newGuarded(t)}
	clock := func() time.Time { return d.now }
	box, err := access.NewBox([]byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	hasher := access.NewHasher(cheap, 2)
	d.attempts = access.NewAttempts([]byte("key"), clock)
	d.users = &access.Users{Store: d.store, Hasher: hasher, Box: box, Now: clock}
	d.signIns = &access.SignIns{Guard: d.Guard, Store: d.store, Hasher: hasher, Box: box, Attempts: d.attempts,
		Now: clock}
	return d
}

// load has the guard know what is stored, as followers do.
func (d *desk) load(t *testing.T) { t.Helper(); require.NoError(t, d.Load(t.Context())) }

func (d *desk) addUser(t *testing.T, name string, role access.Role) {
	t.Helper()
	_, err := d.users.Add(t.Context(), "boss", access.User{Name: name, Role: role}, password)
	require.NoError(t, err)
	d.load(t)
}

// signIn gives the reason where it is refused.
func (d *desk) signIn(t *testing.T, c access.Credentials) (access.Entered, string) {
	t.Helper()
	e, err := d.signIns.SignIn(t.Context(), c)
	d.load(t)
	if err != nil {
		return e, fault.ReasonOf(err)
	}
	return e, ""
}

func (d *desk) in(t *testing.T, name string) string {
	t.Helper()
	e, reason := d.signIn(t, access.Credentials{Name: name, Password: password, From: "10.0.0.1"})
	require.Empty(t, reason)
	return e.Token
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	for password, problem := range map[string]string{
		"correct horse": "", "一二三四五六七八九十一二": "", "eleven char": "at least 12",
		strings.Repeat("a", 129): "at most 128", "longer than 12\xff": "UTF-8", "Li.Wang.Long": "the name",
		strings.Repeat("字", 43): "at most 128",
		"passwordpassword":      "first that anybody", "1qaz2wsx3edc": "first that anybody", "123456789012": "first that anybody",
		"li.wang.long1": "first that anybody", strings.Repeat("ab", 64): "first that anybody",
	} {
		err := access.CheckPassword("li.wang.long", password)
		if problem == "" {
			require.NoError(t, err, password)
		} else {
			require.ErrorContains(t, err, problem, password)
		}
	}
	h := access.NewHasher(cheap, 1)
	kept, err := h.Hash(t.Context(), "li", "naïve password") // ï in one
	require.NoError(t, err)
	require.Regexp(t, `^\$argon2id\$v=19\$m=64,t=1,p=1\$[^$]{22}\$[^$]{43}$`, kept)
	for _, tt := range []struct {
		kept, password string
		want           bool
	}{
		{kept, "naïve password", true}, {kept, "nai\u0308ve password", true}, // ï in two: another keyboard
		{kept, "naive password", false}, {kept, "", false}, {kept, strings.Repeat("a", 1000), false},
		{"", "naïve password", false}, {"$argon2id$", "x", false}, {kept + "$", "naïve password", false},
		{strings.Replace(kept, "m=64", "m=99999999", 1), "naïve password", false},
		{strings.Replace(kept, "t=1", "t=0", 1), "naïve password", false},
	} {
		got, err := h.Verify(t.Context(), tt.kept, tt.password)
		require.NoError(t, err)
		require.Equal(t, tt.want, got, tt)
	}
}

// Whoever signs in in masses is refused before he takes all memory.
func TestHashingIsBounded(t *testing.T) {
	t.Parallel()
	h := access.NewHasher(cheap, 0) // nobody's turn comes
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	results := make(chan error, 65)
	for range 65 {
		all.Go(func() {
			_, err := h.Verify(ctx, "", password)
			results <- err
		})
	}
	require.Equal(t, "SIGN_IN_BUSY", fault.ReasonOf(<-results), "64 wait")
	kept, err := h.Hash(ctx, "li", password)
	require.NoError(t, err, "who is let in already does not wait for them")
	right, err := h.VerifyOwn(ctx, kept, password)
	require.NoError(t, err)
	require.True(t, right)
	cancel()
	all.Wait()
	for range 64 {
		require.ErrorIs(t, <-results, context.Canceled)
	}
}

// The vectors of RFC 6238, appendix B, of which the last six digits are taken.
func TestTOTP(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471",
		1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		require.Equal(t, want, access.TOTPCode(secret, at/30), at)
	}
	now := time.Unix(1_000_000*30, 0)
	for _, tt := range []struct {
		step, used int64
		want       bool
	}{
		{1_000_000, 0, true}, {999_999, 0, true}, {1_000_001, 0, true}, {999_998, 0, false},
		{1_000_002, 0, false}, {1_000_000, 1_000_000, false}, {999_999, 1_000_000, false},
		{1_000_001, 1_000_000, true},
	} {
		step, ok := access.StepOf(secret, access.TOTPCode(secret, tt.step), now, tt.used)
		require.Equal(t, tt.want, ok, tt)
		require.True(t, !ok || step == tt.step)
	}
	_, ok := access.StepOf(secret, "", now, 0)
	require.False(t, ok)
}

func TestBox(t *testing.T) {
	t.Parallel()
	older, newer := []byte(strings.Repeat("a", 32)), []byte(strings.Repeat("b", 32))
	before, err := access.NewBox(older)
	require.NoError(t, err)
	after, err := access.NewBox(newer, older)
	require.NoError(t, err)
	sealed := before.Seal("li", []byte("secret"))
	got, err := after.Open("li", sealed)
	require.NoError(t, err)
	require.Equal(t, "secret", string(got))
	for name, open := range map[string]func() ([]byte, error){
		"another's":   func() ([]byte, error) { return after.Open("wang", sealed) },
		"cut off":     func() ([]byte, error) { return after.Open("li", sealed[:5]) },
		"nothing":     func() ([]byte, error) { return after.Open("li", nil) },
		"the newer's": func() ([]byte, error) { return before.Open("li", after.Seal("li", []byte("secret"))) },
	} {
		_, err := open()
		require.Error(t, err, name)
	}
	_, err = access.NewBox()
	require.Error(t, err)
	_, err = access.NewBox([]byte("short"))
	require.Error(t, err)
}

func TestSessions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	require.True(t, d.Open())
	d.addUser(t, "li", access.Admin)
	require.False(t, d.Open())
	require.Equal(t, "KEY_MISSING", d.admit(t, access.Caller{Local: true}))
	token := d.in(t, "li")
	csrf := access.CSRF(token)
	for name, tt := range map[string]struct {
		caller access.Caller
		want   string
	}{
		"reads":           {access.Caller{Session: token, Reads: true}, "admin li"},
		"changes":         {access.Caller{Session: token, CSRF: csrf}, "admin li"},
		"for another":     {access.Caller{Session: token, CSRF: csrf, Actor: "wang"}, "admin li"},
		"unknown":         {access.Caller{Session: token[1:] + "A", Reads: true}, "SESSION_UNKNOWN"},
		"local, unknown":  {access.Caller{Session: "x", Local: true, Reads: true}, "SESSION_UNKNOWN"},
		"its key decides": {access.Caller{Session: token, Authorization: "Bearer x", Reads: true}, "KEY_MALFORMED"},
	} {
		require.Equal(t, tt.want, d.admit(t, tt.caller), name)
	}
	for _, wrong := range []string{"", "x", access.CSRF("x")} {
		_, err := d.Admit(t.Context(), access.Caller{Session: token, CSRF: wrong}, anything, "x")
		require.Equal(t, "CSRF_MISSING", fault.ReasonOf(err))
	}
	p, err := d.Admit(t.Context(), access.Caller{Session: token, Reads: true, From: "10.0.0.1"}, anything, "x")
	require.NoError(t, err)
	require.Equal(t, access.Principal{Kind: access.ByPerson, ID: p.ID, Name: "li", Role: access.Admin, Reveals: true,
		Actor: "li", From: "10.0.0.1"}, p)

	// used within eight hours each time it goes on, until a day is over
	reads := access.Caller{Session: token, Reads: true}
	for range 3 {
		d.now = d.now.Add(7 * time.Hour)
		require.Equal(t, "admin li", d.admit(t, reads))
	}
	require.NoError(t, d.NoteUse(t.Context()))
	require.Len(t, d.store.sessions, 1)
	d.now = d.now.Add(4 * time.Hour)
	require.Equal(t, "SESSION_ENDED", d.admit(t, reads))
	idle := access.Caller{Session: d.in(t, "li"), Reads: true}
	d.now = d.now.Add(8 * time.Hour)
	require.Equal(t, "SESSION_ENDED", d.admit(t, idle))
	require.Len(t, d.store.users["li"].Sessions, 1, "the one that was over is gone")
	for range 25 {
		d.in(t, "li")
	}
	require.Len(t, d.store.users["li"].Sessions, 20)
}

// Whatever changes what somebody may do, or is known by, ends his sessions.
func TestWhatEndsSessions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.addUser(t, "li", access.Reviewer)
	ctx := t.Context()
	for name, tt := range map[string]struct {
		do   func(access.Principal) error
		ends bool
	}{
		"role":     {func(access.Principal) error { _, err := d.users.Change(ctx, "li", access.Auditor, nil); return err }, true},
		"password": {func(access.Principal) error { _, err := d.users.SetPassword(ctx, "li", password); return err }, true},
		"sign out": {func(access.Principal) error {
			_, n, err := d.users.SignOut(ctx, "li")
			require.Equal(t, 2, n)
			return err
		}, true},
		"TOTP": {func(access.Principal) error {
			_, err := d.users.SetUpTOTP(ctx, "li", true)
			return err
		}, true},
		"no TOTP": {func(access.Principal) error { _, err := d.users.RemoveTOTP(ctx, "li"); return err }, true},
		"disable": {func(access.Principal) error {
			_, err := d.users.Disable(ctx, "boss", "li")
			require.NoError(t, err)
			d.load(t)
			_, reason := d.signIn(t, access.Credentials{Name: "li", Password: password})
			require.Equal(t, "SIGN_IN_FAILED", reason)
			_, err = d.users.Enable(ctx, "li")
			return err
		}, true},
		"everywhere":      {func(p access.Principal) error { return d.signIns.SignOut(ctx, p, "", true) }, true},
		"own TOTP, begun": {func(access.Principal) error { _, err := d.users.SetUpTOTP(ctx, "li", false); return err }, false},
		"enable":          {func(access.Principal) error { _, err := d.users.Enable(ctx, "li"); return err }, false},
	} {
		tokens := []string{d.in(t, "li"), d.in(t, "li")}
		p, err := d.Admit(ctx, access.Caller{Session: tokens[0], Reads: true}, anything, "x")
		require.NoError(t, err)
		require.NoError(t, tt.do(p), name)
		d.load(t)
		for _, token := range tokens {
			got := d.admit(t, access.Caller{Session: token, Reads: true})
			require.Equal(t, tt.ends, got == "SESSION_UNKNOWN", "%s: %s", name, got)
		}
		_, err = d.users.RemoveTOTP(ctx, "li")
		require.NoError(t, err)
		d.load(t)
	}
	token := d.in(t, "li")
	other := d.in(t, "li")
	p, err := d.Admit(ctx, access.Caller{Session: token, Reads: true}, anything, "x")
	require.NoError(t, err)
	require.NoError(t, d.signIns.SignOut(ctx, p, token, false))
	d.load(t)
	require.Equal(t, "SESSION_UNKNOWN", d.admit(t, access.Caller{Session: token, Reads: true}))
	require.NotEqual(t, "SESSION_UNKNOWN", d.admit(t, access.Caller{Session: other, Reads: true}))
	require.Equal(t, "NO_SESSION", fault.ReasonOf(d.signIns.SignOut(ctx, access.Principal{Kind: access.ByKey}, "", true)))
}

func TestCodes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.addUser(t, "li", access.Admin)
	setup, err := d.users.SetUpTOTP(t.Context(), "li", false)
	require.NoError(t, err)
	u, err := url.Parse(setup.URI)
	require.NoError(t, err)
	require.Equal(t, []string{"otpauth", "totp", "/Refrain:li", setup.Secret},
		[]string{u.Scheme, u.Host, u.Path, u.Query().Get("secret")})
	secret, err := base32.StdEncoding.DecodeString(setup.Secret)
	require.NoError(t, err)
	code := func() string { return access.TOTPCode(secret, d.now.Unix()/30) }
	d.in(t, "li") // it is not confirmed yet
	require.Equal(t, "TOTP_WRONG", fault.ReasonOf(d.users.ConfirmTOTP(t.Context(), "li", "000000")))
	require.NoError(t, d.users.ConfirmTOTP(t.Context(), "li", code()))
	require.Empty(t, d.store.users["li"].Sessions, "they were begun without a code")
	require.Equal(t, "TOTP_NOT_BEGUN", fault.ReasonOf(d.users.ConfirmTOTP(t.Context(), "li", code())))
	_, err = d.users.SetUpTOTP(t.Context(), "li", false)
	require.Equal(t, "TOTP_SET_UP", fault.ReasonOf(err))
	d.load(t)
	c := access.Credentials{Name: "li", Password: password, From: "10.0.0.1"}
	_, reason := d.signIn(t, c)
	require.Equal(t, "SIGN_IN_CODE_MISSING", reason)
	require.Equal(t, "SIGN_IN_CODE_MISSING", d.store.entries[len(d.store.entries)-1].Details["why"],
		"somebody knows the password")
	c.Code = code()
	_, reason = d.signIn(t, c)
	require.Equal(t, "SIGN_IN_FAILED", reason, "it was used to confirm")
	d.now = d.now.Add(30 * time.Second)
	c.Code = code()
	_, reason = d.signIn(t, c)
	require.Empty(t, reason)
	_, reason = d.signIn(t, c)
	require.Equal(t, "SIGN_IN_FAILED", reason, "it was used")
	c.Password, c.Code = "wrong", ""
	_, reason = d.signIn(t, c)
	require.Equal(t, "SIGN_IN_FAILED", reason, "whoever doesn't know the password hears of no code")
	require.NotContains(t, string(d.store.users["li"].TOTP.Sealed), string(secret))

	remove := func(code string) string {
		return fault.ReasonOf(d.signIns.Own(t.Context(), person("li"), password, func(own func(*access.User) error) error {
			_, err := d.users.RemoveOwnTOTP(t.Context(), "li", code, own)
			return err
		}))
	}
	d.now = d.now.Add(time.Hour)
	for range 5 {
		require.Equal(t, "TOTP_WRONG", remove(""))
	}
	require.Equal(t, "SIGN_IN_LATER", remove(code()), "codes are not there to be guessed, either")
	d.now = d.now.Add(time.Minute)
	require.Empty(t, remove(code()))
	require.Empty(t, d.store.users["li"].Sessions)
}

// Nobody is told whether there is somebody of a name, and the record does not tell what was typed for one.
func TestUnknownNames(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.addUser(t, "li", access.Admin)
	var texts []string
	for _, name := range []string{"li", "nobody", "my secret password", strings.Repeat("x", 100)} {
		for i := range 6 {
			_, err := d.signIns.SignIn(t.Context(), access.Credentials{Name: name, Password: "wrong", From: "10.0.0.1"})
			if i == 0 || i == 5 {
				texts = append(texts, err.Error())
			}
		}
	}
	for i := 2; i < len(texts); i += 2 {
		require.Equal(t, texts[:2], texts[i:i+2])
	}
	var actors []string
	for _, e := range d.store.entries {
		require.Equal(t, audit.SignInFailed, e.Action)
		require.NotContains(t, fmt.Sprint(e), "secret")
		actors = append(actors, e.Actor)
	}
	require.Equal(t, []string{"li", "li", "", "", "", "", "", ""}, actors, "once a minute for each reason")
}

// Whoever guesses waits ever longer, and keeps nobody out who was here before.
func TestLockOut(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.addUser(t, "li", access.Admin)
	right := access.Credentials{Name: "li", Password: password, From: "10.0.0.1"}
	first, reason := d.signIn(t, right)
	require.Empty(t, reason)
	require.NotEmpty(t, first.Device)
	attack := func(from string, times int) (last string) {
		for range times {
			_, last = d.signIn(t, access.Credentials{Name: "li", Password: "wrong", From: from})
		}
		return last
	}
	require.Equal(t, "SIGN_IN_FAILED", attack("10.6.6.6", 5))
	require.Equal(t, "SIGN_IN_LATER", attack("10.6.6.6", 1))
	var waits []time.Duration
	for range 12 {
		began := d.now
		for attack("10.6.6.6", 1) == "SIGN_IN_LATER" {
			d.now = d.now.Add(time.Second)
		}
		waits = append(waits, d.now.Sub(began))
	}
	require.Equal(t, []time.Duration{2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900}, seconds(waits))
	_, reason = d.signIn(t, right)
	require.Empty(t, reason, "from where he was before")

	d.now = d.now.Add(2 * time.Hour)
	for i := range 50 {
		attack(fmt.Sprintf("10.7.0.%d", i), 1)
	}
	strange := access.Credentials{Name: "li", Password: password, From: "10.9.9.9"}
	_, reason = d.signIn(t, strange)
	require.Equal(t, "SIGN_IN_LATER", reason, "too many guess, from everywhere")
	_, reason = d.signIn(t, right)
	require.Empty(t, reason, "from where he was before")
	strange.Device = first.Device
	_, reason = d.signIn(t, strange)
	require.Empty(t, reason, "by a browser that was here before")
	strange.Name, strange.Device = "wang", first.Device
	_, reason = d.signIn(t, strange)
	require.Equal(t, "SIGN_IN_FAILED", reason)
	_, reason = d.signIn(t, access.Credentials{Name: "li", Password: password, From: "10.9.9.8", Device: "x.y"})
	require.Equal(t, "SIGN_IN_LATER", reason)

	// IPv6: whoever has a network has all its addresses
	d.now = d.now.Add(2 * time.Hour)
	for i := range 5 {
		attack(fmt.Sprintf("2001:db8::%d", i), 1)
	}
	require.Equal(t, "SIGN_IN_LATER", attack("2001:db8::6:7:8:9", 1))
	require.Equal(t, "SIGN_IN_FAILED", attack("2001:db8:0:1::9", 1))
}

// Whoever tries one password with many names waits as well, and no browser does that was here before.
func TestSpraying(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.addUser(t, "li", access.Admin)
	right := access.Credentials{Name: "li", Password: password, From: "10.6.6.6"}
	first, reason := d.signIn(t, right)
	require.Empty(t, reason)
	for i := range 20 {
		_, reason = d.signIn(t, access.Credentials{Name: fmt.Sprint("x", i), Password: "wrong", From: "10.6.6.6"})
		require.Equal(t, "SIGN_IN_FAILED", reason, i)
	}
	_, reason = d.signIn(t, right)
	require.Equal(t, "SIGN_IN_LATER", reason)
	right.Device = first.Device
	_, reason = d.signIn(t, right)
	require.Empty(t, reason)
	right.Device, d.now = "", d.now.Add(2*time.Second)
	_, reason = d.signIn(t, right)
	require.Empty(t, reason)
	_, reason = d.signIn(t, access.Credentials{Name: "x", Password: "wrong", From: "10.6.6.6"})
	require.Equal(t, "SIGN_IN_FAILED", reason)
	_, reason = d.signIn(t, access.Credentials{Name: "y", Password: "wrong", From: "10.6.6.6"})
	require.Equal(t, "SIGN_IN_LATER", reason, "an own account that lets him in wipes nothing out")
}

func seconds(waits []time.Duration) (out []time.Duration) {
	for _, w := range waits {
		out = append(out, w/time.Second)
	}
	return out
}

// Many at once are no way around.
func TestAttemptsAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.addUser(t, "li", access.Admin)
	var all sync.WaitGroup
	reasons := make(chan string, 40)
	for range 40 {
		all.Go(func() {
			_, err := d.signIns.SignIn(context.WithoutCancel(t.Context()),
				access.Credentials{Name: "li", Password: "wrong", From: "10.6.6.6"})
			reasons <- fault.ReasonOf(err)
		})
	}
	all.Wait()
	failed := 0
	for range 40 {
		if <-reasons == "SIGN_IN_FAILED" {
			failed++
		}
	}
	require.Equal(t, 5, failed)
}

// What a provider vouches for is known by its subject, and takes nobody's name.
func TestExternal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.addUser(t, "li", access.Admin)
	enter := func(x access.External) (access.Entered, string) {
		e, err := d.signIns.SignInExternal(t.Context(), "10.0.0.1",
			func(context.Context) (access.External, error) { return x, nil })
		d.load(t)
		return e, fault.ReasonOf(err)
	}
	_, reason := enter(access.External{Subject: "https://idp 1", Name: "li", Role: access.Admin})
	require.Equal(t, "USER_EXISTS", reason)
	wang := access.External{Subject: "https://idp 2", Name: "wang", Role: access.Reviewer}
	e, reason := enter(wang)
	require.Empty(t, reason)
	require.Equal(t, "reviewer wang", d.admit(t, access.Caller{Session: e.Token, Reads: true}))
	wang.Role, wang.Name = access.Supervisor, "wang2"
	again, reason := enter(wang)
	require.Empty(t, reason)
	require.Equal(t, "supervisor wang", d.admit(t, access.Caller{Session: again.Token, Reads: true}))
	last := d.store.entries[len(d.store.entries)-1]
	require.Equal(t, audit.Entry{Actor: audit.Self, Action: audit.UserChange, Subject: "users/wang",
		Details: map[string]string{"role": "supervisor", "role_before": "reviewer"}}, last)
	require.Equal(t, "SESSION_UNKNOWN", d.admit(t, access.Caller{Session: e.Token, Reads: true}), "his role changed")
	_, reason = d.signIn(t, access.Credentials{Name: "wang"})
	require.Equal(t, "SIGN_IN_FAILED", reason, "he has no password")
	_, err := d.users.SetPassword(t.Context(), "wang", password)
	require.Equal(t, "USER_EXTERNAL", fault.ReasonOf(err))
	_, err = d.users.Disable(t.Context(), "boss", "wang")
	require.NoError(t, err)
	d.load(t)
	_, reason = enter(wang)
	require.Equal(t, "USER_DISABLED", reason)
	d.signIns.Reserved = []string{"dpo"}
	for name, want := range map[string]string{"Wang Wu": "INVALID_REQUEST", "refrain": "INVALID_REQUEST",
		"Local": "INVALID_REQUEST", "dpo": "NAME_RESERVED"} {
		_, reason = enter(access.External{Subject: "https://idp 3", Name: name, Role: access.Reviewer})
		require.Equal(t, want, reason, name)
	}
	_, _, err = d.Add(t.Context(), "boss", access.Key{Name: "refrain", Role: access.Reviewer})
	require.Equal(t, "INVALID_REQUEST", fault.ReasonOf(err), "a key would be taken for the server")
}

// person is somebody who is signed in.
func person(name string) access.Principal {
	return access.Principal{Kind: access.ByPerson, Name: name, Actor: name, From: "10.0.0.1"}
}

// Who is signed in waits for his own failures only, and what he changes is changed only while the password
// is his that he gave, and he may sign in.
func TestOwn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.addUser(t, "li", access.Admin)
	for i := range 60 {
		_, _ = d.signIn(t, access.Credentials{Name: "li", Password: "wrong", From: fmt.Sprintf("10.0.0.%d", 1+i/5)})
	}
	change := func(password string, meanwhile func()) string {
		d.load(t)
		return fault.ReasonOf(d.signIns.Own(t.Context(), person("li"), password, func(own func(*access.User) error) error {
			meanwhile()
			_, err := d.users.SetPassword(t.Context(), "li", "another "+password, own)
			return err
		}))
	}
	nothing := func() {}
	require.Equal(t, "PASSWORD_WRONG", change("wrong", nothing))
	require.Empty(t, change(password, nothing))
	now := "another " + password
	require.Equal(t, "USER_DISABLED", change(now, func() {
		_, err := d.users.Disable(t.Context(), "boss", "li")
		require.NoError(t, err)
	}))
	_, err := d.users.Enable(t.Context(), "li")
	require.NoError(t, err)
	require.Equal(t, "PASSWORD_WRONG", change(now, func() {
		_, err := d.users.SetPassword(t.Context(), "li", "set by an admin")
		require.NoError(t, err)
	}))
	require.Empty(t, change("set by an admin", nothing))
	for range 5 {
		require.Equal(t, "PASSWORD_WRONG", change("wrong", nothing))
	}
	require.Equal(t, "SIGN_IN_LATER", change("another set by an admin", nothing))
}

// Whoever tries chooses the name, and must not write to another's count with it.
func TestCountsAreApart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.addUser(t, "li", access.Admin)
	for i := range 60 {
		_, _ = d.signIn(t, access.Credentials{Name: "li\x0010.0.0.1", Password: "wrong", From: fmt.Sprintf("10.1.0.%d", i)})
	}
	d.in(t, "li")
}

// Who gave the right password, and is asked for a code, need not wait to give that.
func TestCodeAfterFailures(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.addUser(t, "li", access.Admin)
	setup, err := d.users.SetUpTOTP(t.Context(), "li", true)
	require.NoError(t, err)
	secret, err := base32.StdEncoding.DecodeString(setup.Secret)
	require.NoError(t, err)
	d.load(t)
	c := access.Credentials{Name: "li", Password: "wrong", From: "10.0.0.1"}
	for range 5 {
		_, reason := d.signIn(t, c)
		require.Equal(t, "SIGN_IN_FAILED", reason)
	}
	d.now = d.now.Add(2 * time.Second)
	c.Password = password
	_, reason := d.signIn(t, c)
	require.Equal(t, "SIGN_IN_CODE_MISSING", reason)
	c.Code = access.TOTPCode(secret, d.now.Unix()/30)
	_, reason = d.signIn(t, c)
	require.Empty(t, reason)
}
