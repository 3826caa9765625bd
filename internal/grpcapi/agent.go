package grpcapi

import (
	"context"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/review"
)

// ListAgentSuspects implements the API.
func (s *reviewServer) ListAgentSuspects(
	ctx context.Context, req *pb.ListAgentSuspectsRequest,
) (*pb.ListAgentSuspectsResponse, error) {
	var wrong fault.Fields
	size := pageSize(req.GetPageSize(), &wrong)
	f, err := s.ofAgent(ctx, req, &wrong)
	if err != nil {
		return nil, err
	}
	f.Limit = size + 1
	filter := filterName("agentSuspects", f.Agent, f.Line, f.State)
	f.After = cursorPlace(s.pages.parse(filter, req.GetPageToken(), &wrong), f.Order)
	if err := wrong.Err("review.ListAgent"); err != nil {
		return nil, err
	}
	suspects, next, err := s.page(ctx, f, filter, size)
	for _, x := range suspects {
		forAgent(x)
	}
	return &pb.ListAgentSuspectsResponse{NextPageToken: next, Suspects: suspects}, err
}

// ofAgent selects the decided suspects of an agent's calls. An agent has his own only.
func (s *reviewServer) ofAgent(
	ctx context.Context, req *pb.ListAgentSuspectsRequest, wrong *fault.Fields,
) (review.Filter, error) {
	p, _ := access.Of(ctx)
	state := suspectStateFromProto[req.GetState()]
	f := review.Filter{Now: s.Now(), Agent: req.GetAgent(), Line: req.GetLine(), Lines: p.Lines, Decided: true, State: state,
		Order: review.NewestFirst}
	if state != "" && state != review.Confirmed && state != review.Dismissed {
		wrong.Add("state", "is %s; only what is confirmed or dismissed is listed here", req.GetState())
	}
	if p.Role != access.Agent {
		if f.Agent == "" {
			wrong.Add("agent", "is missing: say whose calls")
		}
		return f, nil
	}
	by, err := actor(ctx)
	if err == nil && f.Agent != "" && f.Agent != by {
		err = &fault.Error{Op: "review.ListAgent", Kind: fault.Forbidden, Reason: "NOT_YOUR_CALL",
			Message: "an agent sees what was decided on calls of their own only; leave the agent out"}
	}
	f.Agent = by
	return f, err
}

// forAgent leaves of a suspect what an agent may know: neither what was heard, which agents may not listen to, nor who
// decided and what they wrote. Whether the number is frozen the gate tells agents, too.
func forAgent(s *pb.Suspect) {
	s.Hits, s.Score, s.Lexicon, s.Claim, s.Pass, s.SecondLook = nil, 0, "", nil, nil, nil
	s.SiblingCount, s.First, s.Etag, s.Kind = 0, "", "", pb.Suspect_KIND_UNSPECIFIED
	if d := s.GetDecision(); d != nil {
		s.Decision = &pb.Decision{Name: d.GetName(), Round: d.GetRound(), Verdict: d.GetVerdict(), Class: d.GetClass(),
			DecideTime: d.GetDecideTime(), Freeze: d.GetFreeze(), FreezeOverTime: d.GetFreezeOverTime()}
	}
}
