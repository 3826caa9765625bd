package freeze

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/seal"
)

// Kind says what a ledger entry records.
type Kind string

// The kinds of entries.
const (
	Opened Kind = "freeze"
	// Extended moves the end of a freeze.
	Extended Kind = "extend"
	Released Kind = "release"
	// Allowed puts a number on the allow list, Disallowed takes it off.
	Allowed    Kind = "allow"
	Disallowed Kind = "disallow"
	// KeyRotated begins another generation of the ledger's key, which it is the first to be
	// sealed with. It is about no number.
	KeyRotated Kind = "rotate-key"
)

// MAC is a keyed hash or a commitment (SHA-256).
type MAC = seal.MAC

// Entry is one line of the ledger. Nothing in it names a person: the number is
// there as a keyed hash, and the rest of the personal data as a salted commitment,
// so that the data can be erased while the chain still proves itself.
type Entry struct {
	// Seq counts from 1 without gaps.
	Seq  int64
	Kind Kind
	// FreezeID is the freeze, or of the kinds Allowed and Disallowed the AllowID.
	FreezeID ID
	// At is when it took effect, to the microsecond. Of an extension it is when it was
	// ordered.
	At time.Time
	// Reason is why a freeze was opened; of a release it is its Cause, and of KeyRotated the ID
	// of the keys before, whose Class is the ID of those from there on.
	Reason Reason
	Class  string
	// Until is the end of the freeze or the entry of the allow list, zero for none and
	// for releases.
	Until time.Time
	// Line is the only line that the freeze is about, "" for all.
	Line string
	// Rule and RuleVersion name the rule that froze.
	Rule, RuleVersion string
	// NumberMAC is the keyed hash of the number.
	NumberMAC MAC
	// Commitment commits to the Personal data of the entry.
	Commitment MAC
	// Prev is the MAC of the entry before, zero for the first.
	Prev MAC
	// MAC chains the entry to all before it.
	MAC MAC
}

// Entered is when the entry was made, by the clock of then: what it opens may begin before or
// after that, but the ID is of that moment.
func (e Entry) Entered() time.Time {
	id, err := ulid.ParseStrict(string(e.FreezeID))
	if err != nil || e.Kind != Opened && e.Kind != Allowed {
		return e.At
	}
	return id.Timestamp().UTC()
}

// Personal is what an entry says about people. It lies apart from the ledger, so
// that it can be erased.
type Personal struct {
	Number   string   `json:"number"`
	Actor    string   `json:"actor"`
	Text     string   `json:"text,omitempty"`
	Evidence Evidence `json:"evidence"`
	Salt     []byte   `json:"salt"`
}

// NewPersonal adds a fresh salt, without which a commitment could be guessed open.
func NewPersonal(n number.Number, actor, text string, ev Evidence) Personal {
	salt := make([]byte, 32)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the program instead
	return Personal{Number: n.E164(), Actor: actor, Text: text, Evidence: ev, Salt: salt}
}

// redacted tells that all but the number was erased, since somebody else's stood in it. The number
// proves itself by the entry's name of it.
func (p Personal) redacted() bool {
	return len(p.Salt) == 0 && p.Actor == "" && p.Text == "" && p.Evidence.none()
}

// none tells that there is no evidence.
func (e Evidence) none() bool {
	return e.CallID == "" && e.RecordingID == "" && e.SuspectID == "" && e.DecisionID == "" && len(e.Calls) == 0
}

// Commitment hides and binds: it tells nothing about p, and fits no other.
func (p Personal) Commitment() MAC {
	b, err := json.Marshal(p)
	if err != nil {
		panic("freeze: personal data do not marshal: " + err.Error()) // plain strings
	}
	return sha256.Sum256(b)
}

// Keys are what the ledger is sealed with. They are derived from secrets, which are kept
// outside the database: one for each generation of the key.
type Keys struct {
	chain, number []byte
	id            string
	// former are the generations before, the latest first.
	former []Keys
}

// SecretSize is the least length of the secret, in bytes.
const SecretSize = 32

