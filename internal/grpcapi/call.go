package grpcapi

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/request"
)

type callServer struct {
	pb.UnimplementedCallServiceServer
	Deps
	pages pager
	alarm alarm
}

// ReportCall implements the API.
func (s *callServer) ReportCall(
	ctx context.Context, req *pb.ReportCallRequest,
) (*pb.ReportCallResponse, error) {
	c, err := s.parse(req.GetCall())
	if err != nil {
		s.Metrics.Reported("")
		return nil, err
	}
	done, err := s.Call.Report(ctx, []calls.Call{c})
	if err != nil {
		return nil, err
	}
	s.count(ctx, done)
	if done[0].Err != nil {
		return nil, done[0].Err
	}
	return &pb.ReportCallResponse{Result: resultToProto(done[0])}, nil
}

// BatchReportCalls implements the API.
func (s *callServer) BatchReportCalls(
	ctx context.Context, req *pb.BatchReportCallsRequest,
) (*pb.BatchReportCallsResponse, error) {
	var wrong fault.Fields
	if n := len(req.GetCalls()); n == 0 || n > calls.MaxReports {
		wrong.Add("calls", "has %d; a request takes 1 to %d", n, calls.MaxReports)
	}
	if err := wrong.Err("calls.Report"); err != nil {
		return nil, err
	}
	results := make([]*pb.CallResult, len(req.GetCalls()))
	var good []calls.Call
	var places []int
	for i, in := range req.GetCalls() {
		c, err := s.parse(in)
		if err != nil {
			s.Metrics.Reported("")
			results[i] = refused(err)
			continue
		}
		good, places = append(good, c), append(places, i)
	}
	if len(good) == 0 {
		return &pb.BatchReportCallsResponse{Results: results}, nil
	}
	done, err := s.Call.Report(ctx, good)
	if err != nil {
		return nil, err
	}
	s.count(ctx, done)
	for k, d := range done {
		results[places[k]] = resultToProto(d)
	}
	return &pb.BatchReportCallsResponse{Results: results}, nil
}

// parse makes a call of a report. What the service checks is not checked here.
func (s *callServer) parse(in *pb.Call) (calls.Call, error) {
	var wrong fault.Fields
	c := calls.Call{
		ID: in.GetCallId(), Agent: in.GetAgent(), Line: in.GetLine(), CallerID: in.GetCallerId(),
		Outcome: outcomeFromProto[in.GetOutcome()],
		EndedBy: partyFromProto[in.GetEndedBy()], Code: in.GetCode(),
		Revision: max(in.GetRevision(), 0),
	}
	c.Number = parseNumber("number", in.GetNumber(), s.Numbers, &wrong)
	c.Virtual = in.GetVirtual() || s.Numbers.IsVirtual(c.Number)
	if t := in.GetStartTime(); t.CheckValid() == nil {
		c.Start = t.AsTime()
	}
	if d := in.GetTalk(); d != nil && d.CheckValid() != nil {
		wrong.Add("talk", "is no valid duration")
	}
	c.Talk, c.TalkUnknown = in.GetTalk().AsDuration(), in.GetTalk() == nil
	switch {
	case in.GetRevision() < 0:
		wrong.Add("revision", "is negative; revisions count from 1")
	case in.GetRevision() == 0:
		c.Revision = 1
	}
	if _, known := outcomeFromProto[in.GetOutcome()]; !known {
		wrong.Add("outcome", "is %d, which is none of the outcomes", in.GetOutcome())
	}
	if _, known := partyFromProto[in.GetEndedBy()]; !known {
		wrong.Add("ended_by", "is %d, which is none of the parties", in.GetEndedBy())
	}
	if _, known := systemFromProto[in.GetCodeSystem()]; !known &&
		in.GetCodeSystem() != pb.CodeSystem_CODE_SYSTEM_UNSPECIFIED {
		wrong.Add("code_system", "is %d, which is none of the systems", in.GetCodeSystem())
	}
	err := wrong.Err("calls.Report")
	if err == nil && in.GetOutcome() == pb.Outcome_OUTCOME_UNSPECIFIED {
		c.Outcome, err = s.translate(c, in.GetCodeSystem())
	}
	return c, err
}

