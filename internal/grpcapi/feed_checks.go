package grpcapi

import (
	"context"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/gate"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// mostCounts is how many counts, or uses of keys, a report of a gate may have.
const mostCounts = 1000

// ReportChecks implements the API.
func (s *feedServer) ReportChecks(
	ctx context.Context, req *pb.ReportChecksRequest,
) (*pb.ReportChecksResponse, error) {
	var wrong fault.Fields
	counts := countsOf(req.GetCounts(), &wrong)
	uses := map[string]time.Time{}
	if n := len(req.GetKeyUses()); n > mostCounts {
		wrong.Add("key_uses", "has %d; at most %d", n, mostCounts)
	}
	now := s.Now()
	for _, u := range req.GetKeyUses() {
		if u.GetTime().CheckValid() != nil {
			wrong.Add("key_uses", "has a time that is none")
			break
		}
		uses[u.GetPrefix()] = u.GetTime().AsTime()
		if at := uses[u.GetPrefix()]; at.After(now) { // by a clock that is ahead
			uses[u.GetPrefix()] = now
		}
	}
	if err := wrong.Err("feed.ReportChecks"); err != nil {
		return nil, err
	}
	if err := s.Feed.Uses.AddGateCounts(ctx, counts); err != nil {
		return nil, err
	}
	if len(uses) > 0 {
		if err := s.Feed.Uses.NoteUse(ctx, uses); err != nil {
			return nil, err
		}
	}
	return &pb.ReportChecksResponse{}, nil
}

func countsOf(list []*pb.CheckCount, wrong *fault.Fields) map[figures.GateCount]int64 {
	kinds := []string{figures.Checks, figures.Avoided}
	for _, r := range gate.Reasons() {
		kinds = append(kinds, string(r))
	}
	if len(list) > mostCounts {
		wrong.Add("counts", "has %d; at most %d", len(list), mostCounts)
	}
	counts := map[figures.GateCount]int64{}
	for _, c := range list {
		_, err := time.Parse(time.DateOnly, c.GetDay())
		if err != nil || c.GetCount() < 0 || !slices.Contains(kinds, c.GetKind()) {
			wrong.Add("counts", "has one that is none: a day such as 2026-03-02, a kind that a report has, and how many")
			break
		}
		counts[figures.GateCount{Day: c.GetDay(), What: c.GetKind()}] += c.GetCount()
	}
	return counts
}
