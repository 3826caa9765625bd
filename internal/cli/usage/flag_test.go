package usage

import (
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

func TestFlagError(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{
		"int": "a whole number", "int32": "a whole number", "int64": "a whole number",
		"uint": "a whole number of 0 or more", "float": "a number, such as 0.5",
		"bool": "true or false", "duration": "a period with its unit, such as 30s, 10m or 24h",
	} {
		fs := pflag.NewFlagSet("", pflag.ContinueOnError)
		fs.Int("int", 0, "")
		fs.Int32("int32", 0, "")
		fs.Int64("int64", 0, "")
		fs.Uint("uint", 0, "")
		fs.Float64("float", 0, "")
		fs.Bool("bool", false, "")
		fs.Duration("duration", time.Second, "")
		require.EqualError(t, FlagError(fs.Parse([]string{"--" + flag + "=lots"})),
			"--"+flag+` "lots" must be `+want)
	}
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	err := fs.Parse([]string{"--other"})
	require.Equal(t, err, FlagError(err), "others are as they were")
}
