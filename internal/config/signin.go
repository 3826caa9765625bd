package config

import (
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/access"
)

// SignIn sets how people sign in.
type SignIn struct {
	// Idle is how long nothing may come of a session, Longest how long it goes on in any case.
	Idle    time.Duration `yaml:"idle" env:"IDLE"`
	Longest time.Duration `yaml:"longest" env:"LONGEST"`
	// PublicURL is by which address browsers ask this server, where that is not its own: a proxy ends TLS before
	// it. "" for none.
	PublicURL string `yaml:"public_url" env:"PUBLIC_URL"`
	// OIDC is a provider of OpenID Connect that vouches for people; none where its issuer is "".
	OIDC OIDC `yaml:"oidc" envPrefix:"OIDC_"`
}

// Public is PublicURL; nil where there is none.
func (s SignIn) Public() *url.URL {
	if s.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(s.PublicURL)
	if err != nil {
		return nil
	}
	return u
}

// OIDC is a provider of OpenID Connect.
type OIDC struct {
	// Issuer is the provider's address, under which /.well-known/openid-configuration is.
	Issuer string `yaml:"issuer" env:"ISSUER"`
	// ClientID is what the provider calls this server; the file holds the secret that it gave it.
	ClientID         string `yaml:"client_id" env:"CLIENT_ID"`
	ClientSecretFile string `yaml:"client_secret_file" env:"CLIENT_SECRET_FILE"`
	// RoleClaim tells somebody's roles there, NameClaim what he is to be called here.
	RoleClaim string `yaml:"role_claim" env:"ROLE_CLAIM"`
	NameClaim string `yaml:"name_claim" env:"NAME_CLAIM"`
	// Roles are the roles here for values of RoleClaim. Whoever has none of them is not let in.
	Roles map[string]access.Role `yaml:"roles"`
	// Scopes are asked for besides openid.
	Scopes []string `yaml:"scopes" env:"SCOPES"`
}

// Set tells that there is a provider.
func (o OIDC) Set() bool { return o.Issuer != "" }

// longestSession is the most that sign_in.longest may be.
const longestSession = 30 * 24 * time.Hour

func (s SignIn) validate(bad func(key, format string, args ...any)) {
	if s.Idle < time.Minute || s.Idle > s.Longest {
		bad("sign_in.idle", "is %s; it must be 1m to sign_in.longest", s.Idle)
	}
	if s.Longest > longestSession {
		bad("sign_in.longest", "is %s; it must be at most %s", s.Longest, longestSession)
	}
	if u := s.Public(); s.PublicURL != "" && (u == nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/") {
		bad("sign_in.public_url", "is %q; it must be an address with https:// and without a path", s.PublicURL)
	}
	if s.OIDC.Set() {
		s.OIDC.validate(bad)
	}
}

func (o OIDC) validate(bad func(key, format string, args ...any)) {
	u, err := url.Parse(o.Issuer)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !access.ThisMachine(u.Host)) {
		bad("sign_in.oidc.issuer", "is %q; it must be an address with https://", o.Issuer)
	}
	for key, value := range map[string]string{"client_id": o.ClientID, "role_claim": o.RoleClaim,
		"name_claim": o.NameClaim} {
		if value == "" {
			bad("sign_in.oidc."+key, "is empty")
		}
	}
	if len(o.Roles) == 0 {
		bad("sign_in.oidc.roles", "is empty: nobody would be let in; give values of the claim with their roles, "+
			"such as  roles: {desk: reviewer}")
	}
	for _, value := range slices.Sorted(maps.Keys(o.Roles)) {
		if _, err := access.ParseRole(string(o.Roles[value])); err != nil {
			bad("sign_in.oidc.roles."+value, "%v", err)
		}
	}
}
