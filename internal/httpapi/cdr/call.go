package cdr

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Outbound reports whether the switch made this leg. The others came to it: the agent's, or
// somebody who calls in.
func (r Record) Outbound() bool {
	return cmp.Or(r.vars["direction"], r.direction) == "outbound"
}

// ByTrunk reports whether the leg went out by a gateway, and so to somebody outside.
func (r Record) ByTrunk() bool { return r.first("sip_gateway_name", "sip_gateway") != "" }

// IsExtension reports whether what was dialled looks like one of the switch's own: a short
// number, or a name.
func IsExtension(dialled string) bool {
	const most = 6
	digits := 0
	for _, r := range dialled {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	return digits <= most
}

// Leg is the leg's own id.
func (r Record) Leg() string { return r.vars["uuid"] }

// Call is the report of an outbound leg. It says what it can't do without.
func (r Record) Call() (*pb.Call, error) {
	start, err := r.start()
	if err != nil {
		return nil, err
	}
	call := &pb.Call{
		// The dialplan's, or the leg that the call began with, whose recording is the call's.
		CallId: r.first("refrain_call_id", "refrain_call", "originator", "originating_leg_uuid",
			"call_uuid", "uuid"),
		// As it was dialled: once a call is transferred its destination is where it went.
		Number:     cmp.Or(r.first("refrain_number", "sip_to_user"), r.destination),
		Agent:      r.first("refrain_agent", "cc_agent"),
		Line:       r.first("refrain_line", "sip_gateway_name", "sip_gateway"),
		CallerId:   cmp.Or(r.first("origination_caller_id_number", "sip_from_user"), r.callerID),
		StartTime:  timestamppb.New(start),
		EndedBy:    endedBy[r.vars["sip_hangup_disposition"]],
		Code:       r.code(),
		CodeSystem: pb.CodeSystem_CODE_SYSTEM_FREESWITCH,
	}
	if call.Code == "" {
		return nil, errors.New("the call record has no hangup_cause")
	}
	if name := r.vars["refrain_outcome"]; name != "" {
		o, known := pb.Outcome_value["OUTCOME_"+strings.ToUpper(name)]
		if !known {
			return nil, fmt.Errorf("refrain_outcome is %q, which is no outcome, such as voicemail", name)
		}
		call.Outcome = pb.Outcome(o)
	}
	if virtual, err := strconv.ParseBool(r.vars["refrain_virtual"]); err == nil {
		call.Virtual = virtual
	}
	call.Talk, err = r.talk()
	return call, err
}

// first is the first of the variables that says something.
func (r Record) first(names ...string) string {
	for _, name := range names {
		if v := r.vars[name]; v != "" {
			return v
		}
	}
	return ""
}

var endedBy = map[string]pb.Party{
	"recv_bye": pb.Party_PARTY_CUSTOMER, "send_bye": pb.Party_PARTY_AGENT,
}

// latest is in 2200: later times are none.
const latest = 7_258_118_400

// start is when the leg began.
func (r Record) start() (time.Time, error) {
	for _, of := range []struct {
		name string
		unit time.Duration
	}{{"start_uepoch", time.Microsecond}, {"start_epoch", time.Second}} {
		perSecond := int64(time.Second / of.unit)
		n, err := strconv.ParseInt(r.vars[of.name], 10, 64)
		if err == nil && n > 0 && n/perSecond < latest {
			return time.Unix(n/perSecond, n%perSecond*int64(of.unit)).UTC(), nil
		}
	}
	return time.Time{}, errors.New("the call record has no start_uepoch or start_epoch that is a time")
}

// talk is how long the leg was up after it was answered, nil where it doesn't say.
func (r Record) talk() (*durationpb.Duration, error) {
	const longest = 7 * 24 * time.Hour
	for _, of := range []struct {
		name string
		unit time.Duration
	}{{"billusec", time.Microsecond}, {"billmsec", time.Millisecond}, {"billsec", time.Second}} {
		text := r.vars[of.name]
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 || n > int64(longest/of.unit) {
			return nil, fmt.Errorf("%s is %q, which is no length of a call", of.name, text)
		}
		return durationpb.New(time.Duration(n) * of.unit), nil
	}
	return nil, nil //nolint:nilnil // it is not known
}

// code is the hangup cause with the SIP status behind it, which tells a person's rejection
// from a trunk's.
func (r Record) code() string {
	cause := r.first("hangup_cause", "hangup_cause_q850")
	status := r.first("sip_invite_failure_status", "sip_term_status")
	if status == "" {
		status, _ = strings.CutPrefix(r.vars["proto_specific_hangup_cause"], "sip:")
	}
	if cause == "" || status == "" {
		return cause
	}
	code := strings.TrimSpace(cause + "/" + status + " " + r.vars["sip_invite_failure_phrase"])
	const most = 100
	return strings.ToValidUTF8(code[:min(len(code), most)], "")
}
