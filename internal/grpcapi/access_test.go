package grpcapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// keyed makes a key and gives a context that sends it.
func keyed(admin context.Context, t *testing.T, b *bench, req *pb.AddKeyRequest) context.Context {
	t.Helper()
	resp, err := b.Keys.AddKey(admin, req)
	require.NoError(t, err)
	return apitest.WithKey(t.Context(), resp.GetToken())
}

// A key for a line asks, reserves, reports and sees that line's, and no other.
func TestALineBoundsAKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := keyed(t.Context(), t, b, &pb.AddKeyRequest{KeyId: "admin", Role: pb.Role_ROLE_ADMIN})
	report := func(ctx context.Context, id, line string) error {
		c := apitest.Unanswered(id, "13800138000", time.Now().Add(-time.Minute))
		c.Line = line
		_, err := b.Calls.ReportCall(ctx, &pb.ReportCallRequest{Call: c})
		return err
	}
	require.NoError(t, report(admin, "b-1", "B"))
	one := keyed(admin, t, b, &pb.AddKeyRequest{KeyId: "one", Role: pb.Role_ROLE_DIALLER, Lines: []string{"A"}})
	two := keyed(admin, t, b, &pb.AddKeyRequest{KeyId: "two", Role: pb.Role_ROLE_DIALLER,
		Lines: []string{"A", "C"}})
	recorder := keyed(admin, t, b, &pb.AddKeyRequest{KeyId: "recorder", Role: pb.Role_ROLE_RECORDER,
		Lines: []string{"A"}})
	reviewer := keyed(admin, t, b, &pb.AddKeyRequest{KeyId: "reviewer", Role: pb.Role_ROLE_REVIEWER,
		Lines: []string{"A"}})
	upload := func(ctx context.Context, line string) error {
		_, err := b.Upload(ctx, &pb.RecordingMetadata{CallId: "r", Number: "13800138000", Line: line},
			bytes.NewReader([]byte("no sound")))
		return err
	}
	check := func(ctx context.Context, line string) error {
		_, err := b.Gate.CheckNumber(ctx, &pb.CheckNumberRequest{Number: "13800138000", Line: line})
		return err
	}
	many := func(ctx context.Context, line string) error {
		stream, err := b.Gate.CheckNumbers(ctx)
		require.NoError(t, err)
		require.NoError(t, stream.Send(&pb.CheckNumbersRequest{Numbers: []string{"13800138000"}, Line: line}))
		_, err = stream.Recv()
		return err
	}
	reserve := func(ctx context.Context, id, line string) error {
		_, err := b.Gate.ReserveCall(ctx, &pb.ReserveCallRequest{CallId: id, Number: "13800138009", Line: line})
		return err
	}
	get := func(ctx context.Context, id string) error {
		_, err := b.Calls.GetCall(ctx, &pb.GetCallRequest{Name: "calls/" + id})
		return err
	}
	batch := func(ctx context.Context) error {
		_, err := b.Calls.BatchReportCalls(ctx, &pb.BatchReportCallsRequest{Calls: []*pb.Call{
			{CallId: "1", Line: "A"}, {CallId: "2", Line: "B"}}})
		return err
	}
	suspects := func(line string) error {
		_, err := b.Review.ListSuspects(reviewer, &pb.ListSuspectsRequest{Line: line})
		return err
	}
	analyst := keyed(admin, t, b, &pb.AddKeyRequest{KeyId: "analyst", Role: pb.Role_ROLE_ANALYST, Lines: []string{"A"}})
	_, previewed := b.Lexicons.PreviewLexicon(analyst, &pb.PreviewLexiconRequest{Source: "version: x", Line: "B"})
	_, listed := b.Calls.ListCalls(reviewer, &pb.ListCallsRequest{})
	_, state := b.Status.GetStatus(one, &pb.GetStatusRequest{})
	const no = "LINE_NOT_PERMITTED"
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"its own":                   {check(one, "A"), ""},
		"the only one":              {check(one, ""), ""},
		"another":                   {check(one, "B"), no},
		"one of two, not named":     {check(two, ""), no},
		"one of two":                {check(two, "C"), ""},
		"a list":                    {many(one, "A"), ""},
		"a list, another":           {many(one, "B"), no},
		"reserve":                   {reserve(one, "a-2", ""), ""},
		"reserve, another":          {reserve(one, "b-2", "B"), no},
		"report":                    {report(one, "a-1", "A"), ""},
		"report, another":           {report(one, "b-3", "B"), no},
		"report many, one another":  {batch(one), no},
		"a call":                    {get(one, "a-1"), ""},
		"the call that it reserved": {get(one, "a-2"), ""},
		"a call, another":           {get(one, "b-1"), no},
		"upload":                    {upload(recorder, "A"), "AUDIO_NOT_AUDIO"},
		"upload, another":           {upload(recorder, "B"), no},
		"suspects":                  {suspects(""), ""},
		"suspects, another":         {suspects("B"), no},
		"a preview, another":        {previewed, no},
		"what is of all lines":      {listed, no},
		"what is of none":           {state, ""},
	} {
		require.Equal(t, tt.want, reason(tt.err), "%s: %v", name, tt.err)
	}
}

