package freeze

import (
	"fmt"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// Complaint is what a called person said to somebody else.
type Complaint struct {
	Number number.Number
	At     time.Time
	// Source is where it came in.
	Source string
	Text   string
	// Actor is who imported it.
	Actor string
}

// complaintSources are where complaints come in: the national centre for reporting
// unwanted calls, the carrier, or the company itself.
var complaintSources = []string{"12321", "carrier", "own"}

// maxClockLead is how far ahead of this machine's clock a complaint's may be.
const maxClockLead = 10 * time.Minute

func checkComplaints(complaints []Complaint, now time.Time) error {
	const op = "freeze.Complain"
	if err := checkCount(op, "complaints", len(complaints)); err != nil {
		return err
	}
	var wrong fault.Fields
	for i, c := range complaints {
		c.check(fmt.Sprintf("complaints[%d].", i), now, &wrong)
	}
	return wrong.Err(op)
}

// check notes what is wrong with the complaint at its place among others.
func (c Complaint) check(place string, now time.Time, wrong *fault.Fields) {
	if c.Number.IsZero() {
		wrong.Add(place+"number", "is missing")
	}
	if c.At.IsZero() || c.At.After(now.Add(maxClockLead)) {
		wrong.Add(place+"time", "is %s; say when they complained, which can't be later than now",
			stamp(c.At))
	}
	if !slices.Contains(complaintSources, c.Source) {
		wrong.Add(place+"source", "is %q; it must be 12321, carrier or own", c.Source)
	}
	CheckNote(wrong, place+"text", c.Text)
}

// ComplaintsResult is what an import of complaints did.
type ComplaintsResult struct {
	// Created are new, Known were imported before.
	Created, Known int
	// Frozen are the freezes that it opened.
	Frozen []Freeze
}

// KeptComplaint is a complaint as it was noted, with the call that it is about: the last one to its number
// before it.
type KeptComplaint struct {
	Complaint

	// ID is a ULID.
	ID      string
	NotedAt time.Time
	// Freeze is the one that stands, or stood, for it.
	Freeze ID
	// CallID, Agent, Line and CalledAt are the call's, zero where none is known.
	CallID, Agent, Line string
	CalledAt            time.Time
}

// ComplaintFilter selects complaints for lists. Zero fields select all.
type ComplaintFilter struct {
	Number number.Number
	Source string
	// Agent and Line are those of the call that it is about.
	Agent, Line string
	// From and Until select those that were made in this time; Until is exclusive.
	From, Until time.Time
	// Before continues a list: only what was made before.
	Before *request.Cursor
	// Limit is how many there may be, 100 where it is 0.
	Limit int
}

// CheckSource refuses what is no source of complaints; "" is for all.
func CheckSource(op, source string) error {
	if source == "" || slices.Contains(complaintSources, source) {
		return nil
	}
	var wrong fault.Fields
	wrong.Add("source", "is %q; it must be 12321, carrier or own", source)
	return wrong.Err(op)
}
