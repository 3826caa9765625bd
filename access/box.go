package access

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// Box seals secrets that must be read again, such as those of authenticators, so that a copy of the
// database without the ledger's key tells none.
type Box struct{ ciphers []cipher.AEAD }

// NewBox seals with the first of the keys, of 32 bytes each, and opens what any of them sealed: those
// behind it are of before the ledger's key was rotated.
func NewBox(keys ...[]byte) (Box, error) {
	var b Box
	for _, key := range keys {
		block, err := aes.NewCipher(key)
		if err != nil {
			return Box{}, fmt.Errorf("make a box: %w", err)
		}
		sealer, err := cipher.NewGCM(block)
		if err != nil {
			return Box{}, fmt.Errorf("make a box: %w", err)
		}
		b.ciphers = append(b.ciphers, sealer)
	}
	if len(b.ciphers) == 0 {
		return Box{}, errors.New("make a box: there is no key")
	}
	return b, nil
}

// Seal hides a secret. It opens for the same owner only: nobody's can be put in another's place.
func (b Box) Seal(owner string, secret []byte) []byte {
	nonce := make([]byte, b.ciphers[0].NonceSize())
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the program instead
	return b.ciphers[0].Seal(nonce, nonce, secret, []byte(owner))
}

// Open gives back what Seal hid.
func (b Box) Open(owner string, sealed []byte) ([]byte, error) {
	for _, c := range b.ciphers {
		if len(sealed) < c.NonceSize() {
			break
		}
		if secret, err := c.Open(nil, sealed[:c.NonceSize()], sealed[c.NonceSize():], []byte(owner)); err == nil {
			return secret, nil
		}
	}
	return nil, errors.New("it was sealed with another key of the ledger, or for somebody else")
}
