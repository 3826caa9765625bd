package freeze

import (
	"context"
	"time"

	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// Query selects freezes. Its zero fields select all.
type Query struct {
	IDs     []ID
	Numbers []number.Number
	// Names select by the names of numbers, where those were erased.
	Names  []MAC
	Reason Reason
	// Unreleased leaves out the freezes that somebody released.
	Unreleased bool
	// EndsAfter leaves out those that end by themselves at that time or before.
	EndsAfter time.Time
}

// AllowQuery selects entries of the allow list. Its zero fields select all.
type AllowQuery struct {
	IDs     []AllowID
	Numbers []number.Number
}

// Reader reads freezes and the allow list.
type Reader interface {
	// Freezes lists the freezes that q selects, in the order of the ledger. Ids that belong
	// to no freeze are left out. The Number of a freeze is zero where it was erased.
	Freezes(ctx context.Context, q Query) ([]Freeze, error)
	// Allows lists the entries of the allow list in the same way.
	Allows(ctx context.Context, q AllowQuery) ([]Allow, error)
}

// Book is the ledger, and the tables that follow from it, within one transaction.
type Book interface {
	Reader
	// Enter seals the entry behind the ledger's last one, keeps what it says of people apart
	// from it, and brings the table of freezes or the allow list to what it says. It returns
	// the entry with its place.
	Enter(ctx context.Context, e Entry, p Personal) (Entry, error)
}

// Complaints are those that were noted, within one transaction.
type Complaints interface {
	// Noted reports whether the complaint is known: the same number, time and source.
	Noted(ctx context.Context, c Complaint) (bool, error)
	// Note keeps a complaint with the freeze that stands for it.
	Note(ctx context.Context, c Complaint, f ID, now time.Time) error
}

// Tx is what a Store gives to a change.
type Tx interface {
	Book
	Complaints
}

// Store keeps the ledger, freezes, the allow list and complaints.
type Store interface {
	Reader
	// Once runs change in a transaction and commits what it did, unless the request was
	// carried out before: then change is not called and again is true. The ids are those
	// that change returned, now or then. An error of change is returned as it is, and
	// nothing is written. Where Once returns without an error, what was done is durable and
	// the gate knows of it. Invalid where the request's ID was used for another subject.
	//
	// Isolation: the ledger is one chain, so of two transactions that enter something, the
	// second waits for the first from its first Enter on; and what change read of a number
	// stays true until the commit: nobody else may enter anything about that number
	// meanwhile. Of one request at a time one is carried out, the others wait for it.
	Once(ctx context.Context, req request.Request, subject string, change Change) (ids []string,
		again bool, err error)
}

// Change does one order's work within a transaction, and names what it touched.
type Change func(ctx context.Context, tx Tx) (ids []string, err error)

// Filter selects freezes for lists. Zero fields select all.
type Filter struct {
	Number number.Number
	Reason Reason
	Class  string
	// Line selects the freezes that are only about that line.
	Line string
	Rule string
	// From and Until select those that began in this time; Until is exclusive.
	From, Until time.Time
	// ShowEnded adds freezes that were released, or have ended by Now.
	ShowEnded bool
	Now       time.Time
	// Before continues a list: only what began before.
	Before *request.Cursor
	// Limit is how many there may be, 100 where it is 0.
	Limit int
}

// AllowFilter selects entries of the allow list for lists. Zero fields select all.
type AllowFilter struct {
	Number number.Number
	// ShowEnded adds entries that were ended, or have ended by Now.
	ShowEnded bool
	Now       time.Time
	// Before continues a list: only what began before.
	Before *request.Cursor
	// Limit is how many there may be, 100 where it is 0.
	Limit int
}
