package fault_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
)

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	known := []string{"window", "when", "per", "拒接"}
	for word, want := range map[string]string{
		"windw":                  `; did you mean "window"?`,
		"wen":                    `; did you mean "when"?`,
		"window":                 `; did you mean "window"?`,
		"拒绝":                     `; did you mean "拒接"?`,
		"pre":                    `; did you mean "per"?`,
		"limit":                  "",
		"":                       "",
		strings.Repeat("x", 100): "",
	} {
		require.Equal(t, want, fault.DidYouMean(word, known), word)
	}
	require.Empty(t, fault.DidYouMean("window", nil))
}
