package grpcapi

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// hear uploads a recording and finishes it as a job does, as if the customer had been heard
// to say the text; the recording is as the API then knows it.
func (b *bench) hear(t *testing.T, m *pb.RecordingMetadata, text string) *pb.Recording {
	t.Helper()
	return b.hearAs(t.Context(), t, m, text)
}

// hearAs is hear for who uploads with a key.
func (b *bench) hearAs(ctx context.Context, t *testing.T, m *pb.RecordingMetadata, text string) *pb.Recording {
	t.Helper()
	resp, err := b.Upload(ctx, m, bytes.NewReader(wav(400)))
	require.NoError(t, err)
	name := resp.GetRecording().GetName()
	r, err := b.db.Recordings.Get(ctx, recording.ID(name[len("recordings/"):]))
	require.NoError(t, err)
	span := asr.Span{Start: time.Second, End: 3 * time.Second}
	heard := asr.Transcript{
		Side: asr.Customer, Duration: 5 * time.Second, Utterances: []asr.Span{span},
		Segments: []asr.Segment{{Span: span, Text: text}},
	}
	verdict := b.lexicons.Active().Transcript(heard, r.AnswerOffset)
	suspect, ok := review.NewSuspect(review.Heard{
		RecordingID: string(r.ID), CallID: r.CallID, Part: r.Part, Number: r.Number, Agent: r.Agent,
	}, verdict, b.now())
	require.True(t, ok, "%q is no refusal", text)
	err = b.db.Transcripts.Finish(ctx, r.ID, []asr.Transcript{heard}, verdict, &suspect, 0)
	require.NoError(t, err)
	got, err := b.Recordings.GetRecording(ctx, &pb.GetRecordingRequest{Name: name})
	require.NoError(t, err)
	return got.GetRecording()
}
