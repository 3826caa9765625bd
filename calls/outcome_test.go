package calls_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
)

func TestOutcome(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		system calls.System
		code   string
		by     calls.Party
		want   calls.Outcome
	}{
		{calls.SIP, "603", "", calls.Rejected},
		{calls.SIP, "603", calls.ByCustomer, calls.Rejected},
		{calls.SIP, "603", calls.BySystem, calls.Failed},
		{calls.SIP, "603", calls.ByAgent, calls.Cancelled},
		{calls.SIP, "607", "", calls.Rejected},
		{calls.SIP, "608", "", calls.Failed},
		{calls.SIP, "401", "", calls.Failed},
		{calls.SIP, "402", "", calls.Failed},
		{calls.SIP, "403", calls.ByCustomer, calls.Failed},
		{calls.SIP, "407", "", calls.Failed},
		{calls.SIP, "500", "", calls.Failed},
		{calls.SIP, "503", "", calls.Failed},
		{calls.SIP, "486", "", calls.Busy},
		{calls.SIP, "600", "", calls.Busy},
		{calls.SIP, "480", "", calls.Unreachable},
		{calls.SIP, "408", "", calls.Unreachable},
		{calls.SIP, "404", "", calls.InvalidNumber},
		{calls.SIP, "604", "", calls.InvalidNumber},
		{calls.SIP, "484", "", calls.InvalidNumber},
		{calls.SIP, "487", "", calls.Cancelled},
		{calls.SIP, "487", calls.ByAgent, calls.Cancelled},
		{calls.SIP, "487", calls.BySystem, calls.NoAnswer},
		{calls.SIP, "200", calls.ByCustomer, calls.Answered},
		{calls.SIP, "202", "", calls.Answered},
		{calls.SIP, "499", "", calls.Failed},
		{calls.SIP, "599", "", calls.Failed},
		{calls.SIP, "699", "", calls.Busy},
		{calls.SIP, "399", "", calls.Unreachable},
		{calls.SIP, " 603 Decline", "", calls.Rejected},
		{calls.SIP, "SIP 603", "", calls.Rejected},
		{calls.SIP, "sip:603", "", calls.Rejected},
		{calls.SIP, "SIP/2.0 603 Decline", "", calls.Rejected},
		{calls.SIP, "603 Network Blocked", "", calls.Failed},
		{calls.FreeSWITCH, "CALL_REJECTED", "", calls.Rejected},
		{calls.FreeSWITCH, "call_rejected", "", calls.Rejected},
		{calls.FreeSWITCH, "CALL_REJECTED", calls.BySystem, calls.Failed},
		{calls.FreeSWITCH, "CALL_REJECTED/603", "", calls.Rejected},
		{calls.FreeSWITCH, "CALL_REJECTED/403", "", calls.Failed},
		{calls.FreeSWITCH, "CALL_REJECTED/sip:407", "", calls.Failed},
		{calls.FreeSWITCH, "CALL_REJECTED/608", "", calls.Failed},
		{calls.FreeSWITCH, "DECLINE", "", calls.Rejected},
		{calls.FreeSWITCH, "21", "", calls.Rejected},
		{calls.FreeSWITCH, "17", "", calls.Busy},
		{calls.FreeSWITCH, "USER_BUSY/403", "", calls.Busy},
		{calls.FreeSWITCH, "NO_ANSWER", "", calls.NoAnswer},
		{calls.FreeSWITCH, "ORIGINATOR_CANCEL", "", calls.Cancelled},
		{calls.FreeSWITCH, "NORMAL_CLEARING", "", calls.Answered},
		{calls.FreeSWITCH, "GATEWAY_DOWN", "", calls.Failed},
		{calls.Asterisk, "ANSWER", "", calls.Answered},
		{calls.Asterisk, "ANSWER/16", "", calls.Answered},
		{calls.Asterisk, "BUSY/17", "", calls.Busy},
		{calls.Asterisk, "BUSY", "", calls.Busy},
		{calls.Asterisk, "BUSY/21", "", calls.Rejected},
		{calls.Asterisk, "CHANUNAVAIL/21", "", calls.Rejected},
		{calls.Asterisk, "CHANUNAVAIL/21/603", "", calls.Rejected},
		{calls.Asterisk, "CHANUNAVAIL/21/SIP 603 Decline", "", calls.Rejected},
		{calls.Asterisk, "CHANUNAVAIL/21/403", "", calls.Failed},
		{calls.Asterisk, "CHANUNAVAIL/21/SIP 403 Forbidden", "", calls.Failed},
		{calls.Asterisk, "CHANUNAVAIL/127/SIP 607 Unwanted", "", calls.Rejected},
		{calls.Asterisk, "CHANUNAVAIL/127/SIP 608 Rejected", "", calls.Failed},
		{calls.Asterisk, "CHANUNAVAIL/127/SIP 180 Ringing", "", calls.Failed},
		{calls.Asterisk, "CONGESTION/21", "", calls.Rejected},
		{calls.Asterisk, "CONGESTION/21", calls.BySystem, calls.Failed},
		{calls.Asterisk, "CONGESTION/34", "", calls.Failed},
		{calls.Asterisk, "CONGESTION", "", calls.Failed},
		{calls.Asterisk, "CHANUNAVAIL/1", "", calls.InvalidNumber},
		{calls.Asterisk, "CHANUNAVAIL/20", "", calls.Unreachable},
		{calls.Asterisk, "CHANUNAVAIL/0", "", calls.Failed},
		{calls.Asterisk, "NOANSWER/19", "", calls.NoAnswer},
		{calls.Asterisk, "CANCEL/127", "", calls.Cancelled},
	} {
		t.Run(string(tt.system)+" "+tt.code+" "+string(tt.by), func(t *testing.T) {
			t.Parallel()
			got, err := (&calls.Translator{}).Outcome("line", tt.system, tt.code, tt.by)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestOutcomeOfUnknownCodes(t *testing.T) {
	t.Parallel()
	for system, codes := range map[calls.System][]string{
		calls.SIP: {"", "180", "183 Session Progress", "700", "60", "6033", "CALL_REJECTED",
			"BUSY/17"},
		calls.FreeSWITCH: {"", "603 Decline", "NONESUCH", "CALL_REJECTED/180", "/"},
		calls.Asterisk:   {"", "NONESUCH/21", "21", "/21"},
		"pbx":            {"603"},
	} {
		for _, code := range codes {
			_, err := (&calls.Translator{}).Outcome("", system, code, "")
			require.ErrorContains(t, err, "is not known; give the outcome with the report", "%s %q",
				system, code)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
		}
	}
}

// A trunk that differs has a table of its own.
func TestTranslatorOfLines(t *testing.T) {
	t.Parallel()
	tr, err := calls.NewTranslator(map[string]map[calls.System]calls.Table{
		"": {calls.SIP: {"480": calls.NoAnswer}},
		"trunk-a": {calls.SIP: {"sip 503": calls.Rejected, "480": calls.Busy},
			calls.Asterisk:   {"chanunavail/21": calls.Failed},
			calls.FreeSWITCH: {"CALL_REJECTED": calls.Failed}},
		"trunk-b": {calls.SIP: {"SIP 180": calls.NoAnswer}},
	})
	require.NoError(t, err)
	for _, tt := range []struct {
		line   string
		system calls.System
		code   string
		by     calls.Party
		want   calls.Outcome
	}{
		{"trunk-a", calls.SIP, "503", "", calls.Rejected},
		{"trunk-a", calls.SIP, "503", calls.BySystem, calls.Failed},
		{"trunk-a", calls.SIP, "480", "", calls.Busy},
		{"trunk-a", calls.SIP, "603", "", calls.Rejected},
		{"trunk-a", calls.Asterisk, "CHANUNAVAIL/21", "", calls.Failed},
		{"trunk-a", calls.Asterisk, "BUSY/21", "", calls.Rejected},
		{"trunk-a", calls.FreeSWITCH, "CALL_REJECTED/603", "", calls.Failed},
		// by its own table for SIP
		{"trunk-a", calls.FreeSWITCH, "DECLINE/503", "", calls.Rejected},
		{"trunk-b", calls.SIP, "480", "", calls.NoAnswer},
		{"trunk-b", calls.SIP, "180", "", calls.NoAnswer},
		{"trunk-b", calls.SIP, "503", "", calls.Failed},
		{"", calls.SIP, "480 Temporarily Unavailable", "", calls.NoAnswer},
	} {
		got, err := tr.Outcome(tt.line, tt.system, tt.code, tt.by)
		require.NoError(t, err)
		require.Equal(t, tt.want, got, "%s %s %s", tt.line, tt.system, tt.code)
	}
}

func TestNewTranslatorRefuses(t *testing.T) {
	t.Parallel()
	_, err := calls.NewTranslator(map[string]map[calls.System]calls.Table{
		"trunk-a": {"pbx": {"1": calls.Busy},
			calls.SIP: {"603": "refused", "600": calls.Pending, "486": calls.Busy}},
		"": {calls.Asterisk: {"BUSY": "x"}},
	})
	require.ErrorContains(t, err, `asterisk.BUSY: is "x"; it must be one of [answered`)
	require.ErrorContains(t, err, "trunk-a.pbx: is no system")
	require.ErrorContains(t, err, `trunk-a.sip.600: is ""`)
	require.ErrorContains(t, err, `trunk-a.sip.603: is "refused"`)
	require.NotContains(t, err.Error(), "486")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

// Each shipped code means an outcome that a report may have, and is written as it is
// looked up; only few are the called person's doing.
func TestTables(t *testing.T) {
	t.Parallel()
	var no []string
	for system, table := range calls.Tables() {
		require.Greater(t, len(table), 40)
		for code, outcome := range table {
			require.Contains(t, calls.Outcomes(), outcome)
			got, err := (&calls.Translator{}).Outcome("", system, strings.ToLower(code), "")
			require.NoError(t, err)
			require.Equal(t, outcome, got, code)
			if outcome == calls.Rejected {
				no = append(no, string(system)+" "+code)
			}
		}
	}
	slices.Sort(no)
	require.Equal(t, []string{"asterisk BUSY/21", "asterisk CHANUNAVAIL/21",
		"asterisk CONGESTION/21", "asterisk FAILED/21",
		"freeswitch 21", "freeswitch 616", "freeswitch 619", "freeswitch CALL_REJECTED", "freeswitch DECLINE", "freeswitch UNWANTED",
		"sip 603", "sip 607"}, no)
	maps.DeleteFunc(calls.Tables()[calls.SIP], func(string, calls.Outcome) bool { return true })
	require.Contains(t, calls.Tables()[calls.SIP], "603", "they are copies")
}
