package app_test

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/config"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const password = "correct horse battery"

// browser keeps cookies, and what is sent beside them.
type browser struct {
	*http.Client
	base, csrf string
}

func newBrowser(t *testing.T, base string, trust *tls.Config) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{Client: &http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: trust}}, base: base}
}

// ask makes a request as a page of the server does.
func (b *browser) ask(t *testing.T, method, path, body string, edit ...func(*http.Request)) (int, map[string]any) {
	t.Helper()
	code, got, _ := b.answer(t, method, path, body, edit...)
	return code, got
}

func (b *browser) answer(
	t *testing.T, method, path, body string, edit ...func(*http.Request),
) (int, map[string]any, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.base+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if b.csrf != "" {
		req.Header.Set("X-Refrain-CSRF", b.csrf)
	}
	for _, f := range edit {
		f(req)
	}
	resp, err := b.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	got := map[string]any{}
	_ = json.Unmarshal(text, &got) // pages stay empty
	return resp.StatusCode, got, resp.Header
}

// signIn gives the reason where it is refused.
func (b *browser) signIn(t *testing.T, name, password string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"name": name, "password": password})
	require.NoError(t, err)
	code, got := b.ask(t, "POST", "/v1/sessions", string(body))
	if code != http.StatusOK {
		return reasonOf(got)
	}
	b.csrf = got["csrfToken"].(string)
	return ""
}

// reasonOf is the reason that an error of REST gives.
func reasonOf(got map[string]any) string {
	details, _ := got["details"].([]any)
	for _, d := range details {
		if reason, ok := d.(map[string]any)["reason"].(string); ok {
			return reason
		}
	}
	return "?"
}

func addUser(t *testing.T, s *server, name string, role pb.Role, lines ...string) *pb.AddUserResponse {
	t.Helper()
	resp, err := s.Users.AddUser(t.Context(), &pb.AddUserRequest{UserId: name, Role: role, Lines: lines,
		Password: password})
	require.NoError(t, err)
	return resp
}

