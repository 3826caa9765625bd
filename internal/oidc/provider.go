package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
)

// Options are how the provider knows this server, and what is made of what it says. All but ClientSecret and
// Scopes are required.
type Options struct {
	Issuer, ClientID, ClientSecret string
	// RoleClaim tells somebody's roles, NameClaim what he is to be called.
	RoleClaim, NameClaim string
	// Roles are the roles here for values of RoleClaim.
	Roles  map[string]access.Role
	Scopes []string
	// Box seals what browsers keep.
	Box access.Box
	Now func() time.Time
}

const (
	// patience bounds how long the provider may take to answer.
	patience = 10 * time.Second
	// kept is how long signing in there may take.
	kept = 10 * time.Minute
	// failureKept is for how long a provider that does not answer is not asked again.
	failureKept = 5 * time.Second
	// owner is for whom Options.Box seals.
	owner = "oidc"
)

// Provider is one of OpenID Connect. It is safe for concurrent use.
type Provider struct {
	o      Options
	client *http.Client

	// asking is the one request at a time that finds out how the provider is to be asked.
	asking singleflight.Group
	mu     sync.Mutex
	found  *oidc.Provider
	// failed is why that could not be found out the last time, at failedAt.
	failed   error
	failedAt time.Time
}

// New makes one. It is asked for nothing before somebody signs in, so that a server starts without it.
func New(o Options) *Provider { return &Provider{o: o, client: &http.Client{Timeout: patience}} }

// pending is what a browser keeps, sealed, while it is at the provider.
type pending struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Ends     time.Time `json:"ends"`
}

// Begin is where a browser is to be sent, and what it must keep until it comes back to callback.
func (p *Provider) Begin(ctx context.Context, callback string) (address, keep string, err error) {
	c, _, err := p.connect(ctx, callback)
	if err != nil {
		return "", "", err
	}
	k := pending{rand.Text(), rand.Text(), oauth2.GenerateVerifier(), p.o.Now().Add(kept)}
	raw, err := json.Marshal(k)
	if err != nil {
		return "", "", fmt.Errorf("begin to sign in: %w", err)
	}
	return c.AuthCodeURL(k.State, oidc.Nonce(k.Nonce), oauth2.S256ChallengeOption(k.Verifier)),
		base64.RawURLEncoding.EncodeToString(p.o.Box.Seal(owner, raw)), nil
}

// Finish says whom the provider vouches for, by what the browser came back with and what it kept. It refuses
// with fault.Unauthenticated, and with fault.Forbidden who has no role here.
func (p *Provider) Finish(ctx context.Context, callback, keep string, q url.Values) (access.External, error) {
	k, ok := p.open(keep)
	if !ok || subtle.ConstantTimeCompare([]byte(k.State), []byte(q.Get("state"))) != 1 {
		return access.External{}, refused("OIDC_STATE", "this browser did not begin to sign in here, or too long "+
			"ago; begin again", nil)
	}
	if problem := q.Get("error"); problem != "" {
		return access.External{}, refused("OIDC_REFUSED", fmt.Sprintf("the provider refused: %.200q", problem), nil)
	}
	c, provider, err := p.connect(ctx, callback)
	if err != nil {
		return access.External{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	t, err := c.Exchange(ctx, q.Get("code"), oauth2.VerifierOption(k.Verifier))
	if err != nil {
		return access.External{}, refused("OIDC_CODE", "the provider does not know what the browser brought; begin "+
			"again", err)
	}
	claims, subject, err := p.claims(ctx, provider, t, k.Nonce)
	if err != nil {
		return access.External{}, err
	}
	return p.external(claims, subject)
}

// open reads what a browser kept.
func (p *Provider) open(keep string) (k pending, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(keep)
	if err != nil {
		return k, false
	}
	raw, err := p.o.Box.Open(owner, sealed)
	if err != nil || json.Unmarshal(raw, &k) != nil {
		return k, false
	}
	return k, p.o.Now().Before(k.Ends)
}

// connect finds out how the provider is to be asked, once.
func (p *Provider) connect(ctx context.Context, callback string) (*oauth2.Config, *oidc.Provider, error) {
	found, err := p.known()
	if found == nil && err == nil {
		// its keys are fetched by this context, long after the request
		lasting := oidc.ClientContext(context.WithoutCancel(ctx), p.client)
		select {
		case r := <-p.asking.DoChan("", func() (any, error) { return p.discover(lasting) }):
			found, _ = r.Val.(*oidc.Provider)
			err = r.Err
		case <-ctx.Done(): // the others wait on
			return nil, nil, fmt.Errorf("wait for the provider: %w", ctx.Err())
		}
	}
	if err != nil {
		return nil, nil, &fault.Error{Op: "oidc.Connect", Kind: fault.Unavailable, Reason: "OIDC_UNAVAILABLE",
			Message: "the provider at which people sign in does not answer as one; try again, or sign in with a " +
				"password", Err: err}
	}
	return &oauth2.Config{ClientID: p.o.ClientID, ClientSecret: p.o.ClientSecret, Endpoint: found.Endpoint(),
		RedirectURL: callback, Scopes: slices.Concat([]string{oidc.ScopeOpenID}, p.o.Scopes)}, found, nil
}

// known is what was found out, or why that failed a moment ago; nil for neither.
func (p *Provider) known() (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed != nil && p.o.Now().Sub(p.failedAt).Abs() < failureKept {
		return nil, p.failed
	}
	return p.found, nil
}

// discover asks the provider.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	if found, err := p.known(); found != nil || err != nil { // since this was begun
		return found, err
	}
	found, err := oidc.NewProvider(ctx, p.o.Issuer)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.found, p.failed, p.failedAt = found, err, p.o.Now()
	return found, err
}

