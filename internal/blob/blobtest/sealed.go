package blobtest

import (
	"bytes"
	"io"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/recording"
)

// NewIdentity makes an identity of age, and its recipient.
func NewIdentity(tb testing.TB) (identity, recipient string) {
	tb.Helper()
	id, err := age.GenerateX25519Identity()
	require.NoError(tb, err)
	return id.String(), id.Recipient().String()
}

// NewCipher makes a cipher of identities.
func NewCipher(tb testing.TB, write bool, identities string, recipients ...string) *blob.Cipher {
	tb.Helper()
	c, err := blob.NewCipher([]byte(identities), recipients, write)
	require.NoError(tb, err)
	return c
}

// call is audio of some of age's chunks.
var call = bytes.Repeat([]byte("a call of somebody\n"), 20_000)

// Encrypted and plain audio lie beside one another, and each is read by whom it is for.
func cipher(t *testing.T, p Place) {
	identity, _ := NewIdentity(t)
	other, recipient := NewIdentity(t)
	mine, safe, stranger := NewCipher(t, true, "# mine\n"+identity+"\n", recipient), NewCipher(t, false, other),
		NewCipher(t, true, other)
	store := func(c *blob.Cipher, audio []byte) recording.ID {
		b, err := p.Open(t, c).NewBlob()
		require.NoError(t, err)
		for part := range bytes.Lines(audio) {
			_, err := b.Write(part)
			require.NoError(t, err)
		}
		r, err := b.Reread()
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.True(t, bytes.Equal(audio, text), "what arrived is read before it is kept")
		id := NewID()
		require.NoError(t, b.Commit(t.Context(), id))
		return id
	}
	plain, sealed, strangers := store(nil, call), store(mine, call), store(stranger, call)
	alsoPlain, empty := store(NewCipher(t, false, identity), call), store(mine, nil)
	for name, tt := range map[string]struct {
		by *blob.Cipher
		of recording.ID
		ok bool
	}{
		"plain, without":            {nil, plain, true},
		"plain, with":               {mine, plain, true},
		"encrypted, by mine":        {mine, sealed, true},
		"encrypted, by the safe":    {safe, sealed, true},
		"encrypted, without":        {nil, sealed, false},
		"a stranger's":              {mine, strangers, false},
		"switched off":              {nil, alsoPlain, true},
		"both identities read both": {NewCipher(t, true, identity+"\n"+other), strangers, true},
	} {
		text, err := get(t.Context(), p.Open(t, tt.by), tt.of)
		if !tt.ok {
			require.ErrorContains(t, err, "names nothing that decrypts it", name)
			continue
		}
		require.NoError(t, err, name)
		require.True(t, bytes.Equal(call, text), name)
	}
	require.Empty(t, Get(t, p.Open(t, mine), empty))
	require.NotContains(t, string(p.Read(t, Name(sealed))), "somebody")
}

// What was changed where it lies is not taken for audio.
func damaged(t *testing.T, p Place) {
	identity, _ := NewIdentity(t)
	s := p.Open(t, NewCipher(t, true, identity))
	for name, spoil := range map[string]func([]byte) []byte{
		"cut off":         func(b []byte) []byte { return b[:len(b)-1] },
		"cut at a chunk":  func(b []byte) []byte { return b[:len(b)-len(b)%65552-1] },
		"a bit is turned": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"header alone":    func(b []byte) []byte { return b[:100] },
		"something added": func(b []byte) []byte { return append(b, 0) },
	} {
		id := Put(t, s, call)
		p.Write(t, Name(id), spoil(p.Read(t, Name(id))))
		_, err := get(t.Context(), s, id)
		require.Error(t, err, name)
	}
}
