package app_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// exported are the documents that an export gives, by their calls.
func (c *clients) exported(
	ctx context.Context, req *pb.ExportVconsRequest,
) (map[string]map[string]any, error) {
	stream, err := c.Exports.ExportVcons(ctx, req)
	if err != nil {
		return nil, err
	}
	out, text := map[string]map[string]any{}, []byte(nil)
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if text = append(text, m.GetChunk()...); m.GetLast() {
			var d map[string]any
			if err := json.Unmarshal(text, &d); err != nil {
				return nil, err
			}
			out[m.GetCallId()], text = d, nil
		}
	}
}

// A call that was heard leaves as a vCon: over gRPC and REST alike, masked for everybody, in full and
// with its audio for those who may.
func TestVcon(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cfg := testConfig(t.TempDir())
	cfg.Privacy.Reveal = []string{"li"}
	s := start(t, cfg)
	wav := sample(t, refusalSample)
	const id = "trunk/1 2" // as sources make them
	rec := s.send(ctx, t, &pb.RecordingMetadata{CallId: id, Number: "13800138001", Agent: "a17",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT}, wav)
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState())

	all, err := s.exported(as(ctx, "wang"), &pb.ExportVconsRequest{})
	require.NoError(t, err)
	require.Len(t, all, 1)
	masked := all[id]
	require.Equal(t, "refrain-transcript-1", dig(t, masked, "analysis", 0, "schema"))
	require.Equal(t, true, dig(t, masked, "analysis", len(masked["analysis"].([]any))-1, "body", "suspect"))
	require.Equal(t, "tel:138****8001;phone-context=+86", dig(t, masked, "parties", 1, "tel"))

	for _, req := range []*pb.ExportVconsRequest{{FullNumbers: true}, {WithAudio: true}} {
		_, err = s.exported(as(ctx, "wang"), req)
		require.Equal(t, "NOT_PERMITTED", apitest.Reason(err))
	}
	_, err = s.exported(as(ctx, "li"),
		&pb.ExportVconsRequest{CallIds: []string{id}, FullNumbers: true, WithAudio: true})
	require.Equal(t, "INVALID_REQUEST", apitest.Reason(err), "a reason is missing")
	full, err := s.exported(as(ctx, "li"), &pb.ExportVconsRequest{CallIds: []string{id}, FullNumbers: true,
		WithAudio: true, RevealReason: "he asked what we have of him"})
	require.NoError(t, err)
	require.Equal(t, "tel:+8613800138001", dig(t, full[id], "parties", 1, "tel"))
	audio, err := base64.RawURLEncoding.DecodeString(dig(t, full[id], "dialog", 0, "body").(string))
	require.NoError(t, err)
	require.True(t, bytes.Equal(wav, audio), "the file as it came")
	_, err = s.exported(as(ctx, "li"), &pb.ExportVconsRequest{CallIds: []string{"unknown"}})
	require.Equal(t, "NOT_FOUND", apitest.Reason(err))

	base := "http://" + s.app.HTTPAddr() + "/v1/calls/"
	code, got := rest(t, "GET", base+url.PathEscape(id)+"/vcon", "wang", "")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, masked["uuid"], got["uuid"])
	for path, want := range map[string]int{
		url.PathEscape(id) + "/vcon?full_numbers=true":  http.StatusForbidden,
		url.PathEscape(id) + "/vcon?full_numbers=maybe": http.StatusBadRequest,
		"unknown/vcon": http.StatusNotFound,
	} {
		code, _ := rest(t, "GET", base+path, "wang", "")
		require.Equal(t, want, code, path)
	}
	code, _ = rest(t, "GET", base+url.PathEscape(id)+"/vcon", "", "")
	require.Equal(t, http.StatusUnauthorized, code)
}
