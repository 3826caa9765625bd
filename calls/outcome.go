package calls

import (
	"maps"
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
	// FreeSWITCH codes are hangup causes by name, such as CALL_REJECTED; the SIP status
	// may stand behind a slash: CALL_REJECTED/403.
	FreeSWITCH System = "freeswitch"
	// Asterisk codes are DIALSTATUS, with HANGUPCAUSE behind a slash: BUSY/17.
	Asterisk System = "asterisk"
)

// Table says which outcome a code means.
type Table map[string]Outcome

// sip is by RFC 3261, and 607 and 608 by RFC 8197 and RFC 8688. 608 is an intermediary's
// doing, such as an analytics service's, and not the called person's.
var sip = Table{
	"200": Answered,
	"404": InvalidNumber, "410": InvalidNumber, "484": InvalidNumber, "485": InvalidNumber, "604": InvalidNumber,
	"480": Unreachable, "430": Unreachable, "301": Unreachable, "302": Unreachable,
	"408": NoAnswer, "487": Cancelled, "486": Busy, "600": Busy,
	"603": Rejected, "607": Rejected, "608": Failed,
	// The trunk's own refusals: not logged in, not paid, forbidden.
	"401": Failed, "402": Failed, "403": Failed, "407": Failed,
	"400": Failed, "405": Failed, "406": Failed, "413": Failed, "414": Failed, "415": Failed, "416": Failed, "420": Failed, "421": Failed,
	"423": Failed, "481": Failed, "482": Failed, "483": Failed, "488": Failed, "491": Failed, "493": Failed, "606": Failed,
	"500": Failed, "501": Failed, "502": Failed, "503": Failed, "504": Failed, "505": Failed, "513": Failed, "580": Failed,
}

// freeSWITCH is by its table of hangup causes, which are those of Q.850 and its own.
var freeSWITCH = Table{
	"NORMAL_CLEARING": Answered, "SUCCESS": Answered, "ATTENDED_TRANSFER": Answered, "BLIND_TRANSFER": Answered,
	"CALL_REJECTED": Rejected, "USER_BUSY": Busy,
	"NO_ANSWER": NoAnswer, "NO_USER_RESPONSE": NoAnswer, "ALLOTTED_TIMEOUT": NoAnswer, "PROGRESS_TIMEOUT": NoAnswer,
	"ORIGINATOR_CANCEL": Cancelled, "LOSE_RACE": Cancelled, "PICKED_OFF": Cancelled, "MANAGER_REQUEST": Cancelled,
	"UNALLOCATED_NUMBER": InvalidNumber, "INVALID_NUMBER_FORMAT": InvalidNumber, "NUMBER_CHANGED": InvalidNumber,
	"SUBSCRIBER_ABSENT": Unreachable, "USER_NOT_REGISTERED": Unreachable, "DESTINATION_OUT_OF_ORDER": Unreachable,
	"NO_ROUTE_DESTINATION": Unreachable, "INCOMING_CALL_BARRED": Unreachable,
	"NORMAL_UNSPECIFIED": Failed, "NORMAL_TEMPORARY_FAILURE": Failed, "NORMAL_CIRCUIT_CONGESTION": Failed, "SWITCH_CONGESTION": Failed,
	"NETWORK_OUT_OF_ORDER": Failed, "RECOVERY_ON_TIMER_EXPIRE": Failed, "FACILITY_REJECTED": Failed, "OUTGOING_CALL_BARRED": Failed,
	"BEARERCAPABILITY_NOTAUTH": Failed, "BEARERCAPABILITY_NOTAVAIL": Failed, "SERVICE_UNAVAILABLE": Failed, "SERVICE_NOT_IMPLEMENTED": Failed,
	"FACILITY_NOT_IMPLEMENTED": Failed, "FACILITY_NOT_SUBSCRIBED": Failed, "CHAN_NOT_IMPLEMENTED": Failed, "BEARERCAPABILITY_NOTIMPL": Failed,
	"INCOMPATIBLE_DESTINATION": Failed, "EXCHANGE_ROUTING_ERROR": Failed, "INTERWORKING": Failed, "PROTOCOL_ERROR": Failed,
	"MANDATORY_IE_MISSING": Failed, "NO_ROUTE_TRANSIT_NET": Failed, "REQUESTED_CHAN_UNAVAIL": Failed, "PRE_EMPTED": Failed,
	"USER_CHALLENGE": Failed, "MEDIA_TIMEOUT": Failed, "GATEWAY_DOWN": Failed, "INVALID_GATEWAY": Failed, "INVALID_PROFILE": Failed,
	"SYSTEM_SHUTDOWN": Failed, "CRASH": Failed,
}