// translate reads the outcome from the source's code.
func (s *callServer) translate(c calls.Call, system pb.CodeSystem) (calls.Outcome, error) {
	if system == pb.CodeSystem_CODE_SYSTEM_UNSPECIFIED {
		var wrong fault.Fields
		wrong.Add("outcome", "is missing; give it, or a code with its code_system")
		return "", wrong.Err("calls.Report")
	}
	return s.Codes.OutcomeOf(c, systemFromProto[system])
}

// count tells the metrics what became of reports, and the log which lines are failing.
func (s *callServer) count(ctx context.Context, done []calls.Reported) {
	for _, d := range done {
		s.Metrics.Reported(d.Status)
		if d.Err != nil || !d.Call.Untrusted {
			continue
		}
		s.Metrics.Untrusted(d.Call.Line)
		if slot := calls.SlotOf(d.Call.Start); s.alarm.first(d.Call.Line, slot) {
			s.Logger.WarnContext(ctx, "a line looks like a failing trunk: no rule takes its "+
				"calls of these ten minutes as the customers' doing",
				"line", d.Call.Line, "from", slot)
		}
	}
}

func refused(err error) *pb.CallResult {
	p := &pb.Problem{Reason: "INTERNAL", Message: "internal error; the server's log says more"}
	if e, ok := errors.AsType[*fault.Error](err); ok {
		p.Reason, p.Message = e.Reason, e.Message
		if len(e.Fields) > 0 {
			var parts []string
			for _, f := range e.Fields {
				parts = append(parts, f.Name+" "+f.Problem)
			}
			p.Message = strings.Join(parts, "; ")
		}
	}
	return &pb.CallResult{Status: pb.CallResult_STATUS_REFUSED, Error: p}
}

var statusToProto = map[calls.Status]pb.CallResult_Status{
	calls.Created: pb.CallResult_STATUS_CREATED, calls.Updated: pb.CallResult_STATUS_UPDATED,
	calls.Unchanged: pb.CallResult_STATUS_UNCHANGED, calls.Stale: pb.CallResult_STATUS_STALE,
}

func resultToProto(d calls.Reported) *pb.CallResult {
	if d.Err != nil {
		return refused(d.Err)
	}
	return &pb.CallResult{Status: statusToProto[d.Status], Call: callToProto(d.Call),
		Freezes: each(d.Opened, func(f freeze.Freeze) string { return freezeName(f.ID) })}
}

// GetCall implements the API.
func (s *callServer) GetCall(
	ctx context.Context, req *pb.GetCallRequest,
) (*pb.GetCallResponse, error) {
	id, ok := strings.CutPrefix(req.GetName(), "calls/")
	var wrong fault.Fields
	if !ok || id == "" || len(id) > calls.MaxText { // a source's ids may hold anything
		wrong.Add("name", "is %q; it must look like calls/{call}", req.GetName())
		return nil, wrong.Err("calls.Get")
	}
	c, err := s.Calls.Get(ctx, id, s.Rules.Timeline())
	if err != nil {
		return nil, err
	}
	return &pb.GetCallResponse{Call: callToProto(c.Call),
		Recordings: each(c.Recordings, func(id string) string { return "recordings/" + id })}, nil
}