// What a request states of its line says nothing of what is there under its id: a key for a line changes
// no other's calls and recordings, and so ends no freeze that rests on them.
func TestALineBoundsWhatIsThere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := keyed(t.Context(), t, b, &pb.AddKeyRequest{KeyId: "admin", Role: pb.Role_ROLE_ADMIN})
	dialler := keyed(admin, t, b, &pb.AddKeyRequest{KeyId: "dialler", Role: pb.Role_ROLE_DIALLER,
		Lines: []string{"A"}})
	recorder := keyed(admin, t, b, &pb.AddKeyRequest{KeyId: "recorder", Role: pb.Role_ROLE_RECORDER,
		Lines: []string{"A"}})
	start := time.Now().Add(-time.Minute)
	call := func(id, line string, revision int64) *pb.Call {
		c := apitest.Unanswered(id, "13800138000", start)
		c.Line, c.Revision = line, revision
		return c
	}
	upload := func(ctx context.Context, id, part, line, replace string, frames int) error {
		_, err := b.Upload(ctx, &pb.RecordingMetadata{CallId: id, Part: part, Number: "13800138000", Line: line,
			CustomerChannel: pb.Channel_CHANNEL_RIGHT, ReplaceReason: replace}, bytes.NewReader(wav(frames)))
		return err
	}
	_, err := b.Calls.ReportCall(admin, &pb.ReportCallRequest{Call: call("b", "B", 1)})
	require.NoError(t, err)
	require.NoError(t, upload(admin, "recorded", "", "B", "", 400))
	_, err = b.Gate.ReserveCall(admin, &pb.ReserveCallRequest{CallId: "reserved", Number: "13800138009", Line: "B"})
	require.NoError(t, err)

	const no = "LINE_NOT_PERMITTED"
	_, err = b.Calls.ReportCall(dialler, &pb.ReportCallRequest{Call: call("b", "A", 2)})
	require.Equal(t, no, reason(err))
	batch, err := b.Calls.BatchReportCalls(dialler, &pb.BatchReportCallsRequest{Calls: []*pb.Call{
		call("b", "A", 2), call("a", "A", 1), call("a", "A", 2)}})
	require.NoError(t, err)
	require.Equal(t, no, batch.GetResults()[0].GetError().GetReason())
	require.Equal(t, pb.CallResult_STATUS_UPDATED, batch.GetResults()[2].GetStatus())
	_, err = b.Gate.ReserveCall(dialler, &pb.ReserveCallRequest{CallId: "reserved", Number: "13800138009",
		Line: "A"})
	require.Equal(t, no, reason(err))
	got, err := b.Calls.GetCall(admin, &pb.GetCallRequest{Name: "calls/b"})
	require.NoError(t, err)
	require.Equal(t, "B", got.GetCall().GetLine())
	require.EqualValues(t, 1, got.GetCall().GetRevision())

	require.Equal(t, no, reason(upload(recorder, "recorded", "", "A", "", 400)), "not even that it is there")
	require.Equal(t, no, reason(upload(recorder, "recorded", "", "A", "the right one", 300)))
	require.Equal(t, no, reason(upload(recorder, "b", "2", "A", "", 400)), "a part of the other line's call")
	require.NoError(t, upload(recorder, "a", "", "A", "", 400))

	refused, err := b.Audit.ListEntries(admin, &pb.ListEntriesRequest{Filter: &pb.AuditFilter{Action: "refused"}})
	require.NoError(t, err)
	var who []string
	for _, e := range refused.GetEntries() {
		who = append(who, e.GetActor()+" "+e.GetDetails()["why"]+" "+e.GetDetails()["request"])
	}
	require.Equal(t, []string{"recorder " + no + " refrain.v1.RecordingService/UploadRecording",
		"dialler " + no + " refrain.v1.GateService/ReserveCall",
		"dialler " + no + " refrain.v1.CallService/ReportCall"}, who, "once a minute each")
}

