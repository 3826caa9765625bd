package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// MAC is a keyed hash (HMAC-SHA-256), or a hash of that size.
type MAC [sha256.Size]byte

// Sum is the keyed hash of data.
func Sum(key, data []byte) MAC {
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return MAC(h.Sum(nil))
}

// String is the hash in lower-case hexadecimal.
func (m MAC) String() string { return hex.EncodeToString(m[:]) }

// ParseMAC reads what String wrote.
func ParseMAC(s string) (MAC, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != sha256.Size {
		return MAC{}, fmt.Errorf("%q is not a hash of %d hexadecimal digits", s, 2*sha256.Size)
	}
	return MAC(b), nil
}
