package request

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/fault"
)

// Request is an order to change something.
type Request struct {
	// Method names what is to be done.
	Method string
	// ID makes a repetition recognisable: the same Method and ID again changes nothing, and
	// is answered as the first time. An empty ID never repeats.
	ID string
	// Digest is a keyed hash of all that is asked, so that an ID that comes again for
	// something else is found out; "" where the subject of the order says it all.
	Digest string
	// Former are what Digest was under keys of before, by which the ID may have been kept.
	Former []string
}

// MaxReason is the length of a reason, in characters.
const MaxReason = 2000

// CheckReason refuses, as fault.Invalid, a missing reason and one above MaxReason; op is
// what the reason is given for.
func CheckReason(op, reason string) error {
	var wrong fault.Fields
	switch n := utf8.RuneCountInString(reason); {
	case strings.TrimSpace(reason) == "":
		wrong.Add("reason", "is missing; say why, for those who look at this later")
	case n > MaxReason:
		wrong.Add("reason", "has %d characters; at most %d are kept", n, MaxReason)
	}
	return wrong.Err(op)
}

// Cursor is where a page of a list ended: the time and id of its last row, by which the
// list is sorted.
type Cursor struct {
	At time.Time
	ID string
}
