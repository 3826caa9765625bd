package grpcapi

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/config"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// floor is a bench with people of all kinds, and two calls to one number, of which one was decided.
type floor struct {
	*bench
	admin, reviewer, supervisor, dialler, onLine context.Context
	decided, open                                *pb.Suspect
}

const theNumber = "13800138001"

func newFloor(t *testing.T) *floor {
	t.Helper()
	b := newBench(t)
	f := &floor{bench: b, admin: keyed(t.Context(), t, b, &pb.AddKeyRequest{KeyId: "admin", Role: pb.Role_ROLE_ADMIN})}
	as := func(name string, role pb.Role, lines ...string) context.Context {
		return keyed(f.admin, t, b, &pb.AddKeyRequest{KeyId: name, Role: role, Lines: lines})
	}
	f.reviewer, f.supervisor = as("li", pb.Role_ROLE_REVIEWER), as("boss", pb.Role_ROLE_SUPERVISOR)
	f.dialler, f.onLine = as("pbx", pb.Role_ROLE_DIALLER), as("loans", pb.Role_ROLE_REVIEWER, "loans")
	for i, id := range []string{"call-0", "call-1"} {
		b.hearAs(f.admin, t, &pb.RecordingMetadata{CallId: id, Number: theNumber, Agent: "agent-7",
			Line: []string{"loans", "cards"}[i]}, "我没兴趣")
	}
	next := func() *pb.Suspect {
		resp, err := b.Review.ClaimNextSuspect(f.reviewer, &pb.ClaimNextSuspectRequest{})
		require.NoError(t, err)
		return resp.GetSuspect()
	}
	f.decided = next()
	resp, err := b.Review.DecideSuspect(f.reviewer, &pb.DecideSuspectRequest{Name: f.decided.GetName(),
		Verdict: pb.Decision_VERDICT_CONFIRMED, Note: "twice"})
	require.NoError(t, err)
	f.decided, f.open = resp.GetSuspect(), next()
	require.Equal(t, []string{"call-0", "call-1"}, []string{f.decided.GetCallId(), f.open.GetCallId()})
	return f
}

// Whoever doesn't see numbers in full finds what belongs to one by something that has it, and no more than he may
// by the number.
func TestANumberByWhatHasIt(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	freeze := f.decided.GetDecision().GetFreeze()
	require.NotEmpty(t, freeze)
	for _, name := range []string{freeze, f.decided.GetName(), f.decided.GetRecording()} {
		freezes, err := f.Freezes.ListFreezes(f.reviewer, &pb.ListFreezesRequest{SameNumberAs: name})
		require.NoError(t, err, name)
		require.Len(t, freezes.GetFreezes(), 1, name)
		require.Equal(t, freeze, freezes.GetFreezes()[0].GetName())
		suspects, err := f.Review.ListSuspects(f.reviewer, &pb.ListSuspectsRequest{SameNumberAs: name})
		require.NoError(t, err)
		require.Len(t, suspects.GetSuspects(), 2, name)
		count, err := f.Review.CountSuspects(f.reviewer, &pb.CountSuspectsRequest{SameNumberAs: name})
		require.NoError(t, err)
		require.EqualValues(t, 1, count.GetCounts().GetWaitingCount())
		_, err = f.Calls.ListCalls(f.reviewer, &pb.ListCallsRequest{SameNumberAs: name})
		require.NoError(t, err)
		_, err = f.Freezes.ListAllowances(f.reviewer, &pb.ListAllowancesRequest{SameNumberAs: name})
		require.NoError(t, err)
		check, err := f.Gate.CheckNumber(f.reviewer, &pb.CheckNumberRequest{SameNumberAs: name})
		require.NoError(t, err)
		require.False(t, check.GetAnswer().GetAllowed())
		require.Contains(t, check.GetAnswer().GetNumber(), "****")
	}
	byNumber, err := f.Review.ListSuspects(f.reviewer, &pb.ListSuspectsRequest{Number: theNumber})
	require.NoError(t, err)
	require.Len(t, byNumber.GetSuspects(), 2)
	for name, tt := range map[string]struct {
		ctx  context.Context
		req  *pb.CheckNumberRequest
		want string
	}{
		"who may not read freezes":  {f.dialler, &pb.CheckNumberRequest{SameNumberAs: freeze}, "NOT_PERMITTED"},
		"another's line":            {f.onLine, &pb.CheckNumberRequest{SameNumberAs: f.open.GetRecording(), Line: "loans"}, "LINE_NOT_PERMITTED"},
		"what is of no line":        {f.onLine, &pb.CheckNumberRequest{SameNumberAs: freeze, Line: "loans"}, "LINE_NOT_PERMITTED"},
		"one's own line":            {f.onLine, &pb.CheckNumberRequest{SameNumberAs: f.decided.GetName(), Line: "loans"}, ""},
		"what is not there":         {f.reviewer, &pb.CheckNumberRequest{SameNumberAs: "freezes/none"}, "NOT_FOUND"},
		"what is no name":           {f.reviewer, &pb.CheckNumberRequest{SameNumberAs: "people/li"}, "INVALID_REQUEST"},
		"both":                      {f.reviewer, &pb.CheckNumberRequest{SameNumberAs: freeze, Number: theNumber}, "INVALID_REQUEST"},
		"a suspect to be decided":   {f.reviewer, &pb.CheckNumberRequest{SameNumberAs: f.open.GetName()}, "TO_BE_DECIDED"},
		"its recording":             {f.reviewer, &pb.CheckNumberRequest{SameNumberAs: f.open.GetRecording()}, "TO_BE_DECIDED"},
		"a suspect that is decided": {f.reviewer, &pb.CheckNumberRequest{SameNumberAs: f.decided.GetName()}, ""},
	} {
		_, err := f.Gate.CheckNumber(tt.ctx, tt.req)
		require.Equal(t, tt.want, apitest.Reason(err), "%s: %v", name, err)
	}
}

