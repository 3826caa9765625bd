package freeze

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHarmless(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"": "", "a=b": "a=b", "=1+1": "'=1+1", "+1": "'+1",
		"-1": "'-1", "@x": "'@x", "\t=1": "'\t=1", "李": "李"} {
		require.Equal(t, want, escapeFormula(in))
	}
}
