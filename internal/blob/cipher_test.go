package blob_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/recording"
)

func newIdentity(t *testing.T) (identity, recipient string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	return id.String(), id.Recipient().String()
}

func newCipher(t *testing.T, write bool, identities string, recipients ...string) *blob.Cipher {
	t.Helper()
	c, err := blob.NewCipher([]byte(identities), recipients, write)
	require.NoError(t, err)
	return c
}

// store keeps audio in a directory of blobs, and gives its id.
func store(t *testing.T, dir string, c *blob.Cipher, audio []byte) recording.ID {
	t.Helper()
	d, err := blob.Open(dir)
	require.NoError(t, err)
	d.Encrypt(c)
	b, err := d.NewBlob()
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
	id := recording.ID(ulid.Make().String())
	require.NoError(t, b.Commit(id))
	return id
}

func read(t *testing.T, dir string, c *blob.Cipher, id recording.ID) ([]byte, error) {
	t.Helper()
	d, err := blob.Open(dir)
	require.NoError(t, err)
	d.Encrypt(c)
	r, err := d.Open(id)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return io.ReadAll(r)
}

// Encrypted and plain audio lie beside one another, and each is read by whom it is for.
func TestCipher(t *testing.T) {
	t.Parallel()
	identity, _ := newIdentity(t)
	other, recipient := newIdentity(t)
	mine, safe, stranger := newCipher(t, true, "# mine\n"+identity+"\n", recipient), newCipher(t, false, other), newCipher(t, true, other)
	dir := t.TempDir()
	audio := bytes.Repeat([]byte("a call of somebody\n"), 20_000) // some of age's chunks
	plain, sealed, strangers := store(t, dir, nil, audio), store(t, dir, mine, audio), store(t, dir, stranger, audio)
	alsoPlain := store(t, dir, newCipher(t, false, identity), audio)
	empty := store(t, dir, mine, nil)
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
		"both identities read both": {newCipher(t, true, identity+"\n"+other), strangers, true},
	} {
		text, err := read(t, dir, tt.by, tt.of)
		if !tt.ok {
			require.ErrorContains(t, err, "names nothing that decrypts it", name)
			continue
		}
		require.NoError(t, err, name)
		require.True(t, bytes.Equal(audio, text), name)
	}
	text, err := read(t, dir, mine, empty)
	require.NoError(t, err)
	require.Empty(t, text)
}

// What was changed on the disk is not taken for audio.
func TestEncryptedAudioIsDamaged(t *testing.T) {
	t.Parallel()
	identity, _ := newIdentity(t)
	c := newCipher(t, true, identity)
	audio := bytes.Repeat([]byte("a call of somebody\n"), 20_000)
	for name, spoil := range map[string]func([]byte) []byte{
		"cut off":         func(b []byte) []byte { return b[:len(b)-1] },
		"cut at a chunk":  func(b []byte) []byte { return b[:len(b)-len(b)%65552-1] },
		"a bit is turned": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"header alone":    func(b []byte) []byte { return b[:100] },
		"something added": func(b []byte) []byte { return append(b, 0) },
	} {
		dir := t.TempDir()
		id := store(t, dir, c, audio)
		path := filepath.Join(dir, string(id)[24:], string(id))
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, spoil(text), 0o600))
		_, err = read(t, dir, c, id)
		require.Error(t, err, name)
	}
}

func TestNewCipherRefuses(t *testing.T) {
	t.Parallel()
	identity, recipient := newIdentity(t)
	for _, text := range []string{"", "# nothing\n", recipient, identity + "x", "passphrase"} {
		_, err := blob.NewCipher([]byte(text), nil, true)
		require.ErrorContains(t, err, "holds no identity", text)
		require.NotContains(t, err.Error(), "passphrase")
	}
	_, err := blob.NewCipher([]byte(identity), []string{"age1none"}, true)
	require.ErrorContains(t, err, "is no recipient")
}
