package grpcapi

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/internal/config"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Sources may send their own codes. What they mean can be set for all lines and for one.
func TestOutcomeCodes(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := newBench(t, goBy(clock), func(b *bench) {
		b.cfg.Calls = config.Calls{
			Codes: map[calls.System]calls.Table{calls.SIP: {"480": calls.NoAnswer}},
			Lines: map[string]map[calls.System]calls.Table{
				"trunk-b": {calls.SIP: {"603": calls.Busy, "699": calls.Voicemail}},
			},
		}
	})
	sip, freeswitch, asterisk := pb.CodeSystem_CODE_SYSTEM_SIP,
		pb.CodeSystem_CODE_SYSTEM_FREESWITCH, pb.CodeSystem_CODE_SYSTEM_ASTERISK
	for i, tt := range []struct {
		line    string
		system  pb.CodeSystem
		code    string
		endedBy pb.Party
		talk    time.Duration
		want    pb.Outcome
	}{
		{"", sip, "603", 0, 0, pb.Outcome_OUTCOME_REJECTED},
		{"", sip, "SIP/2.0 603 Decline", pb.Party_PARTY_CUSTOMER, 0, pb.Outcome_OUTCOME_REJECTED},
		{"", sip, "603", pb.Party_PARTY_SYSTEM, 0, pb.Outcome_OUTCOME_FAILED},
		{"trunk-b", sip, "603", 0, 0, pb.Outcome_OUTCOME_BUSY},
		{"trunk-b", sip, "699", 0, 0, pb.Outcome_OUTCOME_VOICEMAIL},
		{"trunk-a", sip, "603", 0, 0, pb.Outcome_OUTCOME_REJECTED},
		{"", sip, "480", 0, 0, pb.Outcome_OUTCOME_NO_ANSWER},
		{"trunk-b", sip, "480", 0, 0, pb.Outcome_OUTCOME_NO_ANSWER},
		{"", sip, "402", 0, 0, pb.Outcome_OUTCOME_FAILED},
		{"", sip, "403", 0, 0, pb.Outcome_OUTCOME_FAILED},
		{"", sip, "503", 0, 0, pb.Outcome_OUTCOME_FAILED},
		{"", freeswitch, "CALL_REJECTED", 0, 0, pb.Outcome_OUTCOME_REJECTED},
		{"", freeswitch, "CALL_REJECTED/403", 0, 0, pb.Outcome_OUTCOME_FAILED},
		{"", freeswitch, "NORMAL_CLEARING", 0, 3 * time.Second, pb.Outcome_OUTCOME_ANSWERED},
		{"", freeswitch, "NORMAL_CLEARING", 0, 0, pb.Outcome_OUTCOME_NO_ANSWER},
		{"", asterisk, "BUSY/21", 0, 0, pb.Outcome_OUTCOME_REJECTED},
		{"", asterisk, "BUSY/17", 0, 0, pb.Outcome_OUTCOME_BUSY},
		{"", asterisk, "ANSWER/16", 0, 9 * time.Second, pb.Outcome_OUTCOME_ANSWERED},
	} {
		got := s.Report(t, &pb.Call{CallId: fmt.Sprint("c", i), Number: phone(i), Line: tt.line,
			StartTime: timestamppb.New(tenOClock), Code: tt.code,
			CodeSystem: tt.system, EndedBy: tt.endedBy, Talk: durationpb.New(tt.talk)})[0].GetCall()
		require.Equal(t, tt.want, got.GetOutcome(), "%+v", tt)
		require.Equal(t, tt.code, got.GetCode())
	}
	for want, c := range map[string]*pb.Call{
		`code "999" of sip is not known`: {Code: "999", CodeSystem: sip},
		`code "" of asterisk`:            {CodeSystem: asterisk},
		"outcome is missing":             {Code: "603"},
		"outcome is 77":                  {Outcome: 77},
		"code_system is 9":               {Code: "603", CodeSystem: 9},
		"ended_by is 9":                  {Outcome: 2, EndedBy: 9},
	} {
		c.CallId, c.Number, c.StartTime = "bad", phone(1), timestamppb.New(tenOClock)
		_, err := s.Calls.ReportCall(t.Context(), &pb.ReportCallRequest{Call: c})
		require.Equal(t, codes.InvalidArgument, status.Code(err), want)
		require.ErrorContains(t, err, want)
	}
}
