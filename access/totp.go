package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what authenticators reckon with; HMAC needs no more of it
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

// What all authenticators reckon with (RFC 6238): SHA-1, six digits, another code every half minute.
const (
	totpStep   = 30 // seconds
	totpDigits = 6
	totpSecret = 20 // bytes
	// totpSkew is by how many steps a clock may be wrong.
	totpSkew = 1
)

// newTOTP makes the secret of an authenticator.
func newTOTP() []byte {
	secret := make([]byte, totpSecret)
	_, _ = rand.Read(secret) // never fails: crypto/rand ends the program instead
	return secret
}

// TOTPSetup is what an authenticator needs.
type TOTPSetup struct {
	// Secret is in base32, URI what authenticators read as a QR code.
	Secret, URI string
}

func setupOf(name string, secret []byte) TOTPSetup {
	text := alphabet.EncodeToString(secret)
	q := url.Values{"secret": {text}, "issuer": {"Refrain"}}
	return TOTPSetup{text, "otpauth://totp/" + url.PathEscape("Refrain:"+name) + "?" + q.Encode()}
}

// totpCode is the code of a step.
func totpCode(secret []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac := hmac.New(sha1.New, secret)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%0*d", totpDigits, binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// stepOf is the step whose code is the one given, among those around now and after used; ok is false
// where it is none's.
func stepOf(secret []byte, code string, now time.Time, used int64) (step int64, ok bool) {
	at := now.Unix() / totpStep
	for s := at - totpSkew; s <= at+totpSkew; s++ {
		same := subtle.ConstantTimeCompare([]byte(totpCode(secret, s)), []byte(code)) == 1
		if same && s > used {
			step, ok = s, true
		}
	}
	return step, ok
}
