package transcript

import (
	"github.com/refrain-asr/refrain/keywords"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/review"
)

// ClassOf is the class that the hits speak for, "" without one that counts.
func ClassOf(hits []*pb.Hit) string {
	all := make([]keywords.Hit, len(hits))
	for i, h := range hits {
		all[i] = keywords.Hit{Class: keywords.Class(h.GetClass()), Score: h.GetScore()}
		if h.GetVeto() != nil {
			all[i].Veto = &keywords.Veto{}
		}
	}
	return string(review.Strongest(all))
}

// Strongest is the hit that counts most for a class, nil where none does.
func Strongest(hits []*pb.Hit, class string) *pb.Hit {
	var best *pb.Hit
	for _, h := range hits {
		if h.GetVeto() == nil && h.GetClass() == class &&
			(best == nil || h.GetScore() > best.GetScore()) {
			best = h
		}
	}
	return best
}
