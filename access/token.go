package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"strings"

	"github.com/refrain-asr/refrain/fault"
)

// Tokens are what programs send: "refrain_", eight characters that tell the token from others and may
// be shown, "_", and 256 random bits. They are stored as a SHA-256: what is that random can't be
// guessed, however fast the hash is, and a slow one (Argon2id), which passwords need, would cost each
// request some 50 ms.
const (
	tokenStart = "refrain_"
	prefixBits = 5 // bytes, which make 8 characters
	secretBits = 32
	// prefixLen and tokenLen are in characters.
	prefixLen = len(tokenStart) + 8
	tokenLen  = prefixLen + 1 + 52
	// maxHeader is the longest header that is looked at, in bytes.
	maxHeader = 1 << 10
)

var alphabet = base32.StdEncoding.WithPadding(base32.NoPadding)

// newToken makes a token and what is stored of it.
func newToken() (token string, s Secret) {
	var prefix [prefixBits]byte
	var secret [secretBits]byte
	_, _ = rand.Read(prefix[:]) // never fails: crypto/rand ends the program instead
	_, _ = rand.Read(secret[:])
	token = strings.ToLower(tokenStart + alphabet.EncodeToString(prefix[:]) + "_" +
		alphabet.EncodeToString(secret[:]))
	return token, Secret{Prefix: token[:prefixLen], Hash: hashOf(token)}
}

func hashOf(token string) [sha256.Size]byte { return sha256.Sum256([]byte(token)) }

// Token reads an Authorization header: "Bearer TOKEN", or "Basic ..." whose password is the token, for
// programs that know no other way, such as FreeSWITCH. "" for an empty header.
func Token(header string) (string, error) {
	if header == "" {
		return "", nil
	}
	if len(header) > maxHeader {
		return "", malformed("is longer than any key")
	}
	scheme, value, _ := strings.Cut(strings.TrimSpace(header), " ")
	value = strings.TrimSpace(value)
	switch {
	case strings.EqualFold(scheme, "Bearer"):
	case strings.EqualFold(scheme, "Basic"):
		raw, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return "", malformed("is not base64")
		}
		_, value, _ = strings.Cut(string(raw), ":")
	default:
		return "", malformed("begins with neither Bearer nor Basic")
	}
	if !wellFormed(value) {
		return "", malformed("holds no key of Refrain, which begins with " + tokenStart)
	}
	return value, nil
}

func wellFormed(token string) bool {
	if len(token) != tokenLen || !strings.HasPrefix(token, tokenStart) || token[prefixLen] != '_' {
		return false
	}
	return strings.Trim(token[len(tokenStart):prefixLen]+token[prefixLen+1:],
		"abcdefghijklmnopqrstuvwxyz234567") == ""
}

// malformed never shows what came: it may be a password that was meant for somebody else.
func malformed(problem string) error {
	return &fault.Error{Op: "access.Identify", Kind: fault.Unauthenticated, Reason: "KEY_MALFORMED",
		Message: "the header Authorization " + problem + "; send: Authorization: Bearer KEY"}
}
