package httpapi

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
)

// request is one of a browser's that sends these cookies.
func request(cookies string, secure bool) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/v1/sessions/current", http.NoBody)
	r.Header["Cookie"] = []string{cookies}
	if secure {
		r.TLS = &tls.ConnectionState{}
	}
	return r
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	one := strings.Repeat("a", 42) + "-"
	for cookies, want := range map[string][2]string{
		"refrain=" + one:                            {one, ""},
		"__Host-refrain=" + one:                     {"", one},
		"a=b; refrain=" + one + "; c":               {one, ""},
		"refrain=" + one + "; refrain=" + one:       {"", ""},
		"refrain=" + one + "a":                      {"", ""},
		"refrain=" + strings.Repeat("ä", 21) + "a":  {"", ""},
		"refrain=" + strings.Repeat("a", 42) + "\n": {"", ""},
		"Refrain=" + one:                            {"", ""},
		"refrain=\"" + one + "\"":                   {one, ""}, // quotes belong to the cookie's syntax
		"":                                          {"", ""},
	} {
		require.Equal(t, want[0], sessionOf(request(cookies, false)), cookies)
		require.Equal(t, want[1], sessionOf(request(cookies, true)), "%s over TLS", cookies)
	}
}

func TestCookiesAreKeptFromPages(t *testing.T) {
	t.Parallel()
	for secure, want := range map[bool]string{
		false: "refrain=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict",
		true:  "__Host-refrain=x; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Strict",
	} {
		w := httptest.NewRecorder()
		setCookie(w, request("", secure), sessionCookie, "x", 60e9, http.SameSiteStrictMode)
		require.Equal(t, want, w.Header().Get("Set-Cookie"))
	}
	w := httptest.NewRecorder()
	setCookie(w, request("", false), sessionCookie, "", 0, http.SameSiteStrictMode)
	require.Contains(t, w.Header().Get("Set-Cookie"), "Max-Age=0")
}

// A page of another site has no request made, and recorded, in the name of who signed in.
func TestSessionFromOtherSites(t *testing.T) {
	t.Parallel()
	one := strings.Repeat("a", 43)
	for site, want := range map[string]string{"same-origin": one, "none": one, "": one, "same-site": "", "cross-site": ""} {
		r := request("refrain="+one, false)
		r.Header.Set("Sec-Fetch-Site", site)
		require.Equal(t, want, callerOf(r).Session, site)
	}
}

// Why a provider failed is in the log, and not told.
func TestProviderFailuresAreLogged(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	s := sessions{People{Logger: slog.New(slog.NewTextHandler(&log, nil))}, runtime.NewServeMux()}
	w := httptest.NewRecorder()
	s.fail(w, request("", false), &fault.Error{Kind: fault.Unauthenticated, Reason: "OIDC_CODE", Message: "begin again",
		Err: errors.New("invalid_client")})
	require.Contains(t, log.String(), "reason=OIDC_CODE error=invalid_client")
	require.Contains(t, w.Body.String(), "begin again")
	require.NotContains(t, w.Body.String(), "invalid_client")
}

// Behind a proxy that ends TLS, a provider sends browsers back to the proxy, whatever the proxy makes of the host.
func TestCallback(t *testing.T) {
	t.Parallel()
	public := &url.URL{Scheme: "https", Host: "calls.example.com", Path: "/"}
	for _, tt := range []struct {
		public *url.URL
		secure bool
		want   string
	}{
		{nil, false, "http://example.com/v1/sessions/oidc/callback"},
		{nil, true, "https://example.com/v1/sessions/oidc/callback"},
		{public, false, "https://calls.example.com/v1/sessions/oidc/callback"},
	} {
		r := request("", tt.secure)
		r.Host = "example.com"
		require.Equal(t, tt.want, sessions{People{Public: tt.public}, nil}.callback(r))
	}
}

func FuzzSessionCookie(f *testing.F) {
	for _, seed := range []string{"", "refrain=" + strings.Repeat("a", 43), "refrain=a; refrain=b", "=;=\x00", "\xff"} {
		f.Add(seed, true)
		f.Add("__Host-"+seed, false)
	}
	f.Fuzz(func(t *testing.T, cookies string, secure bool) {
		got := sessionOf(request(cookies, secure))
		require.True(t, got == "" || len(got) == tokenLen && strings.Contains(cookies, got))
		require.Equal(t, got, token(got))
	})
}

func FuzzSignInBody(f *testing.F) {
	for _, seed := range []string{`{"name":"li","password":"correct horse battery","code":"123456"}`, `{}`, `[]`, `{"name":1}`,
		`{"name":"li","password":"x","more":1}`, `{"name":"a","name":"b"}`, "\xff", strings.Repeat("[", 5000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/v1/sessions", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		req, err := readSignIn(httptest.NewRecorder(), r)
		if err != nil {
			require.Nil(t, req)
			if len(body) > 100 { // else it may be a word of the message
				require.NotContains(t, err.Error(), body, "it may hold a password")
			}
			return
		}
		require.NotEmpty(t, req.GetName())
		require.NotEmpty(t, req.GetPassword())
		require.LessOrEqual(t, len(body), maxSignIn)
	})
}

func TestSignInBody(t *testing.T) {
	t.Parallel()
	const good = `{"name":"li","password":"correct horse battery"}`
	for _, tt := range []struct{ kind, body, problem string }{
		{"application/json", good, ""},
		{"application/x-www-form-urlencoded", good, "must be JSON"},
		{"text/plain", good, "must be JSON"},
		{"", good, "must be JSON"},
		{"application/json", `{"name":"li"}`, "password"},
		{"application/json", `{"name":"li","password":"x","role":"admin"}`, "must be JSON with"},
		{"application/json", good + strings.Repeat(" ", maxSignIn), "of at most 4096 bytes"},
		{"application/json", good + good, "must be JSON with"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/v1/sessions", strings.NewReader(tt.body))
		r.Header.Set("Content-Type", tt.kind)
		_, err := readSignIn(httptest.NewRecorder(), r)
		if tt.problem == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, tt.problem, tt)
		}
	}
}
