package calls

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/fault"
)

// The limits of a report.
const (
	// MaxText is in bytes, for ids, names and codes.
	MaxText = 128
	// MaxTalk is the longest call that is believed.
	MaxTalk = 24 * time.Hour
	// MaxAhead is how far a start may lie ahead of the server's clock. It is less than
	// the step between time zones, so that a time with a wrong zone is found out.
	MaxAhead = 10 * time.Minute
)

// outcomes are those that a report may have.
var outcomes = []Outcome{Answered, Rejected, NoAnswer, Busy, Unreachable, Voicemail, Cancelled,
	Failed, InvalidNumber}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// Outcomes lists the outcomes that a report may have.
func Outcomes() []Outcome { return slices.Clone(outcomes) }

// Check says everything that is wrong with a report. The error is fault.Invalid.
func (c Call) Check(now time.Time) error {
	var wrong fault.Fields
	switch {
	case c.ID == "":
		wrong.Add("call_id", "is empty; give the id that the source knows the call by")
	case strings.ContainsFunc(c.ID, func(r rune) bool { return !unicode.IsGraphic(r) }):
		wrong.Add("call_id", "is %q; it must be of characters that can be printed", c.ID)
	}
	for _, t := range []struct{ name, text string }{
		{"call_id", c.ID}, {"agent", c.Agent}, {"line", c.Line}, {"caller_id", c.CallerID},
		{"code", c.Code},
	} {
		checkText(t.name, t.text, &wrong)
	}
	if c.Number.IsZero() {
		wrong.Add("number", "is missing")
	}
	c.checkStart(now, &wrong)
	if !slices.Contains(outcomes, c.Outcome) {
		wrong.Add("outcome", "is %q; it must be one of %v%s", c.Outcome, outcomes,
			fault.DidYouMean(string(c.Outcome), words(outcomes)))
	}
	c.checkTalk(&wrong)
	c.checkEnd(now, &wrong)
	switch c.EndedBy {
	case NobodyKnown, ByCustomer, ByAgent, BySystem:
	default:
		wrong.Add("ended_by", "is %q; it must be customer, agent or system, or left out", c.EndedBy)
	}
	if c.Revision < 1 {
		wrong.Add("revision", "is %d; revisions count from 1", c.Revision)
	}
	return wrong.Err(reportOp)
}

func (c Call) checkStart(now time.Time, wrong *fault.Fields) {
	switch {
	case c.Start.IsZero():
		wrong.Add("start_time", "is missing; give the time at which the call began to be dialled")
	case c.Start.After(now.Add(MaxAhead)):
		wrong.Add("start_time", "is %s, %s ahead of this server's clock; is its time zone right?",
			c.Start.UTC().Format(time.RFC3339),
			c.Start.Sub(now).Round(time.Minute))
	case c.Start.Year() < 1990:
		wrong.Add("start_time", "is %s; it must be the time of the call",
			c.Start.UTC().Format(time.RFC3339))
	}
}

func (c Call) checkTalk(wrong *fault.Fields) {
	switch {
	case c.Talk < 0 || c.Talk > MaxTalk:
		wrong.Add("talk", "is %s; it must lie between 0 and %s", c.Talk, MaxTalk)
	case c.Talk > 0 && c.TalkUnknown:
		wrong.Add("talk", "is %s, and said to be unknown", c.Talk)
	case c.Talk > 0 && !c.Outcome.HasTalk():
		wrong.Add("talk",
			"is %s, but the outcome is %s; only answered calls and voicemail have one", c.Talk,
			c.Outcome)
	}
}

// checkEnd refuses a call that goes on after now: no source knows how long it will be, but
// many write milliseconds. A source whose clock is ahead is given as much as for its starts.
func (c Call) checkEnd(now time.Time, wrong *fault.Fields) {
	if c.Start.After(now) {
		now = c.Start
	}
	end := c.Start.Add(c.Talk)
	if c.Talk > MaxTalk || !end.After(now.Add(MaxAhead)) {
		return
	}
	wrong.Add("talk", "is %s, so that the call would end %s ahead of this server's clock; are "+
		"these milliseconds?", c.Talk, end.Sub(now).Round(time.Minute))
}

