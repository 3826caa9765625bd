package blob_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/blob/blobtest"
)

func TestNewCipherRefuses(t *testing.T) {
	t.Parallel()
	identity, recipient := blobtest.NewIdentity(t)
	for _, text := range []string{"", "# nothing\n", recipient, identity + "x", "passphrase"} {
		_, err := blob.NewCipher([]byte(text), nil, true)
		require.ErrorContains(t, err, "holds no identity", text)
		require.NotContains(t, err.Error(), "passphrase")
	}
	_, err := blob.NewCipher([]byte(identity), []string{"age1none"}, true)
	require.ErrorContains(t, err, "is no recipient")
}
