package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "refrain.yaml")
	require.NoError(t, os.WriteFile(path, []byte(
		"numbers: {prefixes: [\"9\", \"90\"], virtual: [\"95013*\", \"17000000000-17000009999\"]}\n"), 0o600))
	c, err := Load(path)
	require.NoError(t, err)
	require.NoError(t, c.Validate())
	n, err := c.Plan().Parse("90-13800138000")
	require.NoError(t, err)
	require.Equal(t, "+8613800138000", n.E164())
	n, err = c.Defaults().Numbers.Parse("17000001234")
	require.NoError(t, err)
	require.True(t, c.Plan().IsVirtual(n))

	c.Numbers = Numbers{Prefixes: []string{"9", "+9"}, Virtual: []string{"950*", "AXB"}}
	err = c.Validate()
	require.ErrorContains(t, err, `numbers.prefixes[1]: is "+9"; it must be 1 to 8 digits`)
	require.ErrorContains(t, err, `numbers.virtual[1]: "AXB" is no range of numbers`)
	require.NotContains(t, err.Error(), "[0]")
	require.Len(t, c.Plan().Virtual, 1)
}
