package transcript

import (
	"context"

	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/keywords"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

var answeredText = map[keywords.Answerer]string{
	keywords.Announcement: "an announcement",
	keywords.Voicemail:    "voicemail",
	keywords.Assistant:    "an assistant",
	keywords.Music:        "music",
}

// AnsweredText says for people what answered, behind a verdict; "" where it was somebody, nobody
// or is not known.
func AnsweredText(a keywords.Answerer) string {
	if text := answeredText[a]; text != "" {
		return ", answered by " + text
	}
	return ""
}

// RemoteAnswerer is who or what the server says answered, "" where it doesn't.
func RemoteAnswerer(j *pb.Judgement) keywords.Answerer {
	if j.GetAnsweredBy() == pb.Judgement_ANSWERER_UNSPECIFIED {
		return ""
	}
	return keywords.Answerer(output.EnumName(j.GetAnsweredBy(), "ANSWERER_"))
}

// AnsweredBy asks the server who or what answered recordings, by their names: a name each, "" where
// it isn't known.
func AnsweredBy(
	ctx context.Context, cl pb.RecordingServiceClient, names ...string,
) ([]string, error) {
	found := make([]string, len(names))
	for i, name := range names {
		resp, err := cl.GetRecording(ctx, &pb.GetRecordingRequest{Name: name})
		if err != nil {
			return nil, err
		}
		found[i] = string(RemoteAnswerer(resp.GetRecording().GetJudgement()))
	}
	return found, nil
}
