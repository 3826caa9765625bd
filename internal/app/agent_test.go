package app_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/testcall"
	"github.com/refrain-asr/refrain/keywords"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// said is what a transcript's segments say, without punctuation.
func said(t *pb.Transcript) string {
	var text strings.Builder
	for _, s := range t.GetSegments() {
		text.WriteString(s.GetText())
	}
	return testcall.Words(text.String())
}

// What the agent says is heard as far as the configuration wants it, and served beside the
// customer's words.
func TestAgentIsHeard(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		track keywords.AgentTrack
		// file's customer is on the right.
		file, text string
		part       bool
	}{
		{keywords.AgentOff, refusalSample, "", false},
		{keywords.AgentShort, refusalSample,
			"您好我是保险公司的客服给您介绍一下我们的养老保险您可以先了解一下好的那不打扰您了", true},
		{keywords.AgentShort, "05-interested.wav", "", false}, // nothing there may be a refusal
		{keywords.AgentOn, "05-interested.wav", "您好我们推出了英语课每个月只要三百块完全免费的好的再见",
			false},
	} {
		s := start(t, withAgent(testConfig(t.TempDir()), tt.track))
		rec := s.send(t.Context(), t, &pb.RecordingMetadata{CallId: "1", Number: "13800138001",
			CustomerChannel: pb.Channel_CHANNEL_RIGHT}, sample(t, tt.file))
		require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
		require.Nil(t, rec.GetAgentTranscript(), "nobody asked for it")
		got, err := s.Recordings.GetRecording(t.Context(),
			&pb.GetRecordingRequest{Name: rec.GetName(), WithTranscript: true})
		require.NoError(t, err)
		require.NotEmpty(t, got.GetRecording().GetTranscript().GetSegments())
		agent := got.GetRecording().GetAgentTranscript()
		require.Equal(t, tt.text, said(agent))
		require.Equal(t, tt.text != "", agent.GetSide() == pb.Side_SIDE_AGENT)
		require.Equal(t, tt.part, len(agent.GetHeard()) > 0)
		if suspect := rec.GetJudgement().GetSuspectName(); suspect != "" {
			shown, err := s.Review.GetSuspect(t.Context(), &pb.GetSuspectRequest{Name: suspect})
			require.NoError(t, err)
			require.Equal(t, tt.text, said(shown.GetAgentTranscript()))
		}
	}
}

// A file with the customer's side alone is judged as ever.
func TestNoAgentToHear(t *testing.T) {
	t.Parallel()
	s := start(t, withAgent(testConfig(t.TempDir()), keywords.AgentOn))
	rec := s.send(t.Context(), t, &pb.RecordingMetadata{CallId: "1", Number: "13800138001",
		CustomerChannel: pb.Channel_CHANNEL_MONO}, oneSide(t, refusalSample))
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
	require.True(t, rec.GetJudgement().GetSuspect())
	got, err := s.Recordings.GetRecording(t.Context(),
		&pb.GetRecordingRequest{Name: rec.GetName(), WithTranscript: true})
	require.NoError(t, err)
	require.Nil(t, got.GetRecording().GetAgentTranscript())
}

// oneSide is the customer's side of a sample, on the right, as a file of its own.
func oneSide(t *testing.T, name string) []byte {
	t.Helper()
	r, err := audio.NewReader(bytes.NewReader(sample(t, name)))
	require.NoError(t, err)
	var customer []float32
	for block := [][]float32{make([]float32, 4096), make([]float32, 4096)}; ; {
		n, err := r.Read(block)
		customer = append(customer, block[1][:n]...)
		if errors.Is(err, io.EOF) {
			return testcall.WAV(customer)
		}
		require.NoError(t, err)
	}
}

func withAgent(c config.Config, track keywords.AgentTrack) config.Config {
	c.Speech.AgentTrack = track
	return c
}
