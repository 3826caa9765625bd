package grpcapi

import (
	"context"

	"github.com/refrain-asr/refrain/access"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
)

// hideBlind hides from a reviewer what was found in recordings on which somebody is still to decide
// blindly, as of their suspects. It is to be called once all of that was read: what makes a suspect is
// stored with it. Others may see it, since whoever improves lexicon and rules must.
func (s *recordingServer) hideBlind(
	ctx context.Context, recs []recording.Recording, out []*pb.Recording,
) error {
	if p, _ := access.Of(ctx); p.Role != access.Reviewer {
		return nil
	}
	blind, err := s.Suspects.Blind(ctx, each(recs, func(r recording.Recording) recording.ID { return r.ID }))
	if err != nil {
		return err
	}
	for i, r := range recs { // of which the last may not have found room in out
		if i < len(out) && blind[r.ID] {
			hide(out[i])
		}
	}
	return nil
}

// hide takes out of a recording what was found in it, and what tells of that.
func hide(r *pb.Recording) {
	r.Judgement = nil
	for _, v := range r.GetVersions() {
		v.Judgement = nil
	}
	if len(r.GetAgentTranscript().GetHeard()) > 0 { // which is heard around hits
		r.AgentTranscript = nil
	}
}
