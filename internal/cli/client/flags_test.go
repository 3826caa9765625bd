package client

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/console"
)

func TestWhoActs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		env  map[string]string
		want string
	}{
		{nil, "cli"},
		{map[string]string{"USER": "li"}, "li"},
		{map[string]string{"USER": "李"}, "李"},
		{map[string]string{"USER": "a\nb"}, "cli"},
		{map[string]string{"USER": "refrain"}, "cli"}, // whom a service runs as
		{map[string]string{"USER": "li", "REFRAIN_ACTOR": "nightly"}, "nightly"},
	} {
		c := console.New(nil, nil, nil)
		c.Getenv = func(name string) string { return tt.env[name] }
		require.Equal(t, tt.want, defaultActor(c))
	}
}

// What is no key is not sent: a server could only speak of a header.
func TestReadKey(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "admin.key")
	require.NoError(t, os.WriteFile(file, []byte("refrain_abcdefgh_x\n"), 0o600))
	for _, tt := range []struct{ given, want, wrong string }{
		{"", "", ""},
		{"refrain_abcdefgh_x", "refrain_abcdefgh_x", ""},
		{"@" + file, "refrain_abcdefgh_x", ""},
		{"@" + file + "2", "", "REFRAIN_KEY: open "},
		{file, "", "for a file write @FILE"},
		{"refrain_abc def", "", "holds spaces"},
	} {
		f := flagsOf(t, map[string]string{"HOME": t.TempDir(), "REFRAIN_KEY": tt.given})
		err := f.readKey()
		if tt.wrong != "" {
			require.ErrorContains(t, err, tt.wrong)
			require.NotContains(t, err.Error(), "abc")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tt.want, f.Key)
	}
}
