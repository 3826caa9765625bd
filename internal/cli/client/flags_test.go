package client

import (
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
		{map[string]string{"USER": "li", "REFRAIN_ACTOR": "nightly"}, "nightly"},
	} {
		c := console.New(nil, nil, nil)
		c.Getenv = func(name string) string { return tt.env[name] }
		require.Equal(t, tt.want, defaultActor(c))
	}
}
