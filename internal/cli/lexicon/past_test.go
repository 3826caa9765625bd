package lexicon

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func TestPastOfRecording(t *testing.T) {
	t.Parallel()
	span := &pb.Span{Start: durationpb.New(time.Second), End: durationpb.New(2 * time.Second)}
	p := fromServer(&pb.Recording{
		CallId: "c1", Part: "b", MaskedNumber: "138****5678",
		AnswerOffset: durationpb.New(3 * time.Second),
		Judgement: &pb.Judgement{Suspect: true, Score: 0.9,
			Hits: []*pb.Hit{{Class: "no_need", Score: 0.8}}},
		Transcript: &pb.Transcript{Segments: []*pb.Segment{{Span: span, Text: "不要",
			MeanLogProb: -0.5, Tokens: []*pb.Token{{Span: span, Text: "不要", Prob: 0.6}}}}},
	})
	at := asr.Span{Start: time.Second, End: 2 * time.Second}
	require.Equal(t, pastCall{
		recording: "c1/b", number: "138****5678", answered: 3 * time.Second, suspect: true,
		class: "no_need", score: 0.9,
		transcript: asr.Transcript{Side: asr.Customer, Segments: []asr.Segment{
			{Span: at, Text: "不要", MeanLogProb: -0.5,
				Tokens: []asr.Token{{Span: at, Text: "不要", Prob: 0.6}}},
		}},
	}, p)
}

func TestPastOfRecordingWithAgent(t *testing.T) {
	t.Parallel()
	span := &pb.Span{Start: durationpb.New(time.Second), End: durationpb.New(2 * time.Second)}
	p := fromServer(&pb.Recording{AgentTranscript: &pb.Transcript{Side: pb.Side_SIDE_AGENT,
		Segments: []*pb.Segment{{Span: span, Text: "需要吗"}}}})
	require.Equal(t, asr.Transcript{Side: asr.Agent, Segments: []asr.Segment{
		{Span: asr.Span{Start: time.Second, End: 2 * time.Second}, Text: "需要吗"}}}, p.agent)
}

func TestMaskSpoken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"打13812345678吧": "打***吧", "打138 1234 5678吧": "打***吧",
		"幺三八一二三四五六七八": "***", "三千五百块": "三千五百块", "12点30分": "12点30分",
	} {
		require.Equal(t, want, number.MaskText(text))
	}
}
