package figures

import (
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
)

// The keys under which the gate's answers are counted, beside the reasons of its refusals.
const (
	// Checks is how often the gate was asked.
	Checks = "checks"
	// Avoided is how many numbers were refused to a dialler, each counted once a day.
	Avoided = "avoided"
)

// GateCount names a count of the gate's answers: on a day, written 2006-01-02 by the
// rules' zone, Checks, Avoided or the reason of a refusal.
type GateCount struct{ Day, What string }

// Kind says of a freeze what made it.
type Kind struct {
	Reason      freeze.Reason
	Class, Rule string
}

// Name spells the kind: its reason, with the class of a refusal or the name of a rule.
func (k Kind) Name() string {
	switch k.Reason { //nolint:exhaustive // the others say enough
	case freeze.Refused:
		return string(k.Reason) + "/" + k.Class
	case freeze.Ruled:
		return string(k.Reason) + "/" + k.Rule
	}
	return string(k.Reason)
}

// Figures count what happened in a stretch of time.
type Figures struct {
	// From is when the stretch begins, Until when it ends.
	From, Until time.Time
	// Outcomes counts the calls that started in it, by outcome; those of calls.Pending
	// were reserved and never reported.
	Outcomes map[calls.Outcome]int64
	// Gate counts the gate's answers on the days that begin in it, by GateCount.What.
	Gate map[string]int64
	// Freezes counts those that began in it, by what made them.
	Freezes map[Kind]int64
	// Undone counts those of them that were undone since: their decision was taken back, or the calls
	// were corrected.
	Undone map[Kind]int64
	// Releases counts those that were ended in it.
	Releases map[freeze.Cause]int64
	// Complaints counts those that were made in it.
	Complaints int64
	// CallsToFrozen counts the calls to numbers that were frozen for their line then,
	// and not on the allow list.
	CallsToFrozen int64
	// CalledAgain counts the numbers among them that had refused before a reviewer.
	CalledAgain int64
}

// Calls is how many calls started, reserved ones included.
func (f Figures) Calls() int64 {
	var n int64
	for _, of := range f.Outcomes {
		n += of
	}
	return n
}

// ComplaintRate is how many complaints there were for 10,000 calls, 0 without any call.
func (f Figures) ComplaintRate() float64 { return rate(f.Complaints, f.Calls()) }

// rate is how many complaints there were for 10,000 calls.
func rate(complaints, calls int64) float64 {
	if calls == 0 {
		return 0
	}
	return float64(complaints) * 10_000 / float64(calls)
}

// days are the first and the last day that begin in a stretch, where clocks show the zone
// of from. The last is before the first where none does.
func days(from, until time.Time) (first, last string) {
	day := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, from.Location())
	if day.Before(from) {
		day = day.AddDate(0, 0, 1)
	}
	return day.Format(time.DateOnly), until.Add(-1).In(from.Location()).Format(time.DateOnly)
}
