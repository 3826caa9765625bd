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
	// behind another: BUSY/17, CHANUNAVAIL/21/603.
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

// q850 are the causes of ITU-T Q.850 that a call can end with before it is answered.
// RFC 3398, section 7.2.4.1, says what SIP makes of them.
var q850 = map[string]Outcome{
	// unallocated, changed, incomplete
	"1": InvalidNumber, "22": InvalidNumber, "28": InvalidNumber,
	// no route, no response, absent, out of order
	"3": Unreachable, "18": Unreachable, "20": Unreachable, "27": Unreachable,
	// unspecified, incoming calls barred, timer expired
	"31": Unreachable, "55": Unreachable, "102": Unreachable,
	"17": Busy, "19": NoAnswer, "21": Rejected,
	"2": Failed, "6": Failed, "25": Failed, "29": Failed, "34": Failed, "38": Failed, "41": Failed,
	"42": Failed, "43": Failed, "44": Failed,
	"47": Failed, "50": Failed, "52": Failed, "54": Failed, "57": Failed, "58": Failed,
	"63": Failed, "65": Failed, "66": Failed, "69": Failed,
	"79": Failed, "81": Failed, "88": Failed, "95": Failed, "96": Failed, "97": Failed,
	"98": Failed, "99": Failed, "100": Failed,
	"101": Failed, "111": Failed, "127": Failed,
}

// freeSWITCH is by its table of hangup causes: those of Q.850 by name, and its own. Its
// SIP module makes CALL_REJECTED of 401, 402, 403 and 407 as well as of 603; later
// versions make DECLINE of the last.
var freeSWITCH = with(Table{
	"NORMAL_CLEARING": Answered, "SUCCESS": Answered, "ATTENDED_TRANSFER": Answered,
	"BLIND_TRANSFER": Answered,
	"CALL_REJECTED":  Rejected, "DECLINE": Rejected, "UNWANTED": Rejected, "REJECT_ALL": Failed,
	"USER_BUSY": Busy, "BUSY_EVERYWHERE": Busy,
	"NO_ANSWER": NoAnswer, "ALLOTTED_TIMEOUT": NoAnswer, "PROGRESS_TIMEOUT": NoAnswer,
	"NO_PICKUP":         NoAnswer,
	"ORIGINATOR_CANCEL": Cancelled, "LOSE_RACE": Cancelled, "PICKED_OFF": Cancelled,
	"MANAGER_REQUEST":    Cancelled,
	"UNALLOCATED_NUMBER": InvalidNumber, "INVALID_NUMBER_FORMAT": InvalidNumber,
	"NUMBER_CHANGED": InvalidNumber, "DOES_NOT_EXIST_ANYWHERE": InvalidNumber,
	"SUBSCRIBER_ABSENT": Unreachable, "USER_NOT_REGISTERED": Unreachable,
	"DESTINATION_OUT_OF_ORDER": Unreachable, "NO_USER_RESPONSE": Unreachable,
	"NO_ROUTE_DESTINATION": Unreachable, "INCOMING_CALL_BARRED": Unreachable,
	"RECOVERY_ON_TIMER_EXPIRE": Unreachable, "NORMAL_UNSPECIFIED": Unreachable,
	"REDIRECTION_TO_NEW_DESTINATION": Unreachable,
	"NORMAL_TEMPORARY_FAILURE":       Failed, "NORMAL_CIRCUIT_CONGESTION": Failed,
	"SWITCH_CONGESTION": Failed, "NETWORK_OUT_OF_ORDER": Failed,
	"FACILITY_REJECTED": Failed, "FACILITY_NOT_SUBSCRIBED": Failed,
	"FACILITY_NOT_IMPLEMENTED": Failed, "OUTGOING_CALL_BARRED": Failed,
	"BEARERCAPABILITY_NOTAUTH": Failed, "BEARERCAPABILITY_NOTAVAIL": Failed,
	"BEARERCAPABILITY_NOTIMPL": Failed, "SERVICE_UNAVAILABLE": Failed,
	"SERVICE_NOT_IMPLEMENTED": Failed, "CHAN_NOT_IMPLEMENTED": Failed,
	"CHANNEL_UNACCEPTABLE": Failed, "REQUESTED_CHAN_UNAVAIL": Failed,
	"INCOMPATIBLE_DESTINATION": Failed, "NOT_ACCEPTABLE": Failed, "EXCHANGE_ROUTING_ERROR": Failed,
	"NO_ROUTE_TRANSIT_NET": Failed, "INTERWORKING": Failed,
	"PROTOCOL_ERROR": Failed, "MANDATORY_IE_MISSING": Failed, "INVALID_IE_CONTENTS": Failed,
	"WRONG_MESSAGE": Failed, "WRONG_CALL_STATE": Failed,
	"INVALID_MSG_UNSPECIFIED": Failed, "MESSAGE_TYPE_NONEXIST": Failed, "IE_NONEXIST": Failed,
	"INVALID_CALL_REFERENCE": Failed, "ACCESS_INFO_DISCARDED": Failed,
	"MANDATORY_IE_LENGTH_ERROR": Failed, "PRE_EMPTED": Failed, "NO_IDENTITY": Failed,
	"BAD_IDENTITY_INFO": Failed, "UNSUPPORTED_CERTIFICATE": Failed,
	"INVALID_IDENTITY": Failed, "STALE_DATE": Failed, "USER_CHALLENGE": Failed,
	"MEDIA_TIMEOUT": Failed, "SRTP_READ_ERROR": Failed, "GATEWAY_DOWN": Failed,
	"INVALID_GATEWAY": Failed, "INVALID_PROFILE": Failed, "INVALID_URL": Failed,
	"SYSTEM_SHUTDOWN": Failed, "CRASH": Failed,
}, "", q850)

// asterisk is by DIALSTATUS, as its Dial sets it, and by HANGUPCAUSE where that says more.
// A person's rejection comes as BUSY/21 (chan_sip), CHANUNAVAIL/21 (PJSIP) or
// CONGESTION/21 (ISDN); but cause 21 is also what a SIP trunk's 401, 403 and 407 become.
var asterisk = with(with(Table{
	"ANSWER": Answered, "NOANSWER": NoAnswer, "CANCEL": Cancelled, "BUSY": Busy,
	"BUSY/21":     Rejected,
	"CHANUNAVAIL": Failed, "CONGESTION": Failed, "DONTCALL": Failed, "TORTURE": Failed,
	"INVALIDARGS": Failed,
}, "CHANUNAVAIL/", q850), "CONGESTION/", q850)

// with adds the causes to a table, with something before each.
func with(t Table, prefix string, causes map[string]Outcome) Table {
	for cause, outcome := range causes {
		t[prefix+cause] = outcome
	}
	return t
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

// find looks for a code, and for what is left of it without its last parts.
func (t Table) find(code string) (Outcome, bool) {
	for code != "" {
		if o, ok := t[code]; ok {
			return o, true
		}
		code = code[:max(0, strings.LastIndexAny(code, "/ "))]
	}
	return "", false
}

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
