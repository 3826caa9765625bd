package audit

import (
	"bytes"
	"crypto/hmac"
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/seal"
)

// Action is what was done: a thing and a verb, such as "key.add".
type Action string

// The actions that the record knows. Other packages may add theirs: any text of that form will do.
const (
	// KeyAdd, KeyRotate and KeyRevoke are about keys; who was refused is SignInFailed, who may not
	// do what he asked for is Refused.
	KeyAdd       Action = "key.add"
	KeyRotate    Action = "key.rotate"
	KeyRevoke    Action = "key.revoke"
	SignIn       Action = "sign_in"
	SignInFailed Action = "sign_in.failed"
	SignOut      Action = "sign_out"
	Refused      Action = "refused"

	// Those that begin with user are about people who sign in.
	UserAdd        Action = "user.add"
	UserChange     Action = "user.change"
	UserPassword   Action = "user.password"
	UserDisable    Action = "user.disable"
	UserEnable     Action = "user.enable"
	UserSignOut    Action = "user.sign_out"
	UserTOTP       Action = "user.totp"
	UserTOTPRemove Action = "user.totp_remove"

	// LedgerKeyRotate is that another key seals the ledger, and this record, from here on.
	LedgerKeyRotate Action = "ledger_key.rotate"

	// Reveal is that somebody saw numbers in full, or took audio away.
	Reveal Action = "reveal"
	Export Action = "export"
	// Listen is that somebody fetched a recording's file.
	Listen Action = "recording.listen"

	DecisionMake   Action = "decision.make"
	DecisionRevert Action = "decision.revert"
	DecisionAppeal Action = "decision.appeal"

	FreezeCreate     Action = "freeze.create"
	FreezeImport     Action = "freeze.import"
	FreezeExtend     Action = "freeze.extend"
	FreezeRelease    Action = "freeze.release"
	AllowanceCreate  Action = "allowance.create"
	AllowanceEnd     Action = "allowance.end"
	ComplaintsImport Action = "complaints.import"

	LexiconActivate Action = "lexicon.activate"
	RulesActivate   Action = "rules.activate"

	RunCreate Action = "run.create"
	RunPause  Action = "run.pause"
	RunResume Action = "run.resume"
	RunCancel Action = "run.cancel"

	// Delete and Hold are about data: what was deleted, and what may not be.
	Delete      Action = "delete"
	HoldPlace   Action = "hold.place"
	HoldRelease Action = "hold.release"
)

// MAC is a keyed hash (HMAC-SHA-256).
type MAC = seal.MAC

// Entry is one line of the record. Whoever records sets At to Details; the rest is the store's.
// Telephone numbers never stand in it: the store masks what looks like one.
type Entry struct {
	// At is when it was done; the zero time is now.
	At time.Time
	// Actor is who did it: a person's or a key's name, or "refrain" where the server itself did.
	Actor string
	// From is where the request came from: an address without a port, "admin socket", or "" where
	// the server itself acted.
	From   string
	Action Action
	// Subject is the name of what it was done to, such as "suspects/01J...", "" where there is no
	// single one.
	Subject string
	// Reason is what the actor gave as his reason, "" for none.
	Reason string
	// Details are further facts, such as the role of a key.
	Details map[string]string

	// Seq counts from 1 without gaps.
	Seq int64
	// KeyID names the key that sealed the entry.
	KeyID string
	// Prev is the MAC of the entry before, zero for the first; MAC chains the entry to all before it.
	Prev, MAC MAC
}

// Keys seal the record. They are derived from the secret of the ledger.
type Keys struct {
	id    string
	chain []byte
}

// NewKeys makes keys of a secret of their own; id names what it was derived from.
func NewKeys(id string, chain []byte) Keys { return Keys{id, chain} }

// Valid tells that the keys were made by NewKeys: the zero Keys protect nothing.
func (k Keys) Valid() bool { return len(k.chain) > 0 }

// Seal places e behind the entry with number prevSeq and MAC prev.
func (k Keys) Seal(prevSeq int64, prev MAC, e Entry) Entry {
	e.Seq, e.Prev, e.KeyID = prevSeq+1, prev, k.id
	e.At = e.At.UTC().Truncate(time.Microsecond) // what storage would drop
	e.MAC = k.sum(e.canonical())
	return e
}

// Sealed tells whether e was sealed with the keys, as it is.
func (k Keys) Sealed(e Entry) bool {
	want := k.sum(e.canonical())
	return hmac.Equal(e.MAC[:], want[:])
}

// Anchor proves that the record was shortened in order: that all up to an entry was deleted
// because it was old.
func (k Keys) Anchor(seq int64, mac MAC) MAC {
	var b bytes.Buffer
	b.WriteString("anchor")
	_ = binary.Write(&b, binary.BigEndian, seq)
	b.Write(mac[:])
	return k.sum(b.Bytes())
}

func (k Keys) sum(data []byte) MAC { return seal.Sum(k.chain, data) }

// canonical spells the entry without its MAC in one way only: every text with its length before it.
func (e Entry) canonical() []byte {
	var b bytes.Buffer
	put := func(p string) {
		_ = binary.Write(&b, binary.BigEndian, uint32(len(p)))
		b.WriteString(p)
	}
	_ = binary.Write(&b, binary.BigEndian, e.Seq)
	_ = binary.Write(&b, binary.BigEndian, e.At.UnixMicro())
	for _, text := range []string{e.Actor, e.From, string(e.Action), e.Subject, e.Reason, e.KeyID} {
		put(text)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Details)) {
		put(name)
		put(e.Details[name])
	}
	b.Write(e.Prev[:])
	return b.Bytes()
}
