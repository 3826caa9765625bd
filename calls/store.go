package calls

import (
	"context"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// Span is a stretch of time, both ends included.
type Span struct{ From, To time.Time }

// LineSlot is how the calls of a line went in the ten minutes of a Slot.
type LineSlot struct {
	Line string
	// At is when the ten minutes began.
	At time.Time
	// Attempts counts the calls that were reported, Rejected those of them that the
	// called person rejected.
	Attempts, Rejected int
	// Failed tells that the line was taken for failing when it was counted last (see Guard).
	Failed bool
}

// CallTable are the calls, within one transaction.
type CallTable interface {
	// CallsByID reads those of the calls that are known, without judging their lines.
	CallsByID(ctx context.Context, ids []string) (map[string]Call, error)
	// GoneCalls tells which of the calls were known and erased since: they are not kept again.
	GoneCalls(ctx context.Context, ids []string) (map[string]bool, error)
	// PutCalls writes the calls as they are now.
	PutCalls(ctx context.Context, changed []Call) error
	// Histories reads the calls to the numbers that began in one of the spans, each judged
	// whether its line was failing, and when people released the numbers. Every number is
	// in the answer. The spans don't overlap.
	Histories(ctx context.Context, numbers []number.Number, spans []Span,
		rules Timeline) (map[number.Number]*History, error)
}

// Lines are the counts of lines, within one transaction.
type Lines interface {
	// Slot reads the counts of a line in the ten minutes that began at a time.
	Slot(ctx context.Context, line string, at time.Time) (LineSlot, error)
	// PutSlot writes the counts as they are now.
	PutSlot(ctx context.Context, s LineSlot) error
	// NumbersCalled lists the numbers that were called on a line in those ten minutes.
	NumbersCalled(ctx context.Context, line string, at time.Time) ([]number.Number, error)
}

// Tx is what a Store gives to those who write calls.
type Tx interface {
	CallTable
	Lines
	freeze.Book
	// Deny says what the rules deny of a number from now on, for the gate.
	Deny(n number.Number, denials []Denial)
}

// Store keeps calls, and what the rules make of them.
type Store interface {
	// Write runs f in one transaction. When it returns without an error, what f wrote is
	// durable and the gate knows. An error of f is returned as it is, and nothing is written.
	//
	// Isolation: f decides by all calls to a number, by the counts of lines, and by the
	// number's freezes and entries of the allow list; nobody else may change any of these
	// between f's reading them and the commit. So transactions that touch a number, or a
	// line's ten minutes, come one after the other; those about others may go on beside
	// them, up to the ledger (see freeze.Store).
	Write(ctx context.Context, f func(context.Context, Tx) error) error
	// Activate notes that a version of the rules is in force from now on. A repeated request
	// notes nothing and returns the first one's, which may have been replaced since. Which
	// version is the latest goes by the order of activations, not by their times: of two at
	// once one comes second.
	Activate(ctx context.Context, req request.Request, v RuleVersion) (RuleVersion, error)
}

// RuleVersion is a set of rules that came into force.
type RuleVersion struct {
	ID string
	// Version is the RuleSet's, Source the YAML that it was read from, and Actor who put it
	// in force.
	Version, Source, Actor string
	At                     time.Time
}

// Filter selects calls for lists. Zero fields select all.
type Filter struct {
	Number      number.Number
	Agent, Line string
	Outcome     Outcome
	// From and Until select those that started in this time; Until is exclusive.
	From, Until time.Time
	// Before continues a list: only what started before. Its ID is a call's.
	Before *request.Cursor
	// Limit is how many there may be, 100 where it is 0.
	Limit int
}

// Earlier selects the calls to a number that began before a time, reservations aside.
type Earlier struct {
	Number number.Number
	Before time.Time
	// But is a call that is left out, Lines are those that count; none for all.
	But   string
	Lines []string
	// Limit is how many are listed.
	Limit int
}

// Record is a call with what is known of it besides.
type Record struct {
	Call
	// Recordings are the ids of those that were uploaded under its call id, the oldest first.
	Recordings []string
	// CreatedAt is when it was first heard of, UpdatedAt when it changed last.
	CreatedAt, UpdatedAt time.Time
}
