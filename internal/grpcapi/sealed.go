package grpcapi

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// sealed encrypts text for a purpose so that unsealed knows whether it did. What is equal stays equal: the first
// tag bytes are a keyed hash of the text, which is the IV, too (as in RFC 5297).
func sealed(key []byte, purpose string, text []byte, tag int) []byte {
	out := slices.Concat(tagOf(key, purpose, text)[:tag], text)
	keystream(key, out[:tag], out[tag:])
	return out
}

// unsealed is what was sealed; ok is false for what this key did not seal for that purpose.
func unsealed(key []byte, purpose string, b []byte, tag int) (text []byte, ok bool) {
	if len(b) < tag {
		return nil, false
	}
	text = append(text, b[tag:]...)
	keystream(key, b[:tag], text)
	return text, hmac.Equal(b[:tag], tagOf(key, purpose, text)[:tag])
}

func tagOf(key []byte, purpose string, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	_ = binary.Write(h, binary.BigEndian, uint32(len(purpose)))
	h.Write([]byte(purpose))
	h.Write(text)
	return h.Sum(nil)
}

// keystream encrypts text, or decrypts it, in its place.
func keystream(key, tag, text []byte) {
	derived := hmac.New(sha256.New, key)
	derived.Write([]byte("refrain sealed texts v1"))
	block, err := aes.NewCipher(derived.Sum(nil))
	if err != nil { // SHA-256 has the size of a key
		panic(err)
	}
	iv := make([]byte, aes.BlockSize)
	copy(iv, tag)
	cipher.NewCTR(block, iv).XORKeyStream(text, text)
}