// A call may have parts of several lines: a key for one of them sees, reports and adds what is of its line, and
// takes over no call that is another's.
func TestALineBoundsParts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin := keyed(t.Context(), t, b, &pb.AddKeyRequest{KeyId: "admin", Role: pb.Role_ROLE_ADMIN})
	bound := func(id string, role pb.Role, lines ...string) context.Context {
		return keyed(admin, t, b, &pb.AddKeyRequest{KeyId: id, Role: role, Lines: lines})
	}
	dialler := bound("dialler", pb.Role_ROLE_DIALLER, "A")
	recorder := bound("recorder", pb.Role_ROLE_RECORDER, "A")
	upload := func(ctx context.Context, id, part, line string) string {
		_, err := b.Upload(ctx, &pb.RecordingMetadata{CallId: id, Part: part, Number: "13800138000", Line: line,
			CustomerChannel: pb.Channel_CHANNEL_RIGHT}, bytes.NewReader(wav(400)))
		return reason(err)
	}
	report := func(ctx context.Context, id, number, line string) string {
		c := apitest.Unanswered(id, number, time.Now().Add(-time.Minute))
		c.Line = line
		_, err := b.Calls.ReportCall(ctx, &pb.ReportCallRequest{Call: c})
		return reason(err)
	}
	reserve := func(ctx context.Context, id, number, line string) string {
		_, err := b.Gate.ReserveCall(ctx, &pb.ReserveCallRequest{CallId: id, Number: number, Line: line})
		return reason(err)
	}
	for _, part := range []struct{ call, part, line string }{
		{"theirs", "", "B"}, {"transferred", "1", "A"}, {"transferred", "2", "B"}, {"unknown", "", ""}} {
		require.Empty(t, upload(admin, part.call, part.part, part.line))
	}
	const no = "LINE_NOT_PERMITTED"
	const same, other = "13800138000", "13900139000"
	both := bound("both", pb.Role_ROLE_RECORDER, "A", "B")
	for _, tt := range []struct{ what, got, want string }{
		{"a part of another's call", upload(recorder, "theirs", "x", "A"), no},
		{"a part of a call of several", upload(recorder, "transferred", "3", "A"), no},
		{"the same by who is for both", upload(both, "transferred", "3", "A"), ""},
		{"and one of the other line", upload(both, "theirs", "x", "A"), ""},
		{"parts of its own", upload(recorder, "ours", "1", "A"), ""},
		{"more of them", upload(recorder, "ours", "2", "A"), ""},
		{"what is known of no line", upload(recorder, "unknown", "x", "A"), no},
		{"a report of what nobody knows", report(dialler, "nobody's", same, "A"), ""},
		{"a reservation of what is of no line, another number", reserve(dialler, "unknown", other, "A"), no},
		{"its report", report(dialler, "unknown", other, "A"), no},
		{"its report of the same number", report(dialler, "unknown", same, "A"), ""},
		{"a report of a call that came by", report(dialler, "transferred", same, "A"), ""},
		{"its own", report(dialler, "ours", other, "A"), ""},
	} {
		require.Equal(t, tt.want, tt.got, tt.what)
	}
	require.Empty(t, upload(admin, "b-only", "", "B"))
	require.Equal(t, no, report(dialler, "b-only", other, "A"), "it would be refused to who called")
	require.Equal(t, no, reserve(dialler, "b-only", other, "A"))
	require.Empty(t, report(bound("dialler-b", pb.Role_ROLE_DIALLER, "B"), "b-only", same, "B"))

	parts := func(ctx context.Context, line string) map[string]int {
		stream, err := b.Exports.ExportVcons(ctx, &pb.ExportVconsRequest{Line: line, FullNumbers: true,
			RevealReason: "a complaint"})
		require.NoError(t, err)
		text, found := "", map[string]int{}
		for {
			m, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return found
			}
			require.NoError(t, err)
			text += string(m.GetChunk())
			if m.GetLast() {
				var v struct{ Dialog []any }
				require.NoError(t, json.Unmarshal([]byte(text), &v))
				text, found[m.GetCallId()] = "", len(v.Dialog)
			}
		}
	}
	require.Equal(t, map[string]int{"transferred": 2, "theirs": 1, "ours": 2, "unknown": 1},
		parts(bound("supervisor", pb.Role_ROLE_SUPERVISOR, "A"), "A"), "its parts alone")
	require.Equal(t, 3, parts(admin, "A")["transferred"])
}