// NewKeys derives the keys from the secrets of all generations, the first before the latest, which
// is in force.
func NewKeys(secrets ...[]byte) (Keys, error) {
	var keys Keys
	if len(secrets) == 0 {
		return keys, errors.New("the ledger has no key")
	}
	for _, secret := range secrets {
		next, err := newGeneration(secret)
		if err != nil {
			return Keys{}, err
		}
		if keys.Valid() {
			next.former = append([]Keys{keys.alone()}, keys.former...)
		}
		keys = next
	}
	return keys, nil
}

func newGeneration(secret []byte) (Keys, error) {
	if len(secret) < SecretSize {
		return Keys{}, fmt.Errorf("the ledger's key has %d bytes; it needs at least %d",
			len(secret), SecretSize)
	}
	chain, err := hkdf.Key(sha256.New, secret, nil, "refrain ledger chain v1", sha256.Size)
	if err != nil {
		return Keys{}, fmt.Errorf("derive the ledger's keys: %w", err)
	}
	num, err := hkdf.Key(sha256.New, secret, nil, "refrain ledger number v1", sha256.Size)
	if err != nil {
		return Keys{}, fmt.Errorf("derive the ledger's keys: %w", err)
	}
	id, err := hkdf.Key(sha256.New, secret, nil, "refrain ledger key id v1", 8)
	if err != nil {
		return Keys{}, fmt.Errorf("derive the ledger's keys: %w", err)
	}
	return Keys{chain: chain, number: num, id: hex.EncodeToString(id)}, nil
}

// alone are the keys without the generations before.
func (k Keys) alone() Keys {
	k.former = nil
	return k
}

// Generations are the keys of each generation by itself, the one in force first.
func (k Keys) Generations() []Keys { return append([]Keys{k.alone()}, k.former...) }

// ID names the secret of the generation in force, and tells nothing else of it.
func (k Keys) ID() string { return k.id }

// IDs name the secrets of all generations, the one in force first.
func (k Keys) IDs() []string {
	var ids []string
	for _, g := range k.Generations() {
		ids = append(ids, g.id)
	}
	return ids
}

// At are the keys as they were when the generation of that ID was in force; false where there
// was none.
func (k Keys) At(id string) (Keys, bool) {
	for i, g := range k.Generations() {
		if g.id == id {
			g.former = k.former[i:]
			return g, true
		}
	}
	return Keys{}, false
}

// SealedBy is the ID of the generation that e was sealed with; false where it was with none.
func (k Keys) SealedBy(e Entry) (id string, ok bool) {
	back, ok := k.sealedBy(e)
	if !ok {
		return "", false
	}
	return k.Generations()[back].id, true
}

// Sealed tells whether e was sealed with a generation of the keys, as it is.
func (k Keys) Sealed(e Entry) bool {
	_, ok := k.sealedBy(e)
	return ok
}

// sealedBy gives how many generations before the one in force e was sealed.
func (k Keys) sealedBy(e Entry) (back int, ok bool) {
	text := e.canonical()
	for back, g := range k.Generations() {
		if e.MAC == seal.Sum(g.chain, text) {
			return back, true
		}
	}
	return 0, false
}

// Derive is the key of another record that is chained as the ledger is; what names it. It tells
// nothing of the ledger's own.
func (k Keys) Derive(what string) []byte {
	derived := seal.Sum(k.chain, []byte("derive "+what))
	return derived[:]
}

// Valid tells that the keys were made by NewKeys: the zero Keys protect nothing.
func (k Keys) Valid() bool { return len(k.chain) > 0 && len(k.number) > 0 }

// NumberMAC is the name under which the ledger knows a number from now on.
func (k Keys) NumberMAC(n number.Number) MAC {
	return seal.Sum(k.number, []byte(n.E164()))
}

// NumberMACs are all names that the ledger may know a number by, the one in force first.
func (k Keys) NumberMACs(n number.Number) []MAC { return k.names([]byte(n.E164())) }

// CallMACs are the names by which a call (part "") or a recording of it is known after it was
// erased, the one in force first.
func (k Keys) CallMACs(callID, part string) []MAC {
	return k.names([]byte("call\x00" + callID + "\x00" + part))
}

// Pseudonym stands for a text in which an erased number stood: always the same for the same text.
func (k Keys) Pseudonym(text string) string {
	mac := seal.Sum(k.number, []byte("text\x00"+text))
	return "erased~" + hex.EncodeToString(mac[:4])
}

