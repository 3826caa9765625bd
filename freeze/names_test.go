package freeze_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
)

// Who has the names alone names numbers as the ledger does, also those of before a rotation.
func TestNames(t *testing.T) {
	t.Parallel()
	keys, err := freeze.NewKeys(bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32))
	require.NoError(t, err)
	names, err := keys.Names()
	require.NoError(t, err)
	again, err := freeze.NewNames(names.Keys()...)
	require.NoError(t, err)
	n, err := number.FromE164("+8613800138000")
	require.NoError(t, err)
	for range 3 { // hashes are used again
		require.Equal(t, keys.NumberMAC(n), again.Of(n))
		require.Equal(t, keys.NumberMACs(n), again.All(n))
	}
	require.True(t, names.Same(again))
	other, err := freeze.NewNames(names.Keys()[:1]...)
	require.NoError(t, err)
	require.False(t, names.Same(other))
	for _, wrong := range [][][]byte{nil, {{1}}, make([][]byte, 100)} {
		_, err := freeze.NewNames(wrong...)
		require.Error(t, err)
	}
}
