package grpcapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/fault"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
)

func TestStatusOf(t *testing.T) {
	t.Parallel()
	var fields fault.Fields
	fields.Add("number", "is %s", "wrong")
	tests := []struct {
		name   string
		err    error
		code   codes.Code
		reason string
	}{
		{"nothing", nil, codes.OK, ""},
		{"invalid", fields.Err("op"), codes.InvalidArgument, "INVALID_REQUEST"},
		{"wrapped", errors.Join(&fault.Error{Kind: fault.NotFound, Reason: "NO_SUCH"}),
			codes.NotFound, "NO_SUCH"},
		{"unknown", errors.New("secret path /var/lib"), codes.Internal, "INTERNAL"},
		{"internal fault", &fault.Error{Message: "secret"}, codes.Internal, "INTERNAL"},
		{"cancelled", context.Canceled, codes.Canceled, ""},
		{"deadline", context.DeadlineExceeded, codes.DeadlineExceeded, ""},
		{"broken stream", io.ErrUnexpectedEOF, codes.Canceled, ""},
		{"from gRPC", status.Error(codes.Aborted, "x"), codes.Aborted, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := statusOf(t.Context(), slog.New(slog.DiscardHandler), "m", tt.err)
			require.Equal(t, tt.code, status.Code(err))
			require.NotContains(t, status.Convert(err).Message(), "secret",
				"internal text went out")
			var reason string
			for _, d := range status.Convert(err).Details() {
				if info, ok := d.(*errdetails.ErrorInfo); ok {
					reason = info.GetReason()
				}
			}
			require.Equal(t, tt.reason, reason)
		})
	}
}

func TestPageTokens(t *testing.T) {
	t.Parallel()
	p := pager{[]byte("key")}
	at := time.UnixMicro(1_795_000_000_123_456).UTC()
	token := p.token("list|a", cursor{at, "01ABC"})
	for _, tt := range []struct {
		name, filter, token string
		pager               pager
		want                *cursor
		bad                 bool
	}{
		{name: "first page", filter: "list|a", pager: p},
		{name: "next page", filter: "list|a", token: token, pager: p, want: &cursor{at, "01ABC"}},
		{name: "other filter", filter: "list|b", token: token, pager: p, bad: true},
		{name: "other server", filter: "list|a", token: token, pager: pager{[]byte("other")},
			bad: true},
		{name: "cut", filter: "list|a", token: token[:len(token)-4], pager: p, bad: true},
		{name: "nonsense", filter: "list|a", token: "%%%", pager: p, bad: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var wrong fault.Fields
			require.Equal(t, tt.want, tt.pager.parse(tt.filter, tt.token, &wrong))
			require.Equal(t, tt.bad, wrong.Err("") != nil)
		})
	}
}

func FuzzPageToken(f *testing.F) {
	p := pager{[]byte("key")}
	f.Add(p.token("f", cursor{time.UnixMicro(5), "id"}))
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, token string) {
		var wrong fault.Fields
		if c := p.parse("f", token, &wrong); c != nil {
			require.Empty(t, wrong)
			again := p.parse("f", p.token("f", *c), &wrong)
			require.Equal(t, c, again)
		}
	})
}

func TestParseName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, name string
		want          []string
		bad           bool
	}{
		{"suspects/{suspect}", "suspects/01AB", []string{"01AB"}, false},
		{"suspects/{suspect}/decisions/{decision}", "suspects/a/decisions/b", []string{"a", "b"},
			false},
		{"suspects/{suspect}", "suspects/", []string{""}, true},
		{"suspects/{suspect}", "recordings/01AB", []string{"01AB"}, true},
		{"suspects/{suspect}", "suspects/01AB/x", []string{""}, true},
		{"suspects/{suspect}", "suspects/../x", []string{""}, true},
		{"suspects/{suspect}", "", []string{""}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var wrong fault.Fields
			ids := parseName(tt.pattern, tt.name, &wrong)
			require.Equal(t, tt.bad, len(wrong) > 0)
			if !tt.bad {
				require.Equal(t, tt.want, ids)
			}
			require.Len(t, ids, len(tt.want))
		})
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	client := b.Recordings
	for _, id := range []string{"a", "b", "c"} {
		_, err := uploadMessages(t, client, []*pb.UploadRecordingRequest{
			metadataMessage(&pb.RecordingMetadata{CallId: id, Number: "13800138000"}),
			chunk(wav(400))})
		require.NoError(t, err)
	}
	var ids []string
	req := &pb.ListRecordingsRequest{PageSize: 2}
	for pages := 1; ; pages++ {
		resp, err := client.ListRecordings(t.Context(), req)
		require.NoError(t, err)
		for _, r := range resp.GetRecordings() {
			ids = append(ids, r.GetCallId())
		}
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			require.Equal(t, 2, pages)
			break
		}
	}
	require.ElementsMatch(t, []string{"a", "b", "c"}, ids)
	for _, bad := range []*pb.ListRecordingsRequest{{PageSize: -1}, {PageToken: "x"}, {State: 99}} {
		_, err := client.ListRecordings(t.Context(), bad)
		require.Equal(t, codes.InvalidArgument, status.Code(err))
	}
	_, err := client.GetRecording(t.Context(), &pb.GetRecordingRequest{Name: "recordings/nobody"})
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = client.RetryRecording(t.Context(),
		&pb.RetryRecordingRequest{Name: "recordings/nobody"})
	require.Equal(t, codes.NotFound, status.Code(err))
}

func TestWatchersWakeWithoutBlocking(t *testing.T) {
	t.Parallel()
	var w Watchers
	ch, stop := w.watch("a")
	for range 3 {
		w.Changed("a")
		w.Changed(recording.ID("b"))
	}
	<-ch
	select {
	case <-ch:
		t.Fatal("changes that were not looked at are told of once")
	default:
	}
	stop()
	w.Changed("a")
	require.Empty(t, w.waiting)
}
