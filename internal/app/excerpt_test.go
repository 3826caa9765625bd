package app_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/asr/audio"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// What people listen to: one side, a stretch, what was said around a hit; and what is drawn of it.
func TestListening(t *testing.T) {
	t.Parallel()
	ctx := as(t.Context(), "li")
	s := start(t, testConfig(t.TempDir()))
	wav := sample(t, refusalSample)
	rec := s.send(ctx, t, &pb.RecordingMetadata{CallId: "call-1", Number: "13800138001",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT}, wav)
	whole, err := audio.Inspect(bytes.NewReader(wav))
	require.NoError(t, err)

	get := func(path, span string) (code int, header http.Header, body []byte) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.app.HTTPAddr()+"/v1/"+path, http.NoBody)
		require.NoError(t, err)
		req.Header.Set("Refrain-Actor", "li")
		if span != "" {
			req.Header.Set("Range", span)
		}
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer func() { require.NoError(t, resp.Body.Close()) }()
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, resp.Header, b
	}
	code, header, customer := get(rec.GetName()+"/audio?track=customer", "")
	require.Equal(t, http.StatusOK, code, string(customer))
	require.Equal(t, "audio/x-wav", header.Get("Content-Type"))
	info, err := audio.Inspect(bytes.NewReader(customer))
	require.NoError(t, err)
	require.Equal(t, 1, info.Channels)
	require.Equal(t, whole.Frames, info.Frames)
	code, _, piece := get(rec.GetName()+"/audio?track=customer", "bytes=1001-2000")
	require.Equal(t, http.StatusPartialContent, code)
	require.Equal(t, customer[1001:2001], piece)
	code, header, stretch := get(rec.GetName()+"/audio?from=1.5&to=2s", "")
	require.Equal(t, http.StatusOK, code)
	info, err = audio.Inspect(bytes.NewReader(stretch))
	require.NoError(t, err)
	require.Equal(t, 500*time.Millisecond, info.Duration())
	require.Equal(t, 2, info.Channels)
	_, other, _ := get(rec.GetName()+"/audio", "")
	require.NotEqual(t, other.Get("ETag"), header.Get("ETag"), "a cache must tell them apart")

	suspect := rec.GetJudgement().GetSuspectName()
	code, _, clip := get(suspect+"/clip?hit=0", "")
	require.Equal(t, http.StatusOK, code, string(clip))
	info, err = audio.Inspect(bytes.NewReader(clip))
	require.NoError(t, err)
	span := rec.GetJudgement().GetHits()[0].GetSpan()
	from := max(0, span.GetStart().AsDuration()-3*time.Second)
	to := min(whole.Duration(), span.GetEnd().AsDuration()+3*time.Second)
	require.InDelta(t, (to - from).Seconds(), info.Duration().Seconds(), 0.001)

	for path, want := range map[string]int{
		rec.GetName() + "/audio?track=both":         http.StatusBadRequest,
		rec.GetName() + "/audio?from=x":             http.StatusBadRequest,
		rec.GetName() + "/audio?from=-1":            http.StatusBadRequest,
		rec.GetName() + "/audio?from=900":           http.StatusBadRequest,
		rec.GetName() + "/audio?from=3&to=2":        http.StatusBadRequest,
		rec.GetName() + "/audio?from=NaN":           http.StatusBadRequest,
		rec.GetName() + "/audio?path=../../x":       http.StatusBadRequest,
		"recordings/..%2F..%2Fledger.key/audio":     http.StatusBadRequest,
		suspect + "/clip?hit=99":                    http.StatusNotFound,
		suspect + "/clip?hit=-1":                    http.StatusBadRequest,
		suspect + "/clip?around=1h":                 http.StatusBadRequest,
		"suspects/01ARZ3NDEKTSV4RRFFQ69G5FAV/clip":  http.StatusNotFound,
		rec.GetName() + "/audio?track=agent&to=0.5": http.StatusOK,
	} {
		code, _, body := get(path, "")
		require.Equal(t, want, code, "%s: %s", path, body)
	}

	p, err := s.Recordings.GetRecordingPeaks(ctx, &pb.GetRecordingPeaksRequest{Name: rec.GetName(), PerSecond: 20})
	require.NoError(t, err)
	require.Equal(t, whole.Duration(), p.GetDuration().AsDuration())
	require.Len(t, p.GetCustomer(), int((whole.Frames*20+int64(whole.Rate)-1)/int64(whole.Rate)))
	require.Len(t, p.GetAgent(), len(p.GetCustomer()))
	loud := func(peaks []int32) (n int) {
		for _, v := range peaks[int(span.GetStart().AsDuration().Seconds()*20):int(span.GetEnd().AsDuration().Seconds()*20)] {
			n = max(n, int(v))
		}
		return n
	}
	require.Greater(t, loud(p.GetCustomer()), 4*loud(p.GetAgent()), "it is the customer who refuses")
	_, err = s.Recordings.GetRecordingPeaks(ctx, &pb.GetRecordingPeaksRequest{Name: rec.GetName(), PerSecond: 1000})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	code, got := rest(t, http.MethodGet, "http://"+s.app.HTTPAddr()+"/v1/"+rec.GetName()+"/peaks?perSecond=20", "li", "")
	require.Equal(t, http.StatusOK, code)
	require.Len(t, dig(t, got, "customer"), len(p.GetCustomer()))

	mono := s.send(ctx, t, &pb.RecordingMetadata{CallId: "call-2", Number: "13800138002",
		CustomerChannel: pb.Channel_CHANNEL_MONO}, customer)
	_, _, err = s.audio(ctx, &pb.GetRecordingAudioRequest{Name: mono.GetName(), Side: pb.Side_SIDE_AGENT})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	_, _, err = s.audio(ctx, &pb.GetRecordingAudioRequest{Name: mono.GetName(), EndOffset: durationpb.New(-1)})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	p, err = s.Recordings.GetRecordingPeaks(ctx, &pb.GetRecordingPeaksRequest{Name: mono.GetName()})
	require.NoError(t, err)
	require.Empty(t, p.GetAgent())
	require.NotEmpty(t, p.GetCustomer())
	require.True(t, strings.HasPrefix(suspect, "suspects/"))
}
