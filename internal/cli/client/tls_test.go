package client

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/internal/certs"
	"github.com/refrain-asr/refrain/internal/cli/console"
)

// flagsOf are the flags of a command line, in an environment with profiles.
func flagsOf(t *testing.T, env map[string]string, args ...string) *Flags {
	t.Helper()
	c := console.New(nil, nil, nil)
	c.Getenv = func(name string) string { return env[name] }
	cmd := &cobra.Command{Run: func(*cobra.Command, []string) {}}
	f := AddFlags(c, cmd)
	cmd.SetArgs(args)
	require.NoError(t, cmd.Execute())
	return f
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	dir := filepath.Join(home, ".config", "refrain")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	for name, text := range map[string]string{
		"default": "server: 'home:1'\nca: /ca\nkey: rk_home\nas: li\n",
		"office":  "server: 'office:1'\ncert: /c\ncert_key: /k\n",
		"wrong":   "sever: x\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".yaml"), []byte(text), 0o600))
	}
	for name, tt := range map[string]struct {
		env                        map[string]string
		args                       []string
		server, as, ca, key, wrong string
	}{
		"by default":                        {nil, nil, "home:1", "li", "/ca", "rk_home", ""},
		"another, by name":                  {nil, []string{"--profile", "office"}, "office:1", "cli", "", "", ""},
		"by a variable":                     {map[string]string{"REFRAIN_PROFILE": "office"}, nil, "office:1", "cli", "", "", ""},
		"flags win":                         {nil, []string{"--profile", "default", "--server", "x:1", "--as", "wang", "--ca", "/other"}, "x:1", "wang", "/other", "rk_home", ""},
		"variables win":                     {map[string]string{"REFRAIN_CA": "/env", "REFRAIN_PROFILE": "default", "REFRAIN_ACTOR": "night"}, nil, "home:1", "night", "/env", "rk_home", ""},
		"another server gets nothing of it": {nil, []string{"--server", "x:1"}, "x:1", "cli", "", "", ""},
		"and one of a variable neither":     {map[string]string{"REFRAIN_SERVER": "x:1"}, nil, "x:1", "cli", "", "", ""},
		"none of that name":                 {nil, []string{"--profile", "none"}, "", "", "", "", "no such profile"},
		"a wrong one":                       {nil, []string{"--profile", "wrong"}, "", "", "", "", "wrong.yaml: it is not YAML that a profile can be read from (line 1)"},
	} {
		env := map[string]string{"HOME": home}
		maps.Copy(env, tt.env)
		f := flagsOf(t, env, tt.args...)
		err := f.settle()
		if tt.wrong != "" {
			require.ErrorContains(t, err, tt.wrong, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, []string{tt.server, tt.as, tt.ca, tt.key}, []string{f.Server, f.Actor, f.trust.ca, f.trust.profile.Key}, name)
	}
	f := flagsOf(t, map[string]string{"HOME": t.TempDir()})
	require.NoError(t, f.settle(), "without any profile")
	require.Equal(t, defaultServer, f.Server)
}

func TestWhetherTLS(t *testing.T) {
	t.Parallel()
	d := certs.Directory{Path: filepath.Join(t.TempDir(), "tls"), Now: time.Now}
	require.NoError(t, d.NewAuthority())
	require.NoError(t, d.SignClient("li", false))
	ca, cert, key := d.CertFile("ca"), d.CertFile("li"), d.KeyFile("li")
	for _, tt := range []struct {
		server, protocol, wrong string
		args                    []string
	}{
		{"127.0.0.1:1", "insecure", "", nil},
		{"[::1]:1", "insecure", "", nil},
		{"localhost:1", "insecure", "", nil},
		{"unix:/run/refrain.sock", "insecure", "", nil},
		{"refrain.internal:1", "tls", "", nil},
		{"refrain.internal:1", "insecure", "", []string{"--plaintext"}},
		{"127.0.0.1:1", "tls", "", []string{"--ca", ca}},
		{"a:1", "tls", "", []string{"--ca", ca, "--cert", cert, "--cert-key", key}},
		{"a:1", "", "belong together", []string{"--cert", cert}},
		{"a:1", "", "without TLS", []string{"--ca", ca, "--plaintext"}},
		{"a:1", "", "--ca", []string{"--ca", cert + "x"}},
		{"a:1", "", "no certificate in PEM", []string{"--ca", key}},
		{"a:1", "", "--cert-key", []string{"--cert", cert, "--cert-key", d.KeyFile("ca")}},
	} {
		f := flagsOf(t, nil, append(tt.args, "--server", tt.server)...)
		c, err := f.credentials()
		if tt.wrong != "" {
			require.ErrorContains(t, err, tt.wrong, "%v", tt.args)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tt.protocol, c.Info().SecurityProtocol, "%s %v", tt.server, tt.args)
	}
}

// The admin socket is the way in when a key or a certificate is lost: nothing that is set for the server's
// address stands in its way.
func TestTheSocketNeedsNothing(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	dir := filepath.Join(home, ".config", "refrain")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "default.yaml"), []byte("as: li\nca: /gone\nserver: 'x:1'\n"), 0o600))
	for _, env := range []map[string]string{
		{"HOME": home},
		{"HOME": home, "REFRAIN_CA": "/gone", "REFRAIN_KEY": "not a key"},
		{"HOME": home, "REFRAIN_CERT": "/gone", "REFRAIN_SERVER": "nonsense"},
		{"HOME": home, "REFRAIN_PROFILE": "gone"},
	} {
		f := flagsOf(t, env)
		f.Data = t.TempDir()
		c, err := f.Dial()
		require.NoError(t, err, "%v", env)
		require.NoError(t, c.conn.Close())
		protected, err := f.credentials()
		require.NoError(t, err)
		require.Equal(t, "insecure", protected.Info().SecurityProtocol)
	}
	f := flagsOf(t, map[string]string{"HOME": home})
	f.Data = t.TempDir()
	require.NoError(t, f.settle())
	require.Equal(t, "li", f.Actor)
}

// What TLS refuses is told as such, and not tried again.
func TestUntrusted(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		`connection error: desc = "transport: authentication handshake failed: tls: failed to verify certificate: x509: certificate signed by unknown authority"`: "(certificate signed by unknown authority)",
		`connection error: desc = "error reading server preface: remote error: tls: certificate required"`:                                                        "(certificate required)",
		`connection error: desc = "transport: authentication handshake failed: EOF"`:                                                                              "(EOF)",
	} {
		err := readable(status.Error(codes.Unavailable, message), "a:1")
		require.ErrorContains(t, err, "no connection to a:1 that both sides trust "+want)
		require.Equal(t, Untrusted, ReasonOf(err))
		require.False(t, Temporary(err))
	}
}
