package app_test

import (
	"bytes"
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

// Recordings and calls find each other by the call id, whichever comes first.
func TestRecordingsAndCallsJoin(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := start(t, testConfig(t.TempDir()))
	upload := func(id, part string) string {
		resp, err := s.upload(ctx, &pb.RecordingMetadata{CallId: id, Number: phone(1), Part: part, CustomerChannel: pb.Channel_CHANNEL_RIGHT},
			bytes.NewReader(sample(t, refusalSample)))
		require.NoError(t, err)
		return resp.GetRecording().GetName()
	}
	report := func(id string) { s.report(t, talked(id, phone(1), time.Now().Add(-time.Minute), time.Minute)) }
	first := upload("recorded-first", "")
	_, err := s.calls.GetCall(ctx, &pb.GetCallRequest{Name: "calls/recorded-first"})
	require.Equal(t, codes.NotFound, status.Code(err), "of a call that was only recorded nothing else is known")
	report("recorded-first")
	report("reported-first")
	want := map[string][]string{"recorded-first": {first}, "reported-first": {upload("reported-first", "1"), upload("reported-first", "2")}}
	for id, recordings := range want {
		got, err := s.calls.GetCall(ctx, &pb.GetCallRequest{Name: "calls/" + id})
		require.NoError(t, err)
		require.Equal(t, recordings, got.GetRecordings())
		require.Equal(t, "138****0001", got.GetCall().GetMaskedNumber())
		require.Empty(t, got.GetCall().GetNumber())
	}
}

// Sources may send their own codes. What they mean can be set for all lines and for one.
func TestOutcomeCodes(t *testing.T) {
	t.Parallel()
	clock := newClock()
	cfg := testConfig(t.TempDir())
	cfg.Calls = config.Calls{
		Codes: map[calls.System]calls.Table{calls.SIP: {"480": calls.NoAnswer}},
		Lines: map[string]map[calls.System]calls.Table{"trunk-b": {calls.SIP: {"603": calls.Busy, "699": calls.Voicemail}}},
	}
	s := start(t, cfg, clock.option)
	sip, freeswitch, asterisk := pb.CodeSystem_CODE_SYSTEM_SIP, pb.CodeSystem_CODE_SYSTEM_FREESWITCH, pb.CodeSystem_CODE_SYSTEM_ASTERISK
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
		got := s.report(t, &pb.Call{CallId: fmt.Sprint("c", i), Number: phone(i), Line: tt.line, StartTime: timestamppb.New(tenOClock), Code: tt.code,
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
		_, err := s.calls.ReportCall(t.Context(), &pb.ReportCallRequest{Call: c})
		require.Equal(t, codes.InvalidArgument, status.Code(err), want)
		require.ErrorContains(t, err, want)
	}
}

// A report that is refused keeps no other from counting, and says all that is wrong.
func TestRefusedReports(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), clock.option)
	ahead := unanswered("ahead", phone(3), tenOClock.Add(8*time.Hour))
	short := unanswered("short", "12", tenOClock)
	negative := unanswered("negative", phone(3), tenOClock)
	negative.Revision = -1
	endless := talked("endless", phone(3), tenOClock, 25*time.Hour)
	resp, err := s.calls.BatchReportCalls(ctx, &pb.BatchReportCallsRequest{Calls: []*pb.Call{
		rejected("a", phone(1), tenOClock), ahead, short, negative, nil, endless, unanswered("a", phone(1), tenOClock), unanswered("b", phone(2), tenOClock)}})
	require.NoError(t, err)
	var got []string
	for _, r := range resp.GetResults() {
		got = append(got, fmt.Sprint(r.GetStatus().String()[7:], " ", r.GetError().GetReason()))
	}
	refused := "REFUSED INVALID_REQUEST"
	require.Equal(t, []string{"CREATED ", refused, refused, refused, refused, refused, "REFUSED REVISION_CONFLICT", "CREATED "}, got)
	require.Contains(t, resp.GetResults()[1].GetError().GetMessage(), "is its time zone right?")
	require.Contains(t, resp.GetResults()[2].GetError().GetMessage(), "number is")
	require.Contains(t, resp.GetResults()[6].GetError().GetMessage(), "outcome")
	_, err = s.calls.ReportCall(ctx, &pb.ReportCallRequest{Call: unanswered("a", phone(1), tenOClock)})
	require.Equal(t, codes.AlreadyExists, status.Code(err))
	require.Equal(t, "REVISION_CONFLICT", reason(err))
	for _, n := range []int{0, 1001} {
		_, err = s.calls.BatchReportCalls(ctx, &pb.BatchReportCallsRequest{Calls: make([]*pb.Call, n)})
		require.Equal(t, codes.InvalidArgument, status.Code(err), n)
	}
	_, err = s.calls.ReportCall(ctx, &pb.ReportCallRequest{})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}

func TestListCalls(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), clock.option)
	var reports []*pb.Call
	for i := range 7 {
		reports = append(reports, unanswered(fmt.Sprint("c", i), phone(i%2), tenOClock.Add(-time.Duration(i)*time.Hour)))
	}
	s.report(t, reports...)
	list := func(req *pb.ListCallsRequest) (ids []string) {
		for {
			page, err := s.calls.ListCalls(ctx, req)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.GetCalls()), 2)
			for _, c := range page.GetCalls() {
				ids = append(ids, c.GetCallId())
			}
			if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
				return ids
			}
		}
	}
	require.Equal(t, []string{"c0", "c1", "c2", "c3", "c4", "c5", "c6"}, list(&pb.ListCallsRequest{PageSize: 2}))
	require.Equal(t, []string{"c1", "c3", "c5"}, list(&pb.ListCallsRequest{PageSize: 2, Number: phone(1)}))
	require.Equal(t, []string{"c2", "c3"}, list(&pb.ListCallsRequest{PageSize: 2,
		StartTime: timestamppb.New(tenOClock.Add(-3 * time.Hour)), EndTime: timestamppb.New(tenOClock.Add(-time.Hour))}))
	page, err := s.calls.ListCalls(ctx, &pb.ListCallsRequest{PageSize: 2})
	require.NoError(t, err)
	for _, bad := range []*pb.ListCallsRequest{{PageSize: -1}, {Number: "12"}, {PageToken: "x"}, {PageToken: page.GetNextPageToken(), Number: phone(1)},
		{StartTime: &timestamppb.Timestamp{Nanos: -1}}} {
		_, err := s.calls.ListCalls(ctx, bad)
		require.Equal(t, codes.InvalidArgument, status.Code(err), "%v", bad)
	}
	_, err = s.calls.GetCall(ctx, &pb.GetCallRequest{Name: "recordings/c1"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}