// A number in full takes a role and a reason, and is recorded without it.
func TestReveal(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(b *bench) { b.cfg.Privacy.Reveal = []string{"callback", "zhao"} })
	admin := keyed(t.Context(), t, b, &pb.AddKeyRequest{KeyId: "admin", Role: pb.Role_ROLE_ADMIN})
	reviewer := keyed(admin, t, b, &pb.AddKeyRequest{KeyId: "desk", Role: pb.Role_ROLE_REVIEWER})
	named := keyed(admin, t, b, &pb.AddKeyRequest{KeyId: "callback", Role: pb.Role_ROLE_REVIEWER})
	crm := apitest.As(keyed(admin, t, b, &pb.AddKeyRequest{KeyId: "crm", Role: pb.Role_ROLE_SUPERVISOR,
		ActsForOthers: true}), "li")
	_, err := b.Calls.ReportCall(admin, &pb.ReportCallRequest{
		Call: apitest.Unanswered("4711", "13800138000", time.Now().Add(-time.Minute))})
	require.NoError(t, err)
	reveal := func(ctx context.Context, name, why string) (string, string) {
		resp, err := b.Reveal.RevealNumber(ctx, &pb.RevealNumberRequest{Name: name, Reason: why})
		return resp.GetNumber(), reason(err)
	}
	for _, tt := range []struct {
		ctx             context.Context
		name, why       string
		number, refused string
	}{
		{reviewer, "calls/4711", "calling back", "", "NOT_PERMITTED"},
		{apitest.As(reviewer, "zhao"), "calls/4711", "calling back", "", "NOT_PERMITTED"}, // whom it names counts for nothing
		{named, "calls/4711", " ", "", "INVALID_REQUEST"},
		{crm, "calls/4711", " ", "", "INVALID_REQUEST"},
		{crm, "calls/1", "calling back", "", "NOT_FOUND"},
		{crm, "numbers/1", "calling back", "", "INVALID_REQUEST"},
		{crm, "calls/4711", "13800138000 asked to be called back", "+8613800138000", ""},
	} {
		number, refused := reveal(tt.ctx, tt.name, tt.why)
		require.Equal(t, []string{tt.number, tt.refused}, []string{number, refused})
	}
	got, err := b.Audit.ListEntries(admin, &pb.ListEntriesRequest{Filter: &pb.AuditFilter{Action: "reveal"}})
	require.NoError(t, err)
	require.Len(t, got.GetEntries(), 1)
	e := got.GetEntries()[0]
	require.Equal(t, []string{"li", "calls/4711", "138****8000 asked to be called back", "crm"},
		[]string{e.GetActor(), e.GetSubject(), e.GetReason(), e.GetDetails()["key"]})
	number, refused := reveal(named, "calls/4711", "calling back")
	require.Equal(t, []string{"+8613800138000", ""}, []string{number, refused}, "privacy.reveal names it")

	all, err := b.Audit.ListEntries(admin, &pb.ListEntriesRequest{PageSize: 2})
	require.NoError(t, err)
	require.Len(t, all.GetEntries(), 2)
	rest, err := b.Audit.ListEntries(admin, &pb.ListEntriesRequest{PageSize: 2,
		PageToken: all.GetNextPageToken()})
	require.NoError(t, err)
	require.Equal(t, all.GetEntries()[1].GetSeq()-1, rest.GetEntries()[0].GetSeq())
}

// What is frozen and that somebody froze it are one: neither is there without the other.
func TestRecordedWithTheChange(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := apitest.As(t.Context(), "li")
	freeze := func(number string) error {
		_, err := b.Freezes.CreateFreeze(ctx, &pb.CreateFreezeRequest{Number: number, Reason: "he wrote to us"})
		return err
	}
	require.NoError(t, freeze("13800138000"))
	require.Error(t, freeze("nonsense"))
	_, err := b.db.Writer().ExecContext(t.Context(), `CREATE TRIGGER full BEFORE INSERT ON audit BEGIN
		SELECT RAISE(ABORT, 'the disk is full'); END`)
	require.NoError(t, err)
	require.Error(t, freeze("13800138001"))
	require.Empty(t, b.FreezesOf(t, "13800138001"), "what can't be recorded is not done")
	got, err := b.Audit.ListEntries(ctx, &pb.ListEntriesRequest{})
	require.NoError(t, err)
	require.Len(t, got.GetEntries(), 1)
	e := got.GetEntries()[0]
	require.Equal(t, []string{"li", "freeze.create", "numbers/138****8000", "he wrote to us"},
		[]string{e.GetActor(), e.GetAction(), e.GetSubject(), e.GetReason()})
}
