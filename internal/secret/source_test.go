package secret

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRead(t *testing.T) {
	t.Setenv("A_SECRET", "from a variable")
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte("from a file\n"), 0o600))
	large := filepath.Join(t.TempDir(), "large")
	require.NoError(t, os.WriteFile(large, make([]byte, maxSize+1), 0o600))
	for _, tt := range []struct {
		of          Source
		want, wrong string
	}{
		{Source{File: file}, "from a file\n", ""},
		{Source{Env: "A_SECRET"}, "from a variable", ""},
		{Source{Command: []string{"echo", "from a command; $HOME"}}, "from a command; $HOME\n", ""},
		{Source{File: file + "x"}, "", "no such file"},
		{Source{File: large}, "", "which no secret has"},
		{Source{Env: "NO_SECRET"}, "", "has no NO_SECRET"},
		{Source{Command: []string{"cat", large}}, "", "which no secret has"},
		{Source{Command: []string{"true"}}, "", "wrote nothing"},
		{Source{Command: []string{"sh", "-c", "echo hush; echo hush >&2; exit 3"}}, "", "failed (exit status 3)"},
		{Source{Command: []string{"there-is-no-such-program"}}, "", "failed"},
	} {
		text, err := tt.of.Read(t.Context())
		if tt.wrong != "" {
			require.ErrorContains(t, err, tt.wrong, "%v", tt.of)
			require.NotContains(t, err.Error(), "hush")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tt.want, string(text))
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]Source{
		"several ways":           {File: "a", Env: "B"},
		"several ways ":          {Env: "B", Command: []string{"c"}},
		"the name of a variable": {Env: "A=B"},
		"empty name":             {Command: []string{""}},
	} {
		require.ErrorContains(t, s.Validate(), strings.TrimSpace(want))
	}
	require.NoError(t, Source{}.Validate())
	require.False(t, Source{}.Set())
	require.NoError(t, Source{Command: []string{"vault", ""}}.Validate())
	require.Equal(t, "the command vault", Source{Command: []string{"vault", "secret-argument"}}.String())
}