// By a suspect that is to be decided nothing is told of what was decided on its own call: it may be a second look.
func TestANumberByASecondLook(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	_, err := f.Review.DecideSuspect(f.reviewer, &pb.DecideSuspectRequest{Name: f.open.GetName(),
		Verdict: pb.Decision_VERDICT_DISMISSED})
	require.NoError(t, err)
	_, err = f.Review.AppealDecision(f.supervisor, &pb.AppealDecisionRequest{Name: f.decided.GetName(), Reason: "he asked when"})
	require.NoError(t, err)
	wang := keyed(f.admin, t, f.bench, &pb.AddKeyRequest{KeyId: "wang", Role: pb.Role_ROLE_REVIEWER})
	resp, err := f.Review.ClaimNextSuspect(wang, &pb.ClaimNextSuspectRequest{})
	require.NoError(t, err)
	look := resp.GetSuspect()
	require.Equal(t, "call-0", look.GetCallId())
	_, err = f.Calls.ReportCall(f.admin, &pb.ReportCallRequest{Call: &pb.Call{CallId: "call-0", Number: theNumber,
		StartTime: timestamppb.New(time.Now().Add(-time.Minute)), Outcome: pb.Outcome_OUTCOME_ANSWERED, Line: "loans"}})
	require.NoError(t, err)
	told := func(who context.Context, name string) (freezes, suspects []string, gate string) {
		frozen, err := f.Freezes.ListFreezes(who, &pb.ListFreezesRequest{SameNumberAs: name, ShowEnded: true})
		require.NoError(t, err)
		for _, x := range frozen.GetFreezes() {
			freezes = append(freezes, x.GetName())
		}
		list, err := f.Review.ListSuspects(who, &pb.ListSuspectsRequest{SameNumberAs: name})
		require.NoError(t, err)
		for _, x := range list.GetSuspects() {
			suspects = append(suspects, x.GetName())
		}
		_, err = f.Gate.CheckNumber(who, &pb.CheckNumberRequest{SameNumberAs: name})
		return freezes, suspects, apitest.Reason(err)
	}
	for _, name := range []string{look.GetName(), look.GetRecording(), "calls/call-0"} {
		freezes, suspects, gate := told(wang, name)
		require.Empty(t, freezes, name)
		require.ElementsMatch(t, []string{look.GetName(), f.open.GetName()}, suspects, "itself, and that of another call")
		require.Equal(t, "TO_BE_DECIDED", gate, name)
	}
	for _, name := range []string{f.decided.GetRecording(), "calls/call-0"} {
		freezes, suspects, gate := told(f.reviewer, name)
		require.Len(t, freezes, 1, "he decided on it, and may not take the second look")
		require.ElementsMatch(t, []string{f.decided.GetName(), f.open.GetName()}, suspects)
		require.Empty(t, gate)
	}
	answer, err := f.Gate.CheckNumber(f.dialler, &pb.CheckNumberRequest{SameNumberAs: "calls/call-0"})
	require.NoError(t, err, "who sees no suspects is told by the call as by the number")
	require.False(t, answer.GetAnswer().GetAllowed())
}

