package app

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/atomicfile"
)

// What lies in the data directory.
const (
	lockFile   = "refrain.lock"
	dbFile     = "refrain.db"
	keyFile    = "ledger.key"
	audioDir   = "audio"
	modelsDir  = "models"
	secretSize = freeze.SecretSize
)

// lockDir makes dir if need be and takes it for this process. A second process is
// refused with the owner's pid.
func lockDir(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	name := filepath.Join(dir, lockFile)
	lock := flock.New(name, flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	if !got {
		owner, _ := os.ReadFile(name)
		return nil, fmt.Errorf("the data directory %s is in use by process %s; stop it, or use "+
			"another directory with --data",
			dir, strings.TrimSpace(string(owner)))
	}
	if err := os.WriteFile(name, fmt.Appendln(nil, os.Getpid()), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the data directory: %w", err), lock.Close())
	}
	return func() { _ = lock.Close() }, nil
}

// secret reads the key of the ledger, and makes it where the directory is new. A
// ledger whose key is gone can't be continued, so with hasLedger a missing key is an
// error.
func secret(dir string, hasLedger bool) ([]byte, error) {
	name := filepath.Join(dir, keyFile)
	text, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !hasLedger:
		return newSecret(name)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s is missing, without which the freeze ledger can be neither "+
			"checked nor continued: restore it from a backup", name)
	case err != nil:
		return nil, fmt.Errorf("read the ledger's key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) < secretSize {
		return nil, fmt.Errorf("%s does not hold a key of at least %d bytes in hexadecimal: "+
			"restore it from a backup", name, secretSize)
	}
	return key, nil
}

// newSecret makes a key that survives a crash of the machine from the moment on that
// it is used.
func newSecret(name string) ([]byte, error) {
	key := make([]byte, secretSize)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	if err := atomicfile.Write(name, []byte(hex.EncodeToString(key)+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("write the ledger's key: %w", err)
	}
	return key, nil
}