// checkText wants plain text of at most MaxText bytes.
func checkText(name, text string, wrong *fault.Fields) {
	switch {
	case len(text) > MaxText:
		wrong.Add(name, "has %d bytes; at most %d are taken", len(text), MaxText)
	case !utf8.ValidString(text):
		wrong.Add(name, "is not UTF-8")
	case strings.ContainsFunc(text, unicode.IsControl):
		wrong.Add(name, "contains control characters")
	}
}

// Status says what became of a report.
type Status string

// The statuses.
const (
	// Created is the first report of a call, or the one that settles its reservation.
	Created Status = "created"
	Updated Status = "updated"
	// Unchanged is a report of what is known already, or of a leg that tells less of the call.
	Unchanged Status = "unchanged"
	// Stale is a report with a lower revision than the one known, which counts.
	Stale Status = "stale"
)

// Merge says what counts after a report: the higher revision, and of one revision the
// weightiest leg. Stored is nil where the call is not known yet. Two reports of one revision
// that are no legs of one call must say the same, but for what again takes: else the error is
// fault.Exists and names what differs.
func Merge(stored *Call, in Call) (Call, Status, error) {
	in = in.rounded()
	switch {
	case stored != nil && stored.Revision == 0 && stored.Number != in.Number:
		return *stored, "", &fault.Error{Op: reportOp, Kind: fault.Exists,
			Reason: "RESERVATION_CONFLICT", Subject: "calls/" + in.ID,
			Message: "that call id was reserved for another number; report the call under an id " +
				"of its own"}
	case stored == nil || stored.Revision == 0:
		return in, Created, nil
	case in.Revision > stored.Revision:
		return in, Updated, nil
	case in.Revision < stored.Revision:
		return *stored, Stale, nil
	}
	differs := in.difference(*stored)
	if len(differs) > 0 && !legs(stored, &in) && !in.retractsTalk(stored) {
		return *stored, "", &fault.Error{Op: reportOp, Kind: fault.Exists,
			Reason: "REVISION_CONFLICT", Subject: "calls/" + in.ID,
			Message: fmt.Sprintf("revision %d is known with another %s; report the correction "+
				"with a higher revision",
				in.Revision, strings.Join(differs, ", ")),
			Meta: map[string]string{"revision": fmt.Sprint(stored.Revision)}}
	}
	if now := again(stored, &in); now != *stored {
		return now, Updated, nil
	}
	return *stored, Unchanged, nil
}

// rounded is the call as it will be read again.
func (c Call) rounded() Call {
	c.Start, c.Talk = c.Start.UTC().Truncate(time.Microsecond), c.Talk.Truncate(time.Microsecond)
	c.TalkUnknown = c.TalkUnknown && c.Outcome.HasTalk()
	c.ReservedUntil, c.Untrusted = time.Time{}, false
	return c
}

// difference names the fields in which two reports contradict each other. Whether a number is
// virtual is not among them: see again.
func (c Call) difference(o Call) []string {
	o = o.rounded()
	var names []string
	for _, f := range []struct {
		name string
		same bool
	}{
		{"number", c.Number == o.Number}, {"agent", c.Agent == o.Agent}, {"line", c.Line == o.Line},
		{"caller_id", c.CallerID == o.CallerID},
		{"start_time", c.Start.Equal(o.Start)}, {"outcome", c.Outcome == o.Outcome},
		{"talk", c.Talk == o.Talk && c.TalkUnknown == o.TalkUnknown},
		{"ended_by", c.EndedBy == o.EndedBy},
		{"code", c.Code == o.Code},
	} {
		if !f.same {
			names = append(names, f.name)
		}
	}
	return names
}