// A virtual number is another's each time: by something that has it, nothing is told of what else has it.
func TestAVirtualNumberByWhatHasIt(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(b *bench) { b.cfg.Numbers = config.Numbers{Virtual: []string{"+8617000000000-+8617000009999"}} })
	ctx := as(t.Context(), "li")
	recordings := map[string]string{}
	for i, id := range []string{"said-0", "said-1", "range-0", "range-1", "once-0", "once-1"} {
		number := []string{"13800100001", "17000001234", "13800100002"}[i/2]
		recordings[id] = b.hearAs(ctx, t, &pb.RecordingMetadata{CallId: id, Number: number, Virtual: id == "said-0"}, "我没兴趣").GetName()
		call := apitest.Unanswered(id, number, time.Now().Add(-time.Minute))
		call.Virtual = id == "once-0" // which the recorder didn't say
		_, err := b.Calls.ReportCall(ctx, &pb.ReportCallRequest{Call: call})
		require.NoError(t, err)
	}
	list, err := b.Review.ListSuspects(ctx, &pb.ListSuspectsRequest{})
	require.NoError(t, err)
	for _, x := range list.GetSuspects() {
		alone := map[bool]int{true: 1, false: 2}[x.GetCallId() != "said-1" && x.GetCallId() != "once-1"]
		require.EqualValues(t, alone-1, x.GetSiblingCount(), x.GetCallId())
		whole, err := b.Review.GetSuspect(ctx, &pb.GetSuspectRequest{Name: x.GetName()})
		require.NoError(t, err)
		require.LessOrEqual(t, len(whole.GetEarlierCalls()), alone-1, x.GetCallId())
		for _, name := range []string{x.GetName(), recordings[x.GetCallId()], "calls/" + x.GetCallId()} {
			of, err := b.Review.ListSuspects(ctx, &pb.ListSuspectsRequest{SameNumberAs: name})
			require.NoError(t, err)
			require.Len(t, of.GetSuspects(), alone, name)
			count, err := b.Review.CountSuspects(ctx, &pb.CountSuspectsRequest{SameNumberAs: name})
			require.NoError(t, err)
			require.EqualValues(t, alone, count.GetCounts().GetWaitingCount(), name)
			calls, err := b.Calls.ListCalls(ctx, &pb.ListCallsRequest{SameNumberAs: name})
			require.NoError(t, err)
			require.Len(t, calls.GetCalls(), alone, name)
			_, err = b.Freezes.ListAllowances(ctx, &pb.ListAllowancesRequest{SameNumberAs: name})
			require.NoError(t, err)
		}
	}
}

// One's own suspects come again, and no other's.
func TestNextOfMine(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	next := func(who context.Context) string {
		resp, err := f.Review.ClaimNextSuspect(who, &pb.ClaimNextSuspectRequest{Mine: true})
		require.NoError(t, err)
		return resp.GetSuspect().GetName()
	}
	require.Equal(t, f.open.GetName(), next(f.reviewer))
	require.Equal(t, f.open.GetName(), next(f.reviewer))
	require.Empty(t, next(f.supervisor))
	_, err := f.Review.RevertDecision(f.supervisor, &pb.RevertDecisionRequest{Name: f.decided.GetName(), Reason: "listen again"})
	require.NoError(t, err)
	require.Equal(t, f.decided.GetName(), next(f.reviewer))
}