// ListCalls implements the API.
func (s *callServer) ListCalls(
	ctx context.Context, req *pb.ListCallsRequest,
) (*pb.ListCallsResponse, error) {
	var wrong fault.Fields
	size := pageSize(req.GetPageSize(), &wrong)
	f := calls.Filter{Limit: size + 1, From: optionalTime("start_time", req.GetStartTime(), &wrong),
		Until: optionalTime("end_time", req.GetEndTime(), &wrong)}
	a, err := s.asked(ctx, "calls.List", req, &wrong)
	if err != nil {
		return nil, err
	}
	f.Number = a.Number
	filter := filterName("calls", f.Number.E164(), f.From, f.Until)
	after := s.pages.parse(filter, req.GetPageToken(), &wrong)
	if err := wrong.Err("calls.List"); err != nil {
		return nil, err
	}
	if after != nil {
		f.Before = &request.Cursor{At: after.at, ID: after.id}
	}
	if a.alone {
		return s.aloneCall(ctx, a, f)
	}
	list, err := s.Calls.List(ctx, f, s.Rules.Timeline())
	if err != nil {
		return nil, err
	}
	list, next := cut(list, size, func(c calls.Call) string {
		return s.pages.token(filter, cursor{c.Start, c.ID})
	})
	return &pb.ListCallsResponse{NextPageToken: next, Calls: each(list, callToProto)}, nil
}

// aloneCall is what has a virtual number, where that is a call and a filter selects it.
func (s *callServer) aloneCall(ctx context.Context, a asked, f calls.Filter) (*pb.ListCallsResponse, error) {
	c, known, err := s.callOf(ctx, a)
	if err != nil || !known || c.Start.Before(f.From) || !f.Until.IsZero() && !c.Start.Before(f.Until) {
		return &pb.ListCallsResponse{}, err
	}
	return &pb.ListCallsResponse{Calls: []*pb.Call{callToProto(c.Call)}}, nil
}

var (
	outcomeFromProto = map[pb.Outcome]calls.Outcome{
		pb.Outcome_OUTCOME_UNSPECIFIED: calls.Pending, pb.Outcome_OUTCOME_ANSWERED: calls.Answered,
		pb.Outcome_OUTCOME_REJECTED:  calls.Rejected,
		pb.Outcome_OUTCOME_NO_ANSWER: calls.NoAnswer, pb.Outcome_OUTCOME_BUSY: calls.Busy,
		pb.Outcome_OUTCOME_UNREACHABLE: calls.Unreachable,
		pb.Outcome_OUTCOME_VOICEMAIL:   calls.Voicemail,
		pb.Outcome_OUTCOME_CANCELLED:   calls.Cancelled, pb.Outcome_OUTCOME_FAILED: calls.Failed,
		pb.Outcome_OUTCOME_INVALID_NUMBER: calls.InvalidNumber,
	}
	partyFromProto = map[pb.Party]calls.Party{
		pb.Party_PARTY_UNSPECIFIED: calls.NobodyKnown, pb.Party_PARTY_CUSTOMER: calls.ByCustomer,
		pb.Party_PARTY_AGENT:  calls.ByAgent,
		pb.Party_PARTY_SYSTEM: calls.BySystem,
	}
	systemFromProto = map[pb.CodeSystem]calls.System{
		pb.CodeSystem_CODE_SYSTEM_SIP:        calls.SIP,
		pb.CodeSystem_CODE_SYSTEM_FREESWITCH: calls.FreeSWITCH,
		pb.CodeSystem_CODE_SYSTEM_ASTERISK:   calls.Asterisk,
	}
	outcomeToProto, partyToProto = inverse(outcomeFromProto), inverse(partyFromProto)
)

func inverse[A, B comparable](m map[A]B) map[B]A {
	out := make(map[B]A, len(m))
	for a, b := range m {
		out[b] = a
	}
	return out
}

func callToProto(c calls.Call) *pb.Call {
	out := &pb.Call{
		Name: "calls/" + c.ID, CallId: c.ID, MaskedNumber: c.Number.Masked(), Agent: c.Agent,
		Line: c.Line, CallerId: c.CallerID,
		StartTime: timestamp(c.Start), Outcome: outcomeToProto[c.Outcome],
		EndedBy: partyToProto[c.EndedBy], Code: c.Code, Revision: c.Revision,
		ReserveExpireTime: timestamp(c.ReservedUntil), Untrusted: c.Untrusted,
		Virtual: c.Virtual,
	}
	if c.Outcome.HasTalk() && !c.TalkUnknown {
		out.Talk = durationpb.New(c.Talk)
	}
	return out
}
