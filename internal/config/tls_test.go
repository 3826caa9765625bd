package config

import (
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	for want, edit := range map[string]func(*Config){
		"tls.key: is empty":                func(c *Config) { c.TLS.Cert = "a" },
		"tls.cert: is empty":               func(c *Config) { c.TLS.Key = "a" },
		"without it there is no TLS":       func(c *Config) { c.TLS.ClientCA = "a" },
		"tls.client_ca: is empty":          func(c *Config) { c.TLS.Cert, c.TLS.Key, c.TLS.RequireClientCertificate = "a", "b", true },
		"tls.min_version":                  func(c *Config) { c.TLS.MinVersion = "1.1" },
		"ledger.key: is given in several":  func(c *Config) { c.Ledger.Key.File, c.Ledger.Key.Env = "a", "B" },
		"audio.encrypt.identity: is given": func(c *Config) { c.Audio.Encrypt.Identity.File, c.Audio.Encrypt.Identity.Env = "a", "B" },
		"audio.encrypt.identity: is empty": func(c *Config) { c.Audio.Encrypt.Recipients = []string{"age1"} },
	} {
		c := Default()
		edit(&c)
		require.ErrorContains(t, c.Validate(), want)
	}
	c := Default()
	c.TLS.Cert, c.TLS.Key, c.GRPC.Address, c.HTTP.Address = "a", "b", "0.0.0.0:7430", ":7431"
	require.NoError(t, c.Validate())
	require.EqualValues(t, tls.VersionTLS12, c.TLS.Options().MinVersion)
	c.TLS.MinVersion = "1.3"
	require.EqualValues(t, tls.VersionTLS13, c.TLS.Options().MinVersion)
}

// A variable that holds a secret may be called as the operator likes.
func TestSecretsInVariables(t *testing.T) {
	t.Parallel()
	c := Default()
	c.Ledger.Key.Env, c.Audio.Encrypt.Identity.Env = "REFRAIN_VAULT_LEDGER", "REFRAIN_VAULT_AUDIO"
	require.NoError(t, c.unknownVariables([]string{"REFRAIN_VAULT_LEDGER=x", "REFRAIN_VAULT_AUDIO=y"}))
	require.Error(t, c.unknownVariables([]string{"REFRAIN_VAULT=x"}))
}