// Complaints are listed with the call that they are about, and whether the number is frozen.
func TestListComplaints(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	began := time.Now().Add(-time.Hour).Truncate(time.Second)
	for i, number := range []string{"13800138001", "13800138002"} {
		call := apitest.Unanswered([]string{"dialled-0", "dialled-1"}[i], number, began)
		call.Line, call.Agent = []string{"loans", "cards"}[i], []string{"a1", "a2"}[i]
		_, err := f.Calls.ReportCall(f.admin, &pb.ReportCallRequest{Call: call})
		require.NoError(t, err)
	}
	at := func(minutes int) *timestamppb.Timestamp {
		return timestamppb.New(began.Add(time.Duration(minutes) * time.Minute))
	}
	_, err := f.Freezes.ImportComplaints(f.supervisor, &pb.ImportComplaintsRequest{Complaints: []*pb.Complaint{
		{Number: "13800138001", Time: at(1), Source: "12321", Text: "they call 13800138001 daily"},
		{Number: "13800138002", Time: at(2), Source: "own"}, {Number: "13800138003", Time: at(3), Source: "own"}}})
	require.NoError(t, err)
	list := func(who context.Context, req *pb.ListComplaintsRequest) []*pb.Complaint {
		resp, err := f.Freezes.ListComplaints(who, req)
		require.NoError(t, err)
		return resp.GetComplaints()
	}
	all := list(f.reviewer, &pb.ListComplaintsRequest{})
	require.Len(t, all, 3)
	require.Equal(t, []string{"", "dialled-1", "dialled-0"}, []string{all[0].GetCallId(), all[1].GetCallId(), all[2].GetCallId()})
	require.Equal(t, "a2", all[1].GetAgent())
	require.True(t, all[1].GetFrozen())
	require.Empty(t, all[1].GetNumber())
	require.NotContains(t, all[2].GetText(), "13800138001", "a reviewer sees numbers masked")
	require.Contains(t, list(f.supervisor, &pb.ListComplaintsRequest{})[2].GetText(), "13800138001")
	_, err = f.Freezes.ReleaseFreeze(f.supervisor, &pb.ReleaseFreezeRequest{Target: &pb.ReleaseFreezeRequest_Name{
		Name: all[1].GetFreeze()}, Reason: "settled"})
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		req  *pb.ListComplaintsRequest
		want []string
	}{
		"line":     {&pb.ListComplaintsRequest{Line: "cards"}, []string{all[1].GetName()}},
		"agent":    {&pb.ListComplaintsRequest{Agent: "a1"}, []string{all[2].GetName()}},
		"source":   {&pb.ListComplaintsRequest{Source: "12321"}, []string{all[2].GetName()}},
		"since":    {&pb.ListComplaintsRequest{StartTime: at(2)}, []string{all[0].GetName(), all[1].GetName()}},
		"until":    {&pb.ListComplaintsRequest{EndTime: at(2)}, []string{all[2].GetName()}},
		"number":   {&pb.ListComplaintsRequest{Number: "13800138003"}, []string{all[0].GetName()}},
		"its like": {&pb.ListComplaintsRequest{SameNumberAs: f.decided.GetName()}, []string{all[2].GetName()}},
	} {
		var got []string
		for _, c := range list(f.reviewer, tt.req) {
			got = append(got, c.GetName())
			require.Equal(t, c.GetName() != all[1].GetName(), c.GetFrozen(), name)
		}
		require.Equal(t, tt.want, got, name)
	}
	first, err := f.Freezes.ListComplaints(f.reviewer, &pb.ListComplaintsRequest{PageSize: 2})
	require.NoError(t, err)
	rest := list(f.reviewer, &pb.ListComplaintsRequest{PageSize: 2, PageToken: first.GetNextPageToken()})
	require.Len(t, rest, 1)
	require.Equal(t, all[2].GetName(), rest[0].GetName())
	_, err = f.Freezes.ListComplaints(f.reviewer, &pb.ListComplaintsRequest{Source: "newspaper"})
	require.Equal(t, "INVALID_REQUEST", apitest.Reason(err))
}

