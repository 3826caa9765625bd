package calls

import (
	"maps"
	"strconv"
)

// q850 are the causes of ITU-T Q.850 that a call can end with before it is answered.
// RFC 3398, section 7.2.4.1, says what SIP makes of them. From 32 on a cause's class says
// that our side or the network could not do it, whichever it is.
var q850 = failing(map[string]Outcome{
	// unallocated, misdialled trunk prefix, changed, incomplete
	"1": InvalidNumber, "5": InvalidNumber, "22": InvalidNumber, "28": InvalidNumber,
	// no route, special information tone, no response, absent, redirected, out of order
	"3": Unreachable, "4": Unreachable, "18": Unreachable, "20": Unreachable,
	"23": Unreachable, "27": Unreachable,
	// unspecified, incoming calls barred, timer expired
	"31": Unreachable, "55": Unreachable, "102": Unreachable,
	"17": Busy, "19": NoAnswer, "21": Rejected,
	// another phone of the called person took the call
	"26": Cancelled,
	// no route for us, taken away, ported, rejected by a service of the network
	"2": Failed, "6": Failed, "7": Failed, "8": Failed, "9": Failed, "14": Failed, "24": Failed,
	"25": Failed, "29": Failed, "30": Failed,
}, 32, 127)

// failing adds the causes from one to another that have no outcome yet.
func failing(causes map[string]Outcome, from, to int) map[string]Outcome {
	for n := from; n <= to; n++ {
		if cause := strconv.Itoa(n); causes[cause] == "" {
			causes[cause] = Failed
		}
	}
	return causes
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
	"CALL_AWARDED_DELIVERED": Failed, "RESPONSE_TO_STATUS_ENQUIRY": Failed, "BOWOUT": Answered,
}, "", numbered(q850, freeSWITCHNumbers))

// freeSWITCHNumbers are the numbers of FreeSWITCH's causes where Q.850 has none or means
// another. Left out are 603 and 607, its USER_CHALLENGE and PROGRESS_TIMEOUT: who writes
// those numbers may as well mean the SIP statuses by which a person declines.
var freeSWITCHNumbers = map[string]Outcome{
	"16": Answered, "142": Answered, // NORMAL_CLEARING, SUCCESS
	"54":  Unreachable,                                               // INCOMING_CALL_BARRED
	"487": Cancelled,                                                 // ORIGINATOR_CANCEL
	"500": Failed, "501": Failed, "502": Cancelled, "503": Cancelled, // ... MANAGER_REQUEST
	"600": Answered, "601": Answered, "602": NoAnswer, // BLIND_TRANSFER ... ALLOTTED_TIMEOUT
	"604": Failed, "605": Cancelled, "606": Unreachable, // MEDIA_TIMEOUT ... USER_NOT_REGISTERED
	"608": Failed, "609": Failed, "610": Failed, "611": Failed, // INVALID_GATEWAY ...
	"612": NoAnswer, "613": Failed, "614": Answered, // NO_PICKUP, SRTP_READ_ERROR, BOWOUT
	"615": Busy, "616": Rejected, "617": InvalidNumber, // BUSY_EVERYWHERE, DECLINE ...
	"618": Failed, "619": Rejected, // NOT_ACCEPTABLE, UNWANTED
	"620": Failed, "621": Failed, "622": Failed, "623": Failed, "624": Failed, "625": Failed,
}

// numbered are the causes with others over them.
func numbered(causes, over map[string]Outcome) map[string]Outcome {
	out := maps.Clone(causes)
	maps.Copy(out, over)
	return out
}

// asterisk is by DIALSTATUS, as its Dial sets it, by the disposition of its call records,
// and by HANGUPCAUSE where that says more.
// A person's rejection comes as BUSY/21 (chan_sip), CHANUNAVAIL/21 (PJSIP) or
// CONGESTION/21 (ISDN); but cause 21 is also what a SIP trunk's 401, 403 and 407 become.
var asterisk = with(with(with(Table{
	"ANSWERED": Answered, "NO ANSWER": NoAnswer, "FAILED": Failed, "CANCELLED": Cancelled,
	"ANSWER": Answered, "NOANSWER": NoAnswer, "CANCEL": Cancelled, "BUSY": Busy,
	"BUSY/21":     Rejected,
	"CHANUNAVAIL": Failed, "CONGESTION": Failed, "DONTCALL": Failed, "TORTURE": Failed,
	"INVALIDARGS": Failed,
}, "CHANUNAVAIL/", q850), "CONGESTION/", q850), "FAILED/", q850)

// with adds the causes to a table, with something before each.
func with(t Table, prefix string, causes map[string]Outcome) Table {
	for cause, outcome := range causes {
		t[prefix+cause] = outcome
	}
	return t
}
