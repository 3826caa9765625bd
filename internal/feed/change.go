package feed

import (
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
)

// Kind says what a change is about.
type Kind string

// The kinds of changes.
const (
	// Freeze is a freeze that was opened, extended or released.
	Freeze Kind = "freeze"
	// Allow is an entry of the allow list that was added or ended.
	Allow Kind = "allow"
	// Denials is what the rules deny of a number, in place of what they denied before.
	Denials Kind = "denials"
	// Rules and Lexicon are versions that came into force.
	Rules   Kind = "rules"
	Lexicon Kind = "lexicon"
	// Erased is a person who was erased: its freezes stand on without its number. Who follows in the
	// same process is told the number; of that its name alone is written down.
	Erased Kind = "erased"
	// Recording is a recording that was created, or whose state changed.
	Recording Kind = "recording"
	// Suspect is a suspect that was added, or changed.
	Suspect Kind = "suspect"
	// Access is a key that was added, rotated or revoked, or somebody who signs in and was added,
	// changed, or began or ended a session.
	Access Kind = "access"
)

// Change is one thing that a transaction changed.
type Change struct {
	// Seq is its place in the order of commits, counting from 1; where a follower knows all
	// up to a Seq, it goes on from there.
	Seq  int64
	At   time.Time
	Kind Kind
	// ID is the freeze's, the entry's, the activation's, the recording's or the suspect's; of a person who was erased
	// the name by which the ledger knows the number from now on, "" where an older program wrote the change.
	ID string
	// Number is whose Denials changed.
	Number number.Number

	// Elsewhere tells that another server made the change, in the same database. Of what follows only Freeze
	// and Allow are there then, as they are when this server learns of it. What rules deny of Number, and
	// which rules, lexicons and keys there are, is to be read anew.
	Elsewhere bool

	// What follows is how it was right after the change, and only there for who follows in
	// the same process; who reads the feed later looks up how it is by then.

	// Entry is what the ledger says of a change of Freeze or Allow.
	Entry  freeze.Kind
	Freeze freeze.Freeze
	Allow  freeze.Allow
	// Denials are what the rules deny of Number.
	Denials []calls.Denial
}

// RecordingID is the ID of a change of a Recording.
func (c Change) RecordingID() recording.ID { return recording.ID(c.ID) }
