package calls

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/fault"
)

// System is what a code comes from.
type System string

// The systems.
const (
	// SIP codes are final status codes, such as 603.
	SIP System = "sip"
	// FreeSWITCH codes are hangup causes by name or number, such as CALL_REJECTED; the SIP
	// status may stand behind a slash: CALL_REJECTED/403.
	FreeSWITCH System = "freeswitch"
	// Asterisk codes are DIALSTATUS, with HANGUPCAUSE behind a slash, and the SIP status
	// behind another: BUSY/17, CHANUNAVAIL/21/603. In place of DIALSTATUS there may be the
	// disposition of a call record: NO ANSWER, FAILED.
	Asterisk System = "asterisk"
)

// Table says which outcome a code means.
type Table map[string]Outcome

// sip is by RFC 3261, section 21, and the RFCs that add to it. Of what says
// no, only this is the called person's doing: 603 (Decline) and 607 (Unwanted, RFC 8197).
// 608 (Rejected, RFC 8688) is an analytics service's between the two, which lets the
// phone not even ring: nobody was asked, so it is no attempt either. So is 603 with the
// text "Network Blocked" (ATIS-1000099). In doubt a call counts as an attempt, and never
// as rejected.
var sip = Table{
	"200": Answered,
	// The number, or whoever had it, is not there any more.
	"404": InvalidNumber, "410": InvalidNumber, "484": InvalidNumber, "485": InvalidNumber,
	"604": InvalidNumber,
	// The phone did not answer the network, is not logged in, or is elsewhere.
	"408": Unreachable, "430": Unreachable, "480": Unreachable,
	"300": Unreachable, "301": Unreachable, "302": Unreachable, "305": Unreachable,
	"380": Unreachable,
	"486": Busy, "600": Busy, "487": Cancelled,
	"603": Rejected, "607": Rejected, "608": Failed, "603 NETWORK BLOCKED": Failed,
	// The trunk's own refusals: not logged in, not paid, not allowed.
	"401": Failed, "402": Failed, "403": Failed, "407": Failed,
	// What it can't make sense of, and what it can't do just now.
	"400": Failed, "405": Failed, "406": Failed, "413": Failed, "414": Failed, "415": Failed,
	"416": Failed, "420": Failed, "421": Failed,
	"422": Failed, "423": Failed, "428": Failed, "433": Failed, "436": Failed, "437": Failed,
	"438": Failed, "481": Failed, "482": Failed,
	"483": Failed, "488": Failed, "491": Failed, "493": Failed, "606": Failed,
	"500": Failed, "501": Failed, "502": Failed, "503": Failed, "504": Failed, "505": Failed,
	"513": Failed, "580": Failed,
}

// Tables are what the codes of each system mean where nothing else is set.
func Tables() map[System]Table {
	return map[System]Table{SIP: maps.Clone(sip), FreeSWITCH: maps.Clone(freeSWITCH),
		Asterisk: maps.Clone(asterisk)}
}

// Translator reads codes. The zero Translator knows the shipped tables only.
type Translator struct {
	lines map[string]map[System]Table
}

// NewTranslator makes a translator that reads a line's codes by its own table first:
// trunks differ in what they make of the same thing. The line "" is for all lines. The
// error names everything that is wrong.
func NewTranslator(lines map[string]map[System]Table) (*Translator, error) {
	var wrong fault.Fields
	t := &Translator{lines: map[string]map[System]Table{}}
	for _, line := range slices.Sorted(maps.Keys(lines)) {
		t.lines[line] = map[System]Table{}
		for _, system := range slices.Sorted(maps.Keys(lines[line])) {
			name := strings.TrimPrefix(line+".", ".") + string(system)
			if !slices.Contains(systems, system) {
				wrong.Add(name, "is no system; it must be sip, freeswitch or asterisk")
			}
			t.lines[line][system] = ownTable(name, lines[line][system], &wrong)
		}
	}
	return t, wrong.Err("calls.Translator")
}

var systems = []System{SIP, FreeSWITCH, Asterisk}

func ownTable(name string, table Table, wrong *fault.Fields) Table {
	own := Table{}
	for _, code := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(outcomes, table[code]) {
			wrong.Add(name+"."+code, "is %q; it must be one of %v", table[code], outcomes)
		}
		own[normalCode(code)] = table[code]
	}
	return own
}

