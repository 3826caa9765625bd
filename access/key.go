package access

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/fault"
)

// Bounds of keys. Names and lines are in bytes.
const (
	maxName  = 64
	maxLine  = 128
	maxLines = 100
	// DefaultOverlap is how long a rotated key's old token works on, MostOverlap the longest.
	DefaultOverlap = 24 * time.Hour
	MostOverlap    = 90 * 24 * time.Hour
	// maxSecrets is how many tokens of one key may work at once.
	maxSecrets = 3
)

// Key lets a program say who it is.
type Key struct {
	// ID is a ULID; Name is unique for ever, as it is what the record tells.
	ID, Name string
	Role     Role
	// Lines are those that it is for; none for all.
	Lines         []string
	ActsForOthers bool
	CreatedAt     time.Time
	CreatedBy     string
	// ExpiresAt and RevokedAt are zero for never.
	ExpiresAt, RevokedAt time.Time
	RevokedBy            string
	// Secrets are its tokens, the newest first.
	Secrets []Secret
}

// Secret is what is stored of a token.
type Secret struct {
	// Prefix is how the token begins.
	Prefix    string
	Hash      [sha256.Size]byte
	CreatedAt time.Time
	// EndsAt is when a rotation lets it end, zero for never.
	EndsAt time.Time
	// UsedAt is when it was used last, to the minute; zero for never.
	UsedAt time.Time
}

// UsedAt is when any of its tokens was used last, zero for never.
func (k Key) UsedAt() (last time.Time) {
	for _, s := range k.Secrets {
		if s.UsedAt.After(last) {
			last = s.UsedAt
		}
	}
	return last
}

// unusable says why a token of a key can't be used now, nil where it can.
func (k Key) unusable(s Secret, now time.Time) error {
	fail := func(reason, format string, args ...any) error {
		return &fault.Error{Op: "access.Identify", Kind: fault.Unauthenticated, Reason: reason,
			Message: fmt.Sprintf("the key %s "+format, append([]any{k.Name}, args...)...)}
	}
	switch {
	case !k.RevokedAt.IsZero():
		return fail("KEY_REVOKED", "was revoked")
	case !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt):
		return fail("KEY_EXPIRED", "expired on %s; an admin can add another", k.ExpiresAt.Format(time.RFC3339))
	case !s.EndsAt.IsZero() && !now.Before(s.EndsAt):
		return fail("KEY_ROTATED", "was rotated: use what was shown then in place of this one")
	}
	return nil
}

// Standing tells that the key may be used at a moment, as far as nothing of it was rotated.
func (k Key) Standing(at time.Time) bool { return k.unusable(Secret{}, at) == nil }

func (k Key) check(now time.Time) error {
	var wrong fault.Fields
	checkGrant(&wrong, k.Name, k.Role, k.Lines)
	if !k.ExpiresAt.IsZero() && !k.ExpiresAt.After(now) {
		wrong.Add("expire_time", "is over already")
	}
	return wrong.Err("access.Add")
}

// checkGrant checks what keys and people have alike.
func checkGrant(wrong *fault.Fields, name string, role Role, lines []string) {
	switch {
	case name == "":
		wrong.Add("name", "is missing; name the program or the person that it is for")
	case len(name) > maxName || !plain(name):
		wrong.Add("name", "must be letters, digits and - _ . @ of at most %d bytes", maxName)
	case Reserved(name):
		wrong.Add("name", "is what the record calls the server itself, or who asks from its machine; take another")
	}
	checkRights(wrong, role, lines)
}

// Reserved tells that nobody may be called so: it is what the record calls the server itself, or who asks from
// its machine. What can't be seen of a name makes no difference.
func Reserved(name string) bool {
	seen := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, name)
	return strings.EqualFold(seen, audit.Self) || strings.EqualFold(seen, string(Local))
}

// checkRights checks a role and the lines that it is for.
func checkRights(wrong *fault.Fields, role Role, lines []string) {
	if _, err := ParseRole(string(role)); err != nil {
		wrong.Add("role", "%s", roleProblem(err))
	}
	if len(lines) > maxLines {
		wrong.Add("lines", "has %d; at most %d", len(lines), maxLines)
	}
	for _, line := range lines {
		if line == "" || len(line) > maxLine || !utf8.ValidString(line) ||
			strings.ContainsFunc(line, unicode.IsControl) {
			wrong.Add("lines", "has %.40q, which is no line's name", line)
		}
	}
	if role == Admin && len(lines) > 0 {
		wrong.Add("lines", "can't bound an admin")
	}
}

func roleProblem(err error) string {
	_, problem, _ := strings.Cut(err.Error(), "role: ")
	return problem
}

// plain names can be written everywhere. Letters are of any script.
func plain(name string) bool {
	return utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.@", r)
	})
}

// rotated gives the key another token; those before end after the overlap.
func (k *Key) rotated(now time.Time, overlap time.Duration) (token string, err error) {
	if !k.Standing(now) {
		return "", &fault.Error{Op: "access.Rotate", Kind: fault.Precondition, Reason: "KEY_ENDED",
			Subject: "keys/" + k.Name, Message: "it was revoked or has expired; add another"}
	}
	if overlap < 0 || overlap > MostOverlap {
		var wrong fault.Fields
		wrong.Add("overlap", "is %s; it must be 0 to %d days", overlap, int(MostOverlap.Hours()/24))
		return "", wrong.Err("access.Rotate")
	}
	end := now.Add(overlap)
	for i := range k.Secrets {
		if s := &k.Secrets[i]; s.EndsAt.IsZero() || s.EndsAt.After(end) {
			s.EndsAt = end
		}
	}
	token, s := newToken()
	s.CreatedAt = now
	k.Secrets = slices.Insert(k.Secrets, 0, s)
	working := 0
	for i := range k.Secrets {
		if s := &k.Secrets[i]; s.EndsAt.IsZero() || s.EndsAt.After(now) {
			if working++; working > maxSecrets {
				s.EndsAt = now
			}
		}
	}
	return token, nil
}
