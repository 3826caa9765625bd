package seal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/seal"
)

func TestParseMACRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "fd8f",
		"xx8f1d37c475f655a65d55aa4b6e8fb0f287642427679bcac9c4a566cd4f6737",
		"fd8f1d37c475f655a65d55aa4b6e8fb0f287642427679bcac9c4a566cd4f673700"} {
		_, err := seal.ParseMAC(s)
		require.ErrorContains(t, err, "64 hexadecimal digits", s)
	}
}