// Somebody who signed in is to the API what a key is: his role, his lines, and his name in the record.
func TestPeopleSignIn(t *testing.T) {
	t.Parallel()
	clock := newClock()
	cfg := testConfig(t.TempDir())
	s := start(t, cfg, goBy(clock))
	require.True(t, addUser(t, s, "li", pb.Role_ROLE_REVIEWER, "loans").GetNoAdmin())
	_, err := s.Users.ListUsers(t.Context(), &pb.ListUsersRequest{})
	require.Equal(t, codes.Unauthenticated, status.Code(err), "the first person closes the door")
	admin := apitest.Dial(t, "unix:"+filepath.Join(cfg.Data, "admin.sock"))
	_, err = admin.Keys.AddKey(t.Context(), &pb.AddKeyRequest{KeyId: "li", Role: pb.Role_ROLE_ADMIN})
	require.Equal(t, codes.AlreadyExists, status.Code(err), "a name is one's")

	b := newBrowser(t, "http://"+s.app.HTTPAddr(), nil)
	code, got := b.ask(t, "GET", "/v1/sessions/current", "")
	require.Equal(t, http.StatusUnauthorized, code)
	require.Equal(t, "KEY_MISSING", reasonOf(got))
	code, got, header := b.answer(t, "POST", "/v1/sessions", `{"name":"li","password":"`+password+`"}`)
	require.Equal(t, http.StatusOK, code, got)
	require.Equal(t, []any{"li", "ROLE_REVIEWER", []any{"loans"}, false}, []any{got["name"], got["role"], got["lines"],
		got["reveals"]})
	require.Equal(t, "no-store", header.Get("Cache-Control"))
	for i, name := range []string{"refrain=", "refrain-device="} {
		require.Regexp(t, "^"+name+"[^;]+; Path=/; Max-Age=[0-9]+; HttpOnly; SameSite=Strict$", header["Set-Cookie"][i])
	}
	b.csrf = got["csrfToken"].(string)
	_, who := b.ask(t, "GET", "/v1/sessions/current", "")
	require.Equal(t, got, who)

	code, _ = b.ask(t, "GET", "/v1/suspects?line=loans", "")
	require.Equal(t, http.StatusOK, code)
	code, _ = b.ask(t, "GET", "/v1/suspects?line=cards", "")
	require.Equal(t, http.StatusForbidden, code)
	code, got = b.ask(t, "POST", "/v1/freezes", `{"number":"13800138003","reason":"x"}`)
	require.Equal(t, http.StatusForbidden, code)
	require.Equal(t, "li may not call refrain.v1.FreezeService/CreateFreeze: the role is reviewer, and that takes "+
		"supervisor or admin", got["message"])

	for name, edit := range map[string]func(*http.Request){
		"without":   func(r *http.Request) { r.Header.Del("X-Refrain-CSRF") },
		"another's": func(r *http.Request) { r.Header.Set("X-Refrain-CSRF", access.CSRF("another")) },
		"as metadata": func(r *http.Request) {
			r.Header.Del("X-Refrain-CSRF")
			r.Header.Set("Grpc-Metadata-Refrain-Reads", "1")
			r.Header.Set("Grpc-Metadata-Refrain-Csrf", b.csrf)
		},
	} {
		for _, path := range []string{"/v1/suspects/x:claim", "/reserve"} {
			code, _ = b.ask(t, "POST", path, "{}", edit)
			require.Equal(t, http.StatusForbidden, code, "%s %s", name, path)
		}
		code, _ = b.ask(t, "DELETE", "/v1/sessions/current", "", edit)
		require.Equal(t, http.StatusForbidden, code, name)
	}
	code, _ = b.ask(t, "POST", "/v1/suspects/x:claim", "{}", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
	require.Equal(t, http.StatusForbidden, code, "a page from elsewhere")
	code, _ = b.ask(t, "POST", "/v1/suspects/x:claim", "{}")
	require.Equal(t, http.StatusNotFound, code)

	// a session that is sent over gRPC is nobody's
	_, err = s.Status.GetStatus(apitest.With(t.Context(), "refrain-session", cookie(t, b)), &pb.GetStatusRequest{})
	require.Equal(t, codes.Unauthenticated, status.Code(err))

	clock.Later(7 * time.Hour)
	code, _ = b.ask(t, "GET", "/v1/status", "")
	require.Equal(t, http.StatusOK, code)
	clock.Later(8 * time.Hour)
	code, got = b.ask(t, "GET", "/v1/status", "")
	require.Equal(t, http.StatusUnauthorized, code)
	require.Equal(t, "SESSION_ENDED", reasonOf(got))
}

// cookie is what a browser keeps of its session.
func cookie(t *testing.T, b *browser) string {
	t.Helper()
	at, err := url.Parse(b.base)
	require.NoError(t, err)
	for _, c := range b.Jar.Cookies(at) {
		if strings.HasSuffix(c.Name, "refrain") {
			return c.Value
		}
	}
	require.Fail(t, "no session")
	return ""
}

// People change what they themselves sign in with; an admin does it for others, and both are recorded.
func TestPeopleChange(t *testing.T) {
	t.Parallel()
	clock := newClock()
	cfg := testConfig(t.TempDir())
	s := start(t, cfg, goBy(clock))
	require.False(t, addUser(t, s, "boss", pb.Role_ROLE_ADMIN).GetNoAdmin())
	boss, li := newBrowser(t, "http://"+s.app.HTTPAddr(), nil), newBrowser(t, "http://"+s.app.HTTPAddr(), nil)
	require.Empty(t, boss.signIn(t, "boss", password))
	ok := func(b *browser, path, body string) map[string]any {
		t.Helper()
		code, got := b.ask(t, "POST", path, body)
		require.Equal(t, http.StatusOK, code, got)
		return got
	}
	ok(boss, "/v1/users", `{"userId":"li","role":"ROLE_REVIEWER","password":"`+password+`"}`)
	require.Empty(t, li.signIn(t, "li", password))
	code, got := li.ask(t, "POST", "/v1/me:changePassword", `{"currentPassword":"wrong","password":"another password"}`)
	require.Equal(t, http.StatusForbidden, code)
	require.Equal(t, "PASSWORD_WRONG", reasonOf(got))
	ok(li, "/v1/me:changePassword", `{"currentPassword":"`+password+`","password":"another password"}`)
	code, got = li.ask(t, "GET", "/v1/status", "")
	require.Equal(t, []any{http.StatusUnauthorized, "SESSION_UNKNOWN"}, []any{code, reasonOf(got)})
	require.Empty(t, li.signIn(t, "li", "another password"))
	code, got = li.ask(t, "DELETE", "/v1/sessions/current", "")
	require.Equal(t, http.StatusNoContent, code, got)
	code, _ = li.ask(t, "GET", "/v1/status", "")
	require.Equal(t, http.StatusUnauthorized, code)

	require.NotEmpty(t, ok(boss, "/v1/users/li:setUpTotp", "{}")["secret"])
	require.Equal(t, "SIGN_IN_CODE_MISSING", li.signIn(t, "li", "another password"))
	ok(boss, "/v1/users/li:removeTotp", "{}")
	require.Equal(t, true, dig(t, ok(boss, "/v1/users/boss:disable", `{"reason":"left us"}`), "noAdmin"))
	code, _ = boss.ask(t, "GET", "/v1/users", "")
	require.Equal(t, http.StatusUnauthorized, code)

	admin := apitest.Dial(t, "unix:"+filepath.Join(cfg.Data, "admin.sock"))
	list, err := admin.Audit.ListEntries(t.Context(), &pb.ListEntriesRequest{})
	require.NoError(t, err)
	var told []string
	for _, e := range list.GetEntries() {
		told = append(told, strings.TrimSpace(e.GetActor()+" "+e.GetAction()+" "+e.GetSubject()+" "+e.GetReason()+" "+
			e.GetDetails()["why"]))
	}
	require.Equal(t, []string{
		"sign_in.failed   SESSION_UNKNOWN", "boss user.disable users/boss left us", "boss user.totp_remove users/li",
		"li sign_in.failed   SIGN_IN_CODE_MISSING", "boss user.totp users/li",
		"sign_in.failed   KEY_MISSING", "li sign_out users/li", "li sign_in users/li",
		"sign_in.failed   SESSION_UNKNOWN", "li user.password users/li",
		"li refused   PASSWORD_WRONG", "li sign_in.failed   SIGN_IN_FAILED", "li sign_in users/li",
		"boss user.add users/li", "boss sign_in users/boss", "local user.add users/boss",
	}, told)
	v, err := admin.Audit.VerifyAudit(t.Context(), &pb.VerifyAuditRequest{})
	require.NoError(t, err)
	require.Empty(t, v.GetProblems())
}

// Over TLS browsers are told to keep the cookie from everybody else, and whoever guesses is told to wait.
func TestPeopleSignInOverTLS(t *testing.T) {
	t.Parallel()
	d := network(t)
	cfg := mutual(testConfig(t.TempDir()), d)
	cfg.TLS.RequireClientCertificate, cfg.TLS.ClientCA = false, ""
	s := start(t, cfg)
	admin := apitest.Dial(t, "unix:"+filepath.Join(cfg.Data, "admin.sock"))
	_, err := admin.Users.AddUser(t.Context(), &pb.AddUserRequest{UserId: "li", Role: pb.Role_ROLE_ADMIN, Password: password})
	require.NoError(t, err)
	_, port, _ := strings.Cut(strings.TrimPrefix(s.app.HTTPAddr(), "[::]"), ":")
	b := newBrowser(t, "https://"+outside(t)+":"+port, shown(t, d, ""))
	code, got, header := b.answer(t, "POST", "/v1/sessions", `{"name":"li","password":"`+password+`"}`)
	require.Equal(t, http.StatusOK, code, got)
	require.Regexp(t, "^__Host-refrain=[^;]{43}; Path=/; Max-Age=86400; HttpOnly; Secure; SameSite=Strict$",
		header["Set-Cookie"][0])
	code, _ = b.ask(t, "GET", "/v1/sessions/current", "")
	require.Equal(t, http.StatusOK, code)

	guess := newBrowser(t, b.base, shown(t, d, ""))
	for range 5 {
		require.Equal(t, "SIGN_IN_FAILED", guess.signIn(t, "li", "wrong"))
	}
	code, got, header = guess.answer(t, "POST", "/v1/sessions", `{"name":"li","password":"x"}`)
	require.Equal(t, []any{http.StatusTooManyRequests, "SIGN_IN_LATER"}, []any{code, reasonOf(got)})
	require.NotEmpty(t, header.Get("Retry-After"))
	require.Empty(t, b.signIn(t, "li", password), "his browser was here before")
}

// A real provider of OpenID Connect vouches for people: zitadel's example, in this process.
func TestPeopleSignInAtAProvider(t *testing.T) {
	t.Parallel()
	provider := httptest.NewUnstartedServer(nil)
	issuer := "http://" + provider.Listener.Addr().String()
	cfg := testConfig(t.TempDir())
	cfg.SignIn.OIDC = config.OIDC{Issuer: issuer, ClientID: "refrain", ClientSecretFile: filepath.Join(t.TempDir(), "secret"),
		RoleClaim: "custom_claim", NameClaim: "preferred_username", Scopes: []string{"profile", "custom_scope"},
		Roles: map[string]access.Role{"client": access.Supervisor}}
	require.NoError(t, os.WriteFile(cfg.SignIn.OIDC.ClientSecretFile, []byte("s3cret\n"), 0o600))
	s := start(t, cfg)
	base := "http://" + s.app.HTTPAddr()
	storage.RegisterClients(storage.WebClient("refrain", "s3cret", base+"/v1/sessions/oidc/callback"))
	provider.Config.Handler = exampleop.SetupServer(issuer, storage.NewStorage(storage.NewUserStore(issuer)), nil, false)

	b := newBrowser(t, base, nil)
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	provider.Start() // only now: a server starts without it
	t.Cleanup(provider.Close)

	code, _, header := b.answer(t, "GET", "/v1/sessions/oidc", "")
	require.Equal(t, http.StatusFound, code)
	require.Contains(t, header.Get("Set-Cookie"), "SameSite=Lax")
	asked, err := url.Parse(header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, "S256", asked.Query().Get("code_challenge_method"))
	require.NotEmpty(t, asked.Query().Get("nonce"))
	back := atProvider(t, b, asked)
	elsewhere := newBrowser(t, base, nil)
	code, got := elsewhere.ask(t, "GET", back, "")
	require.Equal(t, []any{http.StatusUnauthorized, "OIDC_STATE"}, []any{code, reasonOf(got)}, "another's browser")
	code, _ = b.ask(t, "GET", back, "")
	require.Equal(t, http.StatusOK, code)
	_, got = b.ask(t, "GET", "/v1/sessions/current", "")
	require.Equal(t, []any{"test-user@127.0.0.1", "ROLE_SUPERVISOR"}, []any{got["name"], got["role"]})
	code, got = b.ask(t, "GET", back, "")
	require.Equal(t, []any{http.StatusUnauthorized, "OIDC_STATE"}, []any{code, reasonOf(got)}, "it is over")

	_, got = b.ask(t, "GET", "/v1/sessions/current", "")
	b.csrf = got["csrfToken"].(string)
	code, got = b.ask(t, "POST", "/v1/me:changePassword", `{"currentPassword":"x","password":"another password"}`)
	require.Equal(t, []any{http.StatusBadRequest, "USER_EXTERNAL"}, []any{code, reasonOf(got)})
	code, got = b.ask(t, "GET", "/v1/sessions/oidc/callback?error=access_denied&state=x", "")
	require.Equal(t, []any{http.StatusUnauthorized, "OIDC_STATE"}, []any{code, reasonOf(got)})
}

// atProvider signs in at the provider's page, and gives where that sends the browser back to.
func atProvider(t *testing.T, b *browser, at *url.URL) string {
	t.Helper()
	at = b.follow(t, at)
	form := url.Values{"username": {"test-user@127.0.0.1"}, "password": {"verysecure"},
		"id": {at.Query().Get("authRequestID")}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at.Scheme+"://"+at.Host+"/login/username",
		strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := b.Do(req)
	require.NoError(t, err)
	_ = resp.Body.Close()
	next, err := resp.Location()
	require.NoError(t, err)
	back := b.follow(t, next)
	require.Equal(t, b.base, back.Scheme+"://"+back.Host)
	return back.RequestURI()
}

// follow goes to an address, and gives where it sends the browser.
func (b *browser) follow(t *testing.T, at *url.URL) *url.URL {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at.String(), http.NoBody)
	require.NoError(t, err)
	resp, err := b.Do(req)
	require.NoError(t, err)
	_ = resp.Body.Close()
	next, err := resp.Location()
	require.NoError(t, err)
	return next
}
