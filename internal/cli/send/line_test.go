package send

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestErasedLine(t *testing.T) {
	t.Parallel()
	name, state := "recordings/1", erased
	require.Equal(t, "a.wav: was erased on purpose, and is not stored anew (recordings/1)",
		Line{File: "a.wav", Recording: &name, State: &state}.text())
}
