package freeze

import (
	"fmt"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
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