// asterisk is by DIALSTATUS. Cause 21 comes with SIP's 401, 403 and 407 as well as 603;
// only the last makes the status BUSY, so that only that is the called person's doing.
var asterisk = Table{
	"ANSWER": Answered, "NOANSWER": NoAnswer, "CANCEL": Cancelled, "BUSY": Busy, "BUSY/21": Rejected,
	"CHANUNAVAIL": Failed, "CONGESTION": Failed, "DONTCALL": Failed, "TORTURE": Failed, "INVALIDARGS": Failed,
	"CHANUNAVAIL/1": InvalidNumber, "CONGESTION/1": InvalidNumber, "CHANUNAVAIL/22": InvalidNumber, "CONGESTION/22": InvalidNumber,
	"CHANUNAVAIL/28": InvalidNumber, "CONGESTION/28": InvalidNumber,
	"CHANUNAVAIL/20": Unreachable, "CONGESTION/20": Unreachable, "CHANUNAVAIL/27": Unreachable, "CONGESTION/27": Unreachable,
	"CONGESTION/19": NoAnswer, "CONGESTION/18": NoAnswer,
}

// Tables are what the codes of each system mean where nothing else is set.
func Tables() map[System]Table {
	return map[System]Table{SIP: maps.Clone(sip), FreeSWITCH: maps.Clone(freeSWITCH), Asterisk: maps.Clone(asterisk)}
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
	known := Tables()
	t := &Translator{lines: map[string]map[System]Table{}}
	for line, systems := range lines {
		t.lines[line] = map[System]Table{}
		for system, table := range systems {
			name := strings.TrimPrefix(line+".", ".") + string(system)
			if known[system] == nil {
				wrong.Add(name, "is no system; it must be sip, freeswitch or asterisk")
				continue
			}
			own := Table{}
			for code, outcome := range table {
				if !slices.Contains(outcomes, outcome) {
					wrong.Add(name+"."+code, "is %q; it must be one of %v", outcome, outcomes)
				}
				own[normalCode(code)] = outcome
			}
			t.lines[line][system] = own
		}
	}
	return t, wrong.Err("calls.Translator")
}

func normalCode(code string) string { return strings.ToUpper(strings.TrimSpace(code)) }

// Outcome is what a code means on a line. Where the system itself ended the call, it was
// not the called person who rejected it, whatever the code says. The error is
// fault.Invalid for a code that nobody knows.
func (t *Translator) Outcome(line string, system System, code string, by Party) (Outcome, error) {
	code = normalCode(code)
	o, ok := t.find(line, system, code)
	switch {
	case !ok:
		var wrong fault.Fields
		wrong.Add("code", "%q of %s is not known; give the outcome with the report, or set what it means in the configuration (calls.lines)", code, system)
		return "", wrong.Err("calls.Outcome")
	case o == Rejected && by == BySystem:
		return Failed, nil
	}
	return o, nil
}

func (t *Translator) find(line string, system System, code string) (Outcome, bool) {
	cause, status, both := strings.Cut(code, "/")
	for _, name := range []string{line, ""} {
		for _, key := range []string{code, cause} {
			if o, ok := t.lines[name][system][key]; ok {
				return o, true
			}
		}
	}
	switch system {
	case FreeSWITCH:
		// FreeSWITCH makes one cause of 401, 402, 403, 407 and 603.
		if both && freeSWITCH[cause] == Rejected {
			return t.find(line, SIP, status)
		}
		o, ok := freeSWITCH[cause]
		return o, ok
	case Asterisk:
		if o, ok := asterisk[code]; ok {
			return o, true
		}
		o, ok := asterisk[cause]
		return o, ok
	case SIP:
		return sipOutcome(code)
	}
	return "", false
}

// sipOutcome reads codes that no table names by their class.
func sipOutcome(code string) (Outcome, bool) {
	if o, ok := sip[code]; ok {
		return o, true
	}
	if len(code) != 3 || strings.Trim(code, "0123456789") != "" {
		return "", false
	}
	switch code[0] {
	case '2':
		return Answered, true
	case '4', '5', '6':
		return Failed, true
	}
	return "", false
}
