package grpcapi

import (
	"github.com/refrain-asr/refrain/figures"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/review"
)

func qualityToProto(q figures.Quality) *pb.Quality {
	return &pb.Quality{
		Suspects:  q.Shown.All() + q.Blind.All(),
		Confirmed: q.Shown.Confirmed + q.Blind.Confirmed,
		Dismissed: q.Shown.Dismissed + q.Blind.Dismissed,
		Precision: estimateToProto(q.Precision), PrecisionShown: estimateToProto(q.PrecisionShown),
		PrecisionBlind: estimateToProto(q.PrecisionBlind), Unsuspected: q.Samples.Calls,
		Samples: q.Samples.Samples, SamplesDecided: q.Samples.Decided,
		SamplesConfirmed: q.Samples.Confirmed, Recall: estimateToProto(q.Recall),
		SecondLooks: q.Pairs.All(), Agreed: q.Pairs.BothConfirmed + q.Pairs.BothDismissed,
		Agreement: estimateToProto(q.Agreement), Kappa: q.Kappa,
	}
}

func estimateToProto(e *figures.Estimate) *pb.Estimate {
	if e == nil {
		return nil
	}
	return &pb.Estimate{Value: e.Value, Low: e.Low, High: e.High}
}

var kindToProto = map[review.Kind]pb.Suspect_Kind{
	review.Found: pb.Suspect_KIND_SUSPECT, review.Sample: pb.Suspect_KIND_SAMPLE,
	review.Second: pb.Suspect_KIND_SECOND_LOOK,
}

// addSampled tells of a decided suspect why it was put before reviewers.
func addSampled(out *pb.Suspect, s review.Suspect) {
	if s.Decision == nil {
		return
	}
	out.Kind = kindToProto[s.Kind]
	if s.First != "" {
		out.First = suspectName(s.First)
	}
	if l := s.Look; l != nil {
		out.SecondLook = &pb.SecondLook{Name: suspectName(l.Suspect), Class: string(l.Class),
			Verdict: verdictToProto[l.Verdict], Reviewer: l.By}
	}
}
