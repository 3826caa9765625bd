package datadir

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/atomicfile"
)

// PutKeyBack is what to do where the ledger's key is missing or damaged.
const PutKeyBack = "put it back from where you keep a copy (backups hold it only with --with-key)"

// ReadKey reads a file with the secrets of the ledger's key, that of its first generation first.
// ok is false where there is no such file.
func ReadKey(name string) (secrets [][]byte, ok bool, err error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read the ledger's key: %w", err)
	}
	secrets, err = ParseKey(text)
	if err != nil {
		return nil, false, fmt.Errorf("%s %w", name, err)
	}
	return secrets, true, nil
}

// ParseKey reads what FormatKey wrote. Its errors tell nothing of the secrets.
func ParseKey(text []byte) (secrets [][]byte, err error) {
	if strings.HasPrefix(strings.TrimSpace(string(text)), "refrain_") {
		return nil, errors.New("holds a key to the API; what is wanted is the ledger's key (" + KeyFile + ")")
	}
	for line := range strings.Lines(strings.TrimSpace(string(text))) {
		secret, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil || len(secret) < freeze.SecretSize {
			return nil, fmt.Errorf("does not hold a key of at least %d bytes in hexadecimal, on a line for each of "+
				"its generations: "+PutKeyBack, freeze.SecretSize)
		}
		for _, s := range secrets {
			if bytes.Equal(s, secret) {
				return nil, errors.New("holds the same generation of the key twice")
			}
		}
		secrets = append(secrets, secret)
	}
	if len(secrets) == 0 {
		return nil, errors.New("does not hold a key, it is empty: " + PutKeyBack)
	}
	return secrets, nil
}

// FormatKey writes the secrets of all generations, a line each in hexadecimal, the first
// generation first: a key that was never rotated is one line.
func FormatKey(secrets [][]byte) []byte {
	var text []byte
	for _, s := range secrets {
		text = append(hex.AppendEncode(text, s), '\n')
	}
	return text
}

// NewKey makes the secret of a generation.
func NewKey() []byte {
	secret := make([]byte, freeze.SecretSize)
	_, _ = rand.Read(secret) // never fails: crypto/rand ends the program instead
	return secret
}

// WriteKey writes secrets where ReadKey finds them, all of them or none. They survive a crash of
// the machine from then on.
func WriteKey(name string, secrets ...[]byte) error {
	if err := atomicfile.Write(name, FormatKey(secrets), 0o600); err != nil {
		return fmt.Errorf("write the ledger's key: %w", err)
	}
	return nil
}