// statusForm is a SIP status as systems write it: 603, "SIP 603", "SIP/2.0 603 Decline",
// sip:603.
var statusForm = regexp.MustCompile(`^(?:SIP(?:/2\.0)?[ :/])?([1-6]\d{2})(?: +(.*))?$`)

// normalCode is the code as tables have it.
func normalCode(code string) string {
	code = strings.ToUpper(strings.TrimSpace(code))
	if m := statusForm.FindStringSubmatch(code); m != nil {
		return strings.TrimSpace(m[1] + " " + m[2])
	}
	return code
}

// OutcomeOf is what the code of a call means, as Outcome, and as its talk time decides where
// the code can't: FreeSWITCH's causes say how a call ended, not whether it was answered. Who
// talked was answered, whatever ended it; and NORMAL_CLEARING after a talk of 0 s is how a
// caller's end of an unanswered call is told.
func (t *Translator) OutcomeOf(c Call, system System) (Outcome, error) {
	o, err := t.Outcome(c.Line, system, c.Code, c.EndedBy)
	switch {
	case err != nil || system != FreeSWITCH:
	case o == Answered && c.Talk == 0 && !c.TalkUnknown:
		return NoAnswer, nil
	case c.Talk > 0 && !o.HasTalk():
		return Answered, nil
	}
	return o, err
}

// Outcome is what a code means on a line, and who ended the call: an agent or our side
// can't reject it in the called person's place, and where our side gave up ringing,
// nobody answered. The error is fault.Invalid for a code that nobody knows.
//
// Where FreeSWITCH's and Asterisk's own code means a rejection or a failure and the SIP
// status stands behind it, that decides: of CALL_REJECTED/403, which is a failure, of
// CHANUNAVAIL/127/607, which is how Asterisk 22 tells a rejection that it has no cause for.
func (t *Translator) Outcome(line string, system System, code string, by Party) (Outcome, error) {
	o, ok := t.find(line, system, normalCode(code))
	switch {
	case !ok:
		var wrong fault.Fields
		wrong.Add("code", "%q of %s is not known; give the outcome with the report, or say in "+
			"the configuration what it means (calls.lines)", code, system)
		return "", wrong.Err("calls.Outcome")
	case o == Rejected && by == BySystem:
		return Failed, nil
	case o == Rejected && by == ByAgent:
		return Cancelled, nil
	case o == Cancelled && by == BySystem:
		return NoAnswer, nil
	}
	return o, nil
}

// find looks a code up: in the line's table, in that for all lines, in the shipped one.
func (t *Translator) find(line string, system System, code string) (Outcome, bool) {
	for _, name := range []string{line, ""} {
		if o, ok := t.lines[name][system].find(code); ok {
			return o, true
		}
	}
	var o Outcome
	var ok bool
	switch system {
	case SIP:
		return sip.findStatus(code)
	case FreeSWITCH:
		o, ok = freeSWITCH.find(code)
	case Asterisk:
		o, ok = asterisk.find(code)
	}
	if status, found := statusBehind(system, code); found && (o == Rejected || o == Failed) {
		if said, known := t.find(line, SIP, status); known || o == Rejected {
			return said, known
		}
	}
	return o, ok
}

// find looks for a code, and for what is left of it without its last parts. A _ or - may
// stand for a space: NO_ANSWER.
func (t Table) find(code string) (Outcome, bool) {
	for code != "" {
		for _, written := range []string{code, spaced.Replace(code)} {
			if o, ok := t[written]; ok {
				return o, true
			}
		}
		code = code[:max(0, strings.LastIndexAny(code, "/ "))]
	}
	return "", false
}

var spaced = strings.NewReplacer("_", " ", "-", " ")

// findStatus looks for a SIP status. Those that nobody knows mean what x00 means (RFC
// 3261, section 8.1.3.2).
func (t Table) findStatus(code string) (Outcome, bool) {
	if !statusForm.MatchString(code) || code[0] == '1' { // which is not the end of a call
		return "", false
	}
	if o, ok := t.find(code); ok {
		return o, true
	}
	o, ok := t[code[:1]+"00"]
	return o, ok
}

// statusBehind is the SIP status behind a system's own code.
func statusBehind(system System, code string) (status string, found bool) {
	own := map[System]int{FreeSWITCH: 1, Asterisk: 2}[system]
	parts := strings.SplitN(code, "/", own+1)
	if own == 0 || len(parts) <= own {
		return "", false
	}
	status = normalCode(parts[own])
	return status, statusForm.MatchString(status)
}