// names are the keyed hashes of a text under each generation of the key.
func (k Keys) names(text []byte) []MAC {
	out := make([]MAC, 0, 1+len(k.former))
	out = append(out, seal.Sum(k.number, text))
	for _, g := range k.former {
		out = append(out, seal.Sum(g.number, text))
	}
	return out
}

// Seal places e behind the entry with number prevSeq and MAC prev.
func (k Keys) Seal(prevSeq int64, prev MAC, e Entry) Entry {
	e.Seq, e.Prev = prevSeq+1, prev
	e.At, e.Until = micro(e.At), micro(e.Until)
	e.MAC = seal.Sum(k.chain, e.canonical())
	return e
}

// micro drops what storage would drop, so that a stored entry seals alike.
func micro(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// canonical spells the entry without its MAC in one way only: every text with its
// length before it.
func (e Entry) canonical() []byte {
	var b bytes.Buffer
	put := func(p []byte) {
		_ = binary.Write(&b, binary.BigEndian, uint32(len(p)))
		b.Write(p)
	}
	num := func(v int64) { _ = binary.Write(&b, binary.BigEndian, v) }
	num(e.Seq)
	put([]byte(e.Kind))
	put([]byte(e.FreezeID))
	num(unixMicro(e.At))
	put([]byte(e.Reason))
	put([]byte(e.Class))
	num(unixMicro(e.Until))
	put(e.NumberMAC[:])
	put(e.Commitment[:])
	put(e.Prev[:])
	// What came later goes behind, and only where there is something: entries that were
	// sealed before stay as they are.
	for _, f := range []struct{ name, value string }{{"line", e.Line}, {"rule", e.Rule},
		{"rule version", e.RuleVersion}} {
		if f.value != "" {
			put([]byte(f.name))
			put([]byte(f.value))
		}
	}
	return b.Bytes()
}

func unixMicro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// ErrTampered is what every finding of Verifier wraps.
var ErrTampered = errors.New("the ledger was tampered with")

// Verifier checks a ledger entry by entry, in order. The zero Verifier with Keys
// set stands before the first entry.
type Verifier struct {
	Keys Keys
	// Want is the MAC of an entry that was noted elsewhere and must be there; zero for
	// none. Without it a ledger whose end was cut off can't be told from a younger one.
	Want MAC

	seq  int64
	head MAC
	seen bool
	// back is how many generations before the keys in force the last entry was sealed.
	back int
}

// Next checks that e follows what was checked before, and that nothing in it was
// changed.
func (v *Verifier) Next(e Entry) error {
	switch {
	case e.Seq != v.seq+1:
		return fmt.Errorf("%w: entry %d follows entry %d", ErrTampered, e.Seq, v.seq)
	case e.Prev != v.head:
		return fmt.Errorf("%w: entry %d is not chained to the one before", ErrTampered, e.Seq)
	}
	back, ok := v.Keys.sealedBy(e)
	switch {
	case !ok:
		return fmt.Errorf("%w: entry %d was changed", ErrTampered, e.Seq)
	case v.seq > 0 && back > v.back: // whoever knows a key of before may have written it
		return fmt.Errorf("%w: entry %d was sealed with a key that was given up before it", ErrTampered, e.Seq)
	case v.seq > 0 && back != v.back && e.Kind != KeyRotated:
		return fmt.Errorf("%w: the key changed at entry %d, which does not say so", ErrTampered, e.Seq)
	}
	v.back = back
	v.seq, v.head = e.Seq, e.MAC
	v.seen = v.seen || e.MAC == v.Want
	return nil
}

// End checks, after the last entry, that it was sealed with the key in force, and that the
// wanted one was among them.
func (v *Verifier) End() error {
	if v.back > 0 { // whoever knows a key of before could have written all of it
		return fmt.Errorf("%w: the last entry was sealed with a key that was given up: the end was cut off, "+
			"or written by who had that key", ErrTampered)
	}
	if v.seen || v.Want == (MAC{}) {
		return nil
	}
	return fmt.Errorf("%w: no entry has the head %s that was noted before: the end was cut off, "+
		"or this is another ledger", ErrTampered, v.Want)
}

// Head is the number and MAC of the last entry checked.
func (v *Verifier) Head() (int64, MAC) { return v.seq, v.head }
