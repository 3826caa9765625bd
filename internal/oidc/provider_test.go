package oidc

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
)

func newProvider(t *testing.T, issuer string) (*Provider, *time.Time) {
	t.Helper()
	box, err := access.NewBox([]byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	return New(Options{Issuer: issuer, ClientID: "refrain", RoleClaim: "roles", NameClaim: "name", Box: box,
		Roles: map[string]access.Role{"desk": access.Reviewer, "lead": access.Supervisor, "true": access.Auditor},
		Now:   func() time.Time { return now }}), &now
}

// A claim is a text, several, an object whose names they are, or yes.
func TestRoles(t *testing.T) {
	t.Parallel()
	p, _ := newProvider(t, "https://idp")
	for _, tt := range []struct {
		claim any
		want  access.Role
	}{
		{"desk", access.Reviewer}, {[]any{"x", "desk"}, access.Reviewer}, {[]any{"lead", "desk"}, access.Supervisor},
		{[]any{"desk", "lead"}, access.Supervisor}, {map[string]any{"desk": map[string]any{}, "y": 1}, access.Reviewer},
		{true, access.Auditor}, {false, ""}, {"Desk", ""}, {"desk lead", ""}, {nil, ""}, {[]any{}, ""}, {7.0, ""},
		{[]any{map[string]any{"desk": 1}}, ""},
	} {
		x, err := p.external(map[string]any{"name": "li", "roles": tt.claim}, "1")
		if tt.want == "" {
			require.Equal(t, fault.Forbidden, fault.KindOf(err), tt.claim)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, access.External{Subject: "https://idp 1", Name: "li", Role: tt.want}, x)
	}
	_, err := p.external(map[string]any{"roles": "desk"}, "1")
	require.Equal(t, "OIDC_NAME", fault.ReasonOf(err))
}

// What a browser comes back with is believed only from the browser that was sent, and for ten minutes.
func TestWhatBrowsersKeep(t *testing.T) {
	t.Parallel()
	var issuer string
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/.well-known/openid-configuration" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"issuer":"` + issuer + `","authorization_endpoint":"` + issuer + `/auth","token_endpoint":"` +
			issuer + `/token","jwks_uri":"` + issuer + `/keys"}`))
	}))
	t.Cleanup(idp.Close)
	issuer = idp.URL
	p, now := newProvider(t, issuer)
	const callback = "http://localhost:7431/v1/sessions/oidc/callback"
	address, kept, err := p.Begin(t.Context(), callback)
	require.NoError(t, err)
	u, err := url.Parse(address)
	require.NoError(t, err)
	q := u.Query()
	require.Equal(t, []string{callback, "code", "S256", "openid"},
		[]string{q.Get("redirect_uri"), q.Get("response_type"), q.Get("code_challenge_method"), q.Get("scope")})
	_, other, err := p.Begin(t.Context(), callback)
	require.NoError(t, err)
	state := q.Get("state")
	finish := func(kept string, q url.Values) string {
		_, err := p.Finish(t.Context(), callback, kept, q)
		return fault.ReasonOf(err)
	}
	require.Equal(t, "OIDC_STATE", finish(other, url.Values{"state": {state}, "code": {"x"}}), "of another sign-in")
	require.Equal(t, "OIDC_STATE", finish("", url.Values{"state": {""}, "code": {"x"}}))
	changed := []byte(kept)
	changed[len(kept)/2] ^= 1 // another letter or digit, or none of base64's
	require.Equal(t, "OIDC_STATE", finish(string(changed), url.Values{"state": {state}}))
	require.Equal(t, "OIDC_REFUSED", finish(kept, url.Values{"state": {state}, "error": {"access_denied"}}))
	require.Equal(t, "OIDC_CODE", finish(kept, url.Values{"state": {state}, "code": {"x"}}), "it answers 404")
	*now = now.Add(10 * time.Minute)
	require.Equal(t, "OIDC_STATE", finish(kept, url.Values{"state": {state}, "code": {"x"}}))
}

// A provider that isn't there keeps nobody else out, and is asked again a moment later.
func TestAwayProvider(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.NotFound(w, r)
	}))
	t.Cleanup(idp.Close)
	p, now := newProvider(t, idp.URL)
	for _, want := range []int64{1, 1, 2} {
		_, _, err := p.Begin(t.Context(), "http://localhost/")
		require.Equal(t, fault.Unavailable, fault.KindOf(err))
		require.Equal(t, want, asked.Load())
		*now = now.Add(3 * time.Second)
	}
}

// Who gives up waiting for a provider that is slow goes, and the others wait for one answer.
func TestSlowProvider(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	answer, arrived := make(chan struct{}), make(chan struct{}, 9)
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		arrived <- struct{}{}
		<-answer
		http.NotFound(w, r)
	}))
	t.Cleanup(idp.Close)
	p, _ := newProvider(t, idp.URL)
	ctx, cancel := context.WithCancel(t.Context())
	gone, stays := make(chan error, 1), make(chan error, 1)
	go func() {
		_, _, err := p.Begin(ctx, "http://localhost/")
		gone <- err
	}()
	<-arrived
	go func() {
		_, _, err := p.Begin(t.Context(), "http://localhost/")
		stays <- err
	}()
	cancel()
	require.ErrorIs(t, <-gone, context.Canceled)
	close(answer)
	require.Equal(t, "OIDC_UNAVAILABLE", fault.ReasonOf(<-stays))
	require.EqualValues(t, 1, asked.Load())
}
