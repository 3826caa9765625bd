package key

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWithArticle(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]string{"admin": "an admin", "auditor": "an auditor", "agent": "an agent",
		"analyst": "an analyst", "dialler": "a dialler"} {
		require.Equal(t, want, withArticle(role))
	}
}
