package freeze

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// rotated are keys of so many generations, of which secret numbers the first.
func rotated(t *testing.T, secrets ...byte) Keys {
	t.Helper()
	var all [][]byte
	for _, s := range secrets {
		all = append(all, bytes.Repeat([]byte{s}, SecretSize))
	}
	k, err := NewKeys(all...)
	require.NoError(t, err)
	return k
}

// grown seals so many entries behind those of a ledger.
func grown(t *testing.T, k Keys, ledger []Entry, n int) []Entry {
	t.Helper()
	var seq int64
	var prev MAC
	if len(ledger) > 0 {
		seq, prev = ledger[len(ledger)-1].Seq, ledger[len(ledger)-1].MAC
	}
	for range n {
		e := k.Seal(seq, prev, Entry{Kind: Opened, FreezeID: "a", At: noon, NumberMAC: k.NumberMAC(parse(t, "13800138000"))})
		ledger, seq, prev = append(ledger, e), e.Seq, e.MAC
	}
	return ledger
}

// changed enters that the key changed.
func changed(k Keys, ledger []Entry) []Entry {
	last := ledger[len(ledger)-1]
	return append(ledger, k.Seal(last.Seq, last.MAC, Entry{Kind: KeyRotated, At: noon, Class: k.ID()}))
}

func TestGenerations(t *testing.T) {
	t.Parallel()
	one, two, three := rotated(t, 1), rotated(t, 1, 2), rotated(t, 1, 2, 3)
	require.Equal(t, rotated(t, 3).ID(), three.ID(), "the last is in force")
	require.Equal(t, []string{three.ID(), two.ID(), one.ID()}, three.IDs())
	n := parse(t, "13800138000")
	require.Equal(t, rotated(t, 3).NumberMAC(n), three.NumberMAC(n))
	require.Equal(t, []MAC{three.NumberMAC(n), two.NumberMAC(n), one.NumberMAC(n)}, three.NumberMACs(n))
	at, ok := three.At(two.ID())
	require.True(t, ok)
	require.Equal(t, two, at)
	_, ok = one.At(two.ID())
	require.False(t, ok)
	_, err := NewKeys()
	require.Error(t, err)
}

func TestVerifierFollowsGenerations(t *testing.T) {
	t.Parallel()
	one, two, three := rotated(t, 1), rotated(t, 1, 2), rotated(t, 1, 2, 3)
	ledger := grown(t, one, nil, 2)
	ledger = grown(t, two, changed(two, ledger), 2)
	ledger = grown(t, three, changed(three, ledger), 2)
	verify := func(k Keys, ledger []Entry) error {
		v := Verifier{Keys: k}
		for _, e := range ledger {
			if err := v.Next(e); err != nil {
				return err
			}
		}
		return v.End()
	}
	require.NoError(t, verify(three, ledger))
	require.NoError(t, verify(two, ledger[:5]), "as it was in a backup of then")
	require.NoError(t, verify(rotated(t, 1, 2), changed(two, grown(t, one, nil, 1))))
	for name, tt := range map[string]struct {
		keys   Keys
		ledger []Entry
		want   string
	}{
		"cut off where the key changed":       {three, ledger[:5], "sealed with a key that was given up"},
		"written anew with the key of before": {three, grown(t, one, nil, 8), "sealed with a key that was given up"},
		"gone on with the key of before":      {three, grown(t, two, ledger, 1), "given up before it"},
		"changed without a word":              {two, grown(t, two, grown(t, one, nil, 1), 1), "does not say so"},
		"without the first generation":        {rotated(t, 2, 3), ledger, "entry 1 was changed"},
		"without a generation between":        {rotated(t, 1, 3), ledger, "entry 3 was changed"},
	} {
		err := verify(tt.keys, tt.ledger)
		require.ErrorIs(t, err, ErrTampered, name)
		require.ErrorContains(t, err, tt.want, name)
	}
}
