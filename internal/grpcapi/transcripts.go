package grpcapi

import (
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/refrain-asr/refrain/asr"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
)

const (
	// maxTranscripts is the largest page of recordings with transcripts, and transcriptsAtOnce
	// how many of them are read at once.
	maxTranscripts, transcriptsAtOnce = 200, 50
	// enoughBytes end such a page: a client takes messages of 4 MiB unless it was told otherwise.
	enoughBytes = 2 << 20
)

// addTranscripts adds to recordings what was heard in them, and tells how many fit into a page: at
// least one, if there is any.
func (s *recordingServer) addTranscripts(
	ctx context.Context, recs []recording.Recording, out []*pb.Recording,
) (fit int, err error) {
	bytes := 0
	for fit < len(recs) {
		some := recs[fit:min(len(recs), fit+transcriptsAtOnce)]
		heard, err := s.Transcripts.Of(ctx,
			each(some, func(r recording.Recording) recording.ID { return r.ID }))
		if err != nil {
			return 0, err
		}
		for _, r := range some {
			if r.State == recording.Done {
				addHeard(out[fit], heard[r.ID])
			}
			bytes += proto.Size(out[fit])
			if fit > 0 && bytes > enoughBytes {
				return fit, nil
			}
			fit++
		}
	}
	return fit, nil
}

func addHeard(out *pb.Recording, heard []asr.Transcript) {
	for _, t := range heard {
		if t.Side == asr.Agent {
			out.AgentTranscript = transcriptToProto(t)
		} else {
			out.Transcript = transcriptToProto(t)
		}
	}
}
