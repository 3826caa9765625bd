package profile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func write(t *testing.T, dir, name, text string, mode os.FileMode) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), mode))
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "office.yaml", "server: refrain.internal:7430\nca: ca.crt\ncert: /etc/x.crt\ncert_key: x.key\nkey: rk_abc\nas: li\n", 0o600)
	write(t, dir, "config.yaml", "profiles:\n  default: {server: 'a:1'}\n  office: {server: 'b:1'}\n  lab: {server: 'c:1', key_file: lab.key}\n", 0o644)
	write(t, dir, "lab.key", "rk_lab\n", 0o600)
	p, err := Read(dir, "office")
	require.NoError(t, err)
	require.Equal(t, Profile{Server: "refrain.internal:7430", CA: filepath.Join(dir, "ca.crt"), Cert: "/etc/x.crt",
		CertKey: filepath.Join(dir, "x.key"), Key: "rk_abc", As: "li"}, p, "a file of its own comes first")
	p, err = Read(dir, Default)
	require.NoError(t, err)
	require.Equal(t, "a:1", p.Server)
	p, err = Read(dir, "lab")
	require.NoError(t, err)
	require.Equal(t, "rk_lab", p.Key)
	for _, name := range []string{"none", "nine"} {
		_, err = Read(dir, name)
		require.ErrorIs(t, err, ErrNone)
	}
	_, err = Read(t.TempDir(), Default)
	require.ErrorIs(t, err, ErrNone)
	for _, name := range []string{"", "../office", "a/b", ".hidden", "config"} {
		_, err = Read(dir, name)
		require.ErrorContains(t, err, "can't be the name", name)
	}
}

// A key that others may read is refused, and no error ever tells one.
func TestKeysStaySecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const secret = "rk_very_secret"
	write(t, dir, "open.yaml", "key: "+secret+"\n", 0o640)
	write(t, dir, "plain.yaml", "server: 'a:1'\n", 0o644)
	write(t, dir, "file.yaml", "key_file: open.key\n", 0o600)
	write(t, dir, "open.key", secret, 0o604)
	write(t, dir, "broken.yaml", "key: ["+secret+"\n", 0o600)
	write(t, dir, "typed.yaml", "key: {a: "+secret+"}\n", 0o600)
	write(t, dir, "control.yaml", "key: \""+secret+"\\n\"\n", 0o600)
	write(t, dir, "unknown.yaml", secret+": x\n", 0o600)
	for name, want := range map[string]string{"open": "chmod 600", "file": "chmod 600", "broken": "not YAML",
		"typed": "line 1", "control": "visible characters", "unknown": "a profile has"} {
		_, err := Read(dir, name)
		require.ErrorContains(t, err, want, name)
		require.NotContains(t, err.Error(), secret, name)
	}
	_, err := Read(dir, "plain")
	require.NoError(t, err, "without a key everybody may read it")
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"sever: a":                  "(line 1)",
		"server: a\n---\nserver: b": "one document",
		"cert: a":                   "belong together",
		"key: a\nkey_file: b":       "keep one",
		"ca: a\nplaintext: true":    "keep one",
		"server: \"a\\u0000\"":      "plain text",
	} {
		_, err := Parse([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
	_, err := ParseMany([]byte("profiles: {a/b: {}}"))
	require.ErrorContains(t, err, "can't be the name")
	_, err = ParseMany([]byte("profiles: {a: {cert: x}}"))
	require.ErrorContains(t, err, "profiles.a")
	p, err := Parse(nil)
	require.NoError(t, err)
	require.Zero(t, p)
}

func TestDir(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ xdg, home, want string }{
		{"", "/home/li", "/home/li/.config/refrain"}, {"/etc/xdg", "/home/li", "/etc/xdg/refrain"},
		{"relative", "/home/li", "/home/li/.config/refrain"}, {"", "", ""},
	} {
		env := map[string]string{"XDG_CONFIG_HOME": tt.xdg, "HOME": tt.home}
		require.Equal(t, tt.want, Dir(func(name string) string { return env[name] }))
	}
}

func FuzzProfile(f *testing.F) {
	f.Add("server: a:1\nkey: rk_x")
	f.Add("profiles: {a: {server: b}}")
	f.Add("{a: &a [*a]}")
	f.Add("key: !!binary aGk=")
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := Parse([]byte(text)); err == nil {
			require.NoError(t, p.validate())
		}
		if all, err := ParseMany([]byte(text)); err == nil {
			for name := range all {
				require.Regexp(t, nameForm, name)
			}
		}
	})
}
