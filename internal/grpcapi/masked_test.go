package grpcapi

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Names of calls, agents and lines hold numbers. Whoever may not see these gets such names masked, and all that he
// asks by them is answered.
func TestNumbersInNames(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(b *bench) { b.cfg.Privacy.Reveal = []string{"named"} })
	admin := keyed(t.Context(), t, b, &pb.AddKeyRequest{KeyId: "admin", Role: pb.Role_ROLE_ADMIN})
	key := func(id string, role pb.Role) context.Context {
		return keyed(admin, t, b, &pb.AddKeyRequest{KeyId: id, Role: role})
	}
	const id, second, agent, line = "out-13800138000-1", "out-13800138000-2", "a/13900139000", "sim 13700137000"
	hides := func(m proto.Message) {
		t.Helper()
		for _, digits := range []string{"13800138000", "13900139000", "13700137000"} {
			require.NotContains(t, prototext.Format(m), digits)
		}
	}
	for i, call := range []string{id, second, "plain-1"} {
		c := apitest.Rejected(call, "13800138000", time.Now().Add(-time.Duration(i+1)*time.Minute))
		c.Agent, c.Line = agent, line
		_, err := b.Calls.ReportCall(admin, &pb.ReportCallRequest{Call: c})
		require.NoError(t, err)
	}
	reviewer, named := key("desk", pb.Role_ROLE_REVIEWER), key("named", pb.Role_ROLE_REVIEWER)
	rec, err := b.Upload(admin, &pb.RecordingMetadata{CallId: id, Number: "13800138000", Agent: agent,
		CustomerChannel: pb.Channel_CHANNEL_RIGHT}, strings.NewReader(string(wav(400))))
	require.NoError(t, err)
	require.Equal(t, id, rec.GetRecording().GetCallId())

	get := func(ctx context.Context, call string) (*pb.GetCallResponse, error) {
		return b.Calls.GetCall(ctx, &pb.GetCallRequest{Name: "calls/" + call})
	}
	first, err := b.Calls.ListCalls(reviewer, &pb.ListCallsRequest{PageSize: 1})
	require.NoError(t, err)
	hides(first)
	token, err := base64.RawURLEncoding.DecodeString(first.GetNextPageToken())
	require.NoError(t, err)
	require.NotContains(t, string(token), "138")
	next, err := b.Calls.ListCalls(reviewer, &pb.ListCallsRequest{PageToken: first.GetNextPageToken()})
	require.NoError(t, err)
	require.Len(t, next.GetCalls(), 2)
	require.Equal(t, "plain-1", next.GetCalls()[1].GetCallId(), "what holds no number stays")
	masked := first.GetCalls()[0]
	require.True(t, strings.HasPrefix(masked.GetCallId(), "out-138****8000-1~"), masked.GetCallId())
	require.Equal(t, "calls/"+masked.GetCallId(), masked.GetName())
	require.True(t, strings.HasPrefix(masked.GetLine(), "sim 137****7000~"), masked.GetLine())

	for _, ctx := range []context.Context{reviewer, admin, named} {
		call, err := get(ctx, masked.GetCallId())
		require.NoError(t, err)
		require.Equal(t, []string{rec.GetRecording().GetName()}, call.GetRecordings())
		recs, err := b.Recordings.ListRecordings(ctx, &pb.ListRecordingsRequest{CallId: masked.GetCallId(),
			Line: masked.GetLine()})
		require.NoError(t, err)
		require.Len(t, recs.GetRecordings(), 1)
		want := map[bool]string{true: masked.GetCallId(), false: id}[ctx == reviewer]
		require.Equal(t, []string{want, want}, []string{call.GetCall().GetCallId(), recs.GetRecordings()[0].GetCallId()})
		if ctx == reviewer {
			hides(call)
			hides(recs)
		}
	}
	call, err := get(reviewer, id)
	require.NoError(t, err, "he knows it from elsewhere")
	hides(call)
	frozen, err := b.Freezes.ListFreezes(reviewer, &pb.ListFreezesRequest{})
	require.NoError(t, err)
	require.Len(t, frozen.GetFreezes()[0].GetCallIds(), 3)
	hides(frozen)
	_, err = get(reviewer, frozen.GetFreezes()[0].GetCallIds()[0])
	require.NoError(t, err)

	other := (&Deps{TokenKey: []byte("another")}).maskedName(id)
	for _, unknown := range []string{"out-13800138000-9", other, masked.GetCallId() + "A"} {
		_, err = get(reviewer, unknown)
		require.Equal(t, "NOT_FOUND", reason(err), unknown)
		require.NotContains(t, status.Convert(err).Message(), "13800138000")
	}
	stream, err := b.Recordings.WatchRecording(reviewer, &pb.WatchRecordingRequest{Name: rec.GetRecording().GetName()})
	require.NoError(t, err)
	seen, err := stream.Recv()
	require.NoError(t, err)
	hides(seen)
	require.Equal(t, masked.GetCallId(), seen.GetRecording().GetCallId())
}

func FuzzMaskedName(f *testing.F) {
	d := &Deps{TokenKey: []byte("key")}
	for _, seed := range []string{"", "13800138000", "a~b", "out-13800138000~AAAA", "\xff13800138000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		require.Equal(t, name, d.fullName(d.maskedName(name)))
		renewed := &Deps{TokenKey: []byte("next"), FormerTokenKeys: [][]byte{[]byte("key")}}
		require.Equal(t, name, renewed.fullName(d.maskedName(name)), "the ledger's key was rotated")
	})
}