// claims are what the provider says of somebody: in the token, and what isn't there when it is asked.
func (p *Provider) claims(
	ctx context.Context, provider *oidc.Provider, t *oauth2.Token, nonce string,
) (claims map[string]any, subject string, err error) {
	raw, _ := t.Extra("id_token").(string)
	id, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: p.o.ClientID, Now: p.o.Now}).Verify(ctx, raw)
	if err == nil && subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 {
		err = fmt.Errorf("it is for another sign-in: its nonce differs")
	}
	if err == nil {
		err = id.Claims(&claims)
	}
	if err != nil {
		return nil, "", refused("OIDC_TOKEN", "what the provider vouches for can't be believed", err)
	}
	if claims[p.o.NameClaim] != nil && claims[p.o.RoleClaim] != nil || provider.UserInfoEndpoint() == "" {
		return claims, id.Subject, nil
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(t))
	if err == nil && info.Subject != id.Subject {
		err = fmt.Errorf("it is about %q, and the token about %q", info.Subject, id.Subject)
	}
	more := map[string]any{}
	if err == nil {
		err = info.Claims(&more)
	}
	if err != nil {
		return nil, "", refused("OIDC_USERINFO", "the provider does not say who that is", err)
	}
	for name, value := range more {
		if claims[name] == nil {
			claims[name] = value
		}
	}
	return claims, id.Subject, nil
}

// external is who somebody is here.
func (p *Provider) external(claims map[string]any, subject string) (access.External, error) {
	name, _ := claims[p.o.NameClaim].(string)
	if name == "" {
		return access.External{}, refused("OIDC_NAME", fmt.Sprintf("the provider tells no name (its claim %s)",
			p.o.NameClaim), nil)
	}
	role, ok := p.role(claims[p.o.RoleClaim])
	if !ok {
		return access.External{}, &fault.Error{Op: "oidc.Finish", Kind: fault.Forbidden, Reason: "OIDC_NO_ROLE",
			Message: fmt.Sprintf("the provider gives %s no role that this server knows (its claim %s, and "+
				"sign_in.oidc.roles in the configuration)", name, p.o.RoleClaim)}
	}
	return access.External{Subject: p.o.Issuer + " " + subject, Name: name, Role: role}, nil
}

// role is the one of a claim: a text, several, or an object whose names they are. Of several roles it is the
// one that access.Roles lists last.
func (p *Provider) role(claim any) (role access.Role, ok bool) {
	var values []string
	switch c := claim.(type) {
	case string:
		values = []string{c}
	case bool:
		values = []string{fmt.Sprint(c)}
	case []any:
		for _, v := range c {
			values = append(values, fmt.Sprint(v))
		}
	case map[string]any:
		for name := range c {
			values = append(values, name)
		}
	}
	best := -1
	for _, v := range values {
		if r, known := p.o.Roles[v]; known {
			best = max(best, slices.Index(access.Roles(), r))
		}
	}
	if best < 0 {
		return "", false
	}
	return access.Roles()[best], true
}

func refused(reason, message string, err error) error {
	return &fault.Error{Op: "oidc.Finish", Kind: fault.Unauthenticated, Reason: reason, Message: message, Err: err}
}