// An agent finds what was decided on his own calls, and neither what was heard nor who decided.
func TestAnAgentsSuspects(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	as := func(name string) context.Context {
		return keyed(f.admin, t, f.bench, &pb.AddKeyRequest{KeyId: name, Role: pb.Role_ROLE_AGENT})
	}
	agent, other := as("agent-7"), as("agent-8")
	list := func(who context.Context, req *pb.ListAgentSuspectsRequest) ([]*pb.Suspect, string) {
		resp, err := f.Review.ListAgentSuspects(who, req)
		return resp.GetSuspects(), apitest.Reason(err)
	}
	got, _ := list(agent, &pb.ListAgentSuspectsRequest{})
	require.Len(t, got, 1, "what is to be decided is not told")
	s := got[0]
	require.Equal(t, f.decided.GetName(), s.GetName())
	require.Equal(t, "not_interested", s.GetDecision().GetClass())
	require.NotNil(t, s.GetFrozen())
	require.Empty(t, s.GetHits())
	require.Zero(t, s.GetScore())
	require.Empty(t, s.GetDecision().GetReviewer())
	require.Empty(t, s.GetDecision().GetNote())
	for _, tt := range []struct {
		who  context.Context
		req  *pb.ListAgentSuspectsRequest
		n    int
		want string
	}{
		{agent, &pb.ListAgentSuspectsRequest{Agent: "agent-7", State: pb.Suspect_STATE_CONFIRMED, Line: "loans"}, 1, ""},
		{agent, &pb.ListAgentSuspectsRequest{State: pb.Suspect_STATE_DISMISSED}, 0, ""},
		{agent, &pb.ListAgentSuspectsRequest{State: pb.Suspect_STATE_OPEN}, 0, "INVALID_REQUEST"},
		{agent, &pb.ListAgentSuspectsRequest{Agent: "agent-8"}, 0, "NOT_YOUR_CALL"},
		{other, &pb.ListAgentSuspectsRequest{}, 0, ""},
		{f.supervisor, &pb.ListAgentSuspectsRequest{}, 0, "INVALID_REQUEST"},
		{f.supervisor, &pb.ListAgentSuspectsRequest{Agent: "agent-7"}, 1, ""},
		{f.dialler, &pb.ListAgentSuspectsRequest{}, 0, "NOT_PERMITTED"},
	} {
		found, why := list(tt.who, tt.req)
		require.Equal(t, tt.want, why, tt.req)
		require.Len(t, found, tt.n, tt.req)
	}
	_, err := f.Freezes.CreateFreeze(f.supervisor, &pb.CreateFreezeRequest{Number: theNumber, Reason: "by letter"})
	require.NoError(t, err)
	got, _ = list(agent, &pb.ListAgentSuspectsRequest{})
	require.Nil(t, got[0].GetFrozen().GetEndTime(), "frozen by whatever, the longest counts")
	require.NotEmpty(t, got[0].GetFrozen().GetFreeze())
	resp, err := f.Review.AppealDecision(agent, &pb.AppealDecisionRequest{Name: s.GetName(), Reason: "he asked when"})
	require.NoError(t, err)
	require.Empty(t, resp.GetSuspect().GetHits())
	require.Empty(t, resp.GetSuspect().GetDecision().GetReviewer())
	got, _ = list(agent, &pb.ListAgentSuspectsRequest{})
	require.Len(t, got, 1, "the second look is another's")
	require.Equal(t, pb.Appeal_STATE_OPEN, got[0].GetAppeal().GetState())
	_, err = f.Review.GetSuspect(agent, &pb.GetSuspectRequest{Name: s.GetName()})
	require.Equal(t, "NOT_PERMITTED", apitest.Reason(err))
}
