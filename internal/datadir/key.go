package datadir

import (
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

// ReadKey reads a file with the ledger's secret. ok is false where there is no such file.
func ReadKey(name string) (secret []byte, ok bool, err error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read the ledger's key: %w", err)
	}
	secret, err = hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) < freeze.SecretSize {
		return nil, false, fmt.Errorf("%s does not hold a key of at least %d bytes in hexadecimal: "+
			"restore it from a backup", name, freeze.SecretSize)
	}
	return secret, true, nil
}

// NewKey makes a secret.
func NewKey() []byte {
	secret := make([]byte, freeze.SecretSize)
	_, _ = rand.Read(secret) // never fails: crypto/rand ends the program instead
	return secret
}

// WriteKey writes a secret where ReadKey finds it. It survives a crash of the machine from
// then on.
func WriteKey(name string, secret []byte) error {
	err := atomicfile.Write(name, []byte(hex.EncodeToString(secret)+"\n"), 0o600)
	if err != nil {
		return fmt.Errorf("write the ledger's key: %w", err)
	}
	return nil
}
