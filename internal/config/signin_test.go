package config

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/access"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	c, err := Load(write(t, `
sign_in:
  idle: 1h
  oidc:
    issuer: https://login.example.com/realms/calls
    client_id: refrain
    client_secret_file: /etc/refrain/oidc.secret
    roles: {qa-desk: reviewer}
`))
	require.NoError(t, err)
	require.NoError(t, c.Validate())
	require.Equal(t, SignIn{Idle: time.Hour, Longest: 24 * time.Hour, OIDC: OIDC{
		Issuer: "https://login.example.com/realms/calls", ClientID: "refrain", ClientSecretFile: "/etc/refrain/oidc.secret",
		RoleClaim: "roles", NameClaim: "preferred_username", Scopes: []string{"profile"},
		Roles: map[string]access.Role{"qa-desk": access.Reviewer}}}, c.SignIn)
	for want, change := range map[string]func(*SignIn){
		"sign_in.idle: is 25h0m0s":                    func(s *SignIn) { s.Idle = 25 * time.Hour },
		"sign_in.idle: is 1s":                         func(s *SignIn) { s.Idle = time.Second },
		"sign_in.longest":                             func(s *SignIn) { s.Longest = 1000 * time.Hour },
		"sign_in.oidc.issuer: is \"http://example\"":  func(s *SignIn) { s.OIDC.Issuer = "http://example" },
		"sign_in.public_url: is \"http://a\"":         func(s *SignIn) { s.PublicURL = "http://a" },
		"sign_in.public_url: is \"https://a/b\"":      func(s *SignIn) { s.PublicURL = "https://a/b" },
		"sign_in.public_url: is \"a\"":                func(s *SignIn) { s.PublicURL = "a" },
		"sign_in.oidc.issuer: is \"example.com\"":     func(s *SignIn) { s.OIDC.Issuer = "example.com" },
		"sign_in.oidc.client_id: is empty":            func(s *SignIn) { s.OIDC.ClientID = "" },
		"sign_in.oidc.roles: is empty":                func(s *SignIn) { s.OIDC.Roles = nil },
		"sign_in.oidc.roles.x: access.ParseRole: the": func(s *SignIn) { s.OIDC.Roles = map[string]access.Role{"x": "boss"} },
	} {
		wrong := c
		change(&wrong.SignIn)
		require.ErrorContains(t, wrong.Validate(), want)
	}
}
