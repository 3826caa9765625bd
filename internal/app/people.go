package app

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/internal/grpcapi"
	"github.com/refrain-asr/refrain/internal/httpapi"
	"github.com/refrain-asr/refrain/internal/oidc"
	"github.com/refrain-asr/refrain/internal/secret"
)

// mostHashing is how many passwords are hashed at once at most, of 19 MiB each.
const mostHashing = 4

// people are what those need who sign in.
type people struct {
	users    *access.Users
	signIns  *access.SignIns
	provider httpapi.Provider
}

// openPeople lets people sign in.
func (a *App) openPeople(ctx context.Context) error {
	totp, err := a.box("refrain totp v1")
	if err != nil {
		return err
	}
	hasher := access.NewHasher(access.StandardCost, max(1, min(mostHashing, runtime.NumCPU()/2)))
	a.people.users = &access.Users{Store: a.db.Access, Hasher: hasher, Box: totp, Now: a.now}
	a.people.signIns = &access.SignIns{Guard: a.guard, Store: a.db.Access, Hasher: hasher, Box: totp,
		Attempts: access.NewAttempts(a.keys.Derive("refrain device v1"), a.now), Now: a.now,
		Reserved: a.cfg.Privacy.Reveal}
	if a.cfg.SignIn.OIDC.Set() {
		a.people.provider, err = a.newProvider(ctx)
	}
	return err
}

// box seals with what is derived of the ledger's key, and opens what was sealed before that was rotated.
func (a *App) box(what string) (access.Box, error) {
	var keys [][]byte
	for _, k := range a.keys.Generations() {
		keys = append(keys, k.Derive(what))
	}
	return access.NewBox(keys...)
}

func (a *App) newProvider(ctx context.Context) (*oidc.Provider, error) {
	c := a.cfg.SignIn.OIDC
	box, err := a.box("refrain oidc v1")
	if err != nil {
		return nil, err
	}
	var text []byte
	if c.ClientSecretFile != "" {
		if text, err = (secret.Source{File: c.ClientSecretFile}).Read(ctx); err != nil {
			return nil, fmt.Errorf("sign_in.oidc.client_secret_file: %w", err)
		}
	}
	return oidc.New(oidc.Options{Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: strings.TrimSpace(string(text)),
		RoleClaim: c.RoleClaim, NameClaim: c.NameClaim, Roles: c.Roles, Scopes: c.Scopes, Box: box, Now: a.now}), nil
}

// serve tells the API of people who sign in.
func (p people) serve(d *grpcapi.Deps, limits access.SessionLimits) {
	d.Users, d.SignIns, d.Sessions = p.users, p.signIns, limits
}
