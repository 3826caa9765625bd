package grpcapi

import (
	"context"
	"strings"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

type reviewServer struct {
	pb.UnimplementedReviewServiceServer
	Deps
	pages pager
}

// ListSuspects implements the API.
func (s *reviewServer) ListSuspects(
	ctx context.Context, req *pb.ListSuspectsRequest,
) (*pb.ListSuspectsResponse, error) {
	var wrong fault.Fields
	size := pageSize(req.GetPageSize(), &wrong)
	f, err := s.chosenState(ctx, req, &wrong)
	if err == nil {
		err = s.chosenNumber(ctx, "review.List", req, &f, &wrong)
	}
	if err != nil {
		return nil, err
	}
	f.Order, f.ShortID, f.Limit = suspectOrder(req.GetOrder(), &wrong), shortID(req.GetShortId(), &wrong), size+1
	filter := filterName("suspects", f.State, f.Class, f.Line, f.Disputed, f.Agent, f.MinScore, f.MaxScore,
		f.Created.From, f.Created.Until, f.Called.From, f.Called.Until, f.DecidedAt.From, f.DecidedAt.Until, f.Mine, f.Passed,
		f.ShortID, f.Order, f.Number.E164(), f.Except, f.But, f.Recordings)
	f.After = cursorPlace(s.pages.parse(filter, req.GetPageToken(), &wrong), f.Order)
	if err := wrong.Err("review.List"); err != nil {
		return nil, err
	}
	suspects, next, err := s.page(ctx, f, filter, size)
	return &pb.ListSuspectsResponse{NextPageToken: next, Suspects: suspects}, err
}

// page is what a filter, which has one more than size for its limit, selects, with the token of what follows.
func (s *reviewServer) page(
	ctx context.Context, f review.Filter, filter string, size int,
) (suspects []*pb.Suspect, next string, err error) {
	list, err := s.Suspects.List(ctx, f)
	if err != nil {
		return nil, "", err
	}
	list, next = cut(list, size, func(x review.Suspect) string {
		return s.pages.token(filter, placeCursor(x.Place(), f.Order))
	})
	suspects, err = s.described(ctx, list)
	return suspects, next, err
}

// GetSuspect implements the API.
func (s *reviewServer) GetSuspect(
	ctx context.Context, req *pb.GetSuspectRequest,
) (*pb.GetSuspectResponse, error) {
	id, err := suspectID("review.Get", req.GetName(), "")
	if err != nil {
		return nil, err
	}
	x, err := s.Suspects.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.whole(ctx, x)
}

// whole is a suspect with all that is known of it.
func (s *reviewServer) whole(ctx context.Context, x review.Suspect) (*pb.GetSuspectResponse, error) {
	customer, agent, err := s.transcripts(ctx, recording.ID(x.RecordingID))
	if err != nil {
		return nil, err
	}
	if x.Hidden() && len(agent.GetHeard()) > 0 {
		agent = nil // heard around hits, which would tell of them
	}
	var decisions []review.Decision
	if !x.Repeated() {
		if decisions, err = s.Suspects.Decisions(ctx, x.ID); err != nil {
			return nil, err
		}
	}
	suspect, err := s.describe(ctx, x)
	if err != nil {
		return nil, err
	}
	out := &pb.GetSuspectResponse{Suspect: suspect, Transcript: customer, AgentTranscript: agent,
		Decisions: each(decisions,
			func(d review.Decision) *pb.Decision { return decisionToProto(x.ID, d) })}
	return out, s.addEarlier(ctx, out, x)
}

// suspectID reads a suspect's name and checks the request id along with it.
func suspectID(op, name, requestID string) (review.ID, error) {
	var wrong fault.Fields
	ids := parseName("suspects/{suspect}", name, &wrong)
	checkRequestID(requestID, &wrong)
	return review.ID(ids[0]), wrong.Err(op)
}

// ClaimSuspect implements the API.
func (s *reviewServer) ClaimSuspect(
	ctx context.Context, req *pb.ClaimSuspectRequest,
) (*pb.ClaimSuspectResponse, error) {
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	id, err := suspectID("review.Claim", req.GetName(), req.GetRequestId())
	if err != nil {
		return nil, err
	}
	x, err := s.Review.Claim(ctx, id, by, req.GetLease().AsDuration(), s.request(ctx, "ClaimSuspect", req))
	if err != nil {
		return nil, err
	}
	suspect, err := s.describe(ctx, x)
	return &pb.ClaimSuspectResponse{Suspect: suspect}, err
}

// DecideSuspect implements the API.
func (s *reviewServer) DecideSuspect(
	ctx context.Context, req *pb.DecideSuspectRequest,
) (*pb.DecideSuspectResponse, error) {
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	id, err := suspectID("review.Decide", req.GetName(), req.GetRequestId())
	if err != nil {
		return nil, err
	}
	x, err := s.Review.Decide(ctx, id, by, review.Order{
		Verdict: verdictFromProto[req.GetVerdict()], Class: keywords.Class(req.GetClass()),
		Classes: each(s.Lexicons.Active().Lexicon().Classes,
			func(c lexicon.Class) keywords.Class { return keywords.Class(c.ID) }),
		Note: req.GetNote(), ETag: req.GetEtag(), Period: req.GetFreezePeriod().AsDuration(),
		Hits: each(req.GetHits(), func(h *pb.HitDecision) review.HitDecision {
			return review.HitDecision{Hit: int(h.GetHit()), Correct: h.GetCorrect()}
		}),
	}, s.request(ctx, "DecideSuspect", req))
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "suspect decided", "suspect", x.ID, "number", x.Number, "verdict",
		req.GetVerdict(), "actor", by)
	suspect, err := s.describe(ctx, x)
	return &pb.DecideSuspectResponse{Suspect: suspect}, err
}

// RevertDecision implements the API.
func (s *reviewServer) RevertDecision(
	ctx context.Context, req *pb.RevertDecisionRequest,
) (*pb.RevertDecisionResponse, error) {
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	id, decision, err := decisionID("review.Revert", req.GetName(), req.GetRequestId())
	if err != nil {
		return nil, err
	}
	x, err := s.Review.Revert(ctx, id, decision, by, req.GetReason(),
		s.request(ctx, "RevertDecision", req))
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "decision reverted", "suspect", x.ID, "number", x.Number, "actor", by)
	suspect, err := s.describe(ctx, x)
	return &pb.RevertDecisionResponse{Suspect: suspect}, err
}

// decisionID reads a decision's name, or a suspect's for the decision that stands.
func decisionID(op, name, requestID string) (review.ID, review.DecisionID, error) {
	if strings.Count(name, "/") == 1 {
		id, err := suspectID(op, name, requestID)
		return id, "", err
	}
	var wrong fault.Fields
	ids := parseName("suspects/{suspect}/decisions/{decision}", name, &wrong)
	checkRequestID(requestID, &wrong)
	return review.ID(ids[0]), review.DecisionID(ids[1]), wrong.Err(op)
}
