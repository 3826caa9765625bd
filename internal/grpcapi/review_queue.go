package grpcapi

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/review"
)

// earlier is how many earlier calls and decisions are told of.
const earlier = 10

// supervises tells whether whoever is asking decides what reviewers leave to supervisors.
func supervises(ctx context.Context) bool {
	p, _ := access.Of(ctx)
	return p.Role == access.Supervisor || p.Role == access.Admin
}

// describe is a suspect with what is known of its number.
func (s *reviewServer) describe(ctx context.Context, x review.Suspect) (*pb.Suspect, error) {
	out, err := s.described(ctx, []review.Suspect{x})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// described are suspects with what is known of their numbers.
func (s *reviewServer) described(ctx context.Context, list []review.Suspect) ([]*pb.Suspect, error) {
	p, _ := access.Of(ctx)
	caller, _ := actor(ctx) // nobody needs a name to look
	siblings, err := s.Suspects.Siblings(ctx, list, review.Filter{For: caller, Lines: p.Lines})
	if err != nil {
		return nil, err
	}
	now := s.Now()
	frozen, err := s.frozen(ctx, list, now)
	if err != nil {
		return nil, err
	}
	out := make([]*pb.Suspect, len(list))
	for i, x := range list {
		out[i] = suspectToProto(x, now)
		out[i].Frozen = frozenBy(x, frozen[x.Number], now)
		if !s.anothers(x) {
			out[i].SiblingCount = int32(siblings[x.ID])
		}
	}
	return out, nil
}

// anothers tells that a suspect's number is a virtual one, which is another's each time.
func (s *reviewServer) anothers(x review.Suspect) bool {
	return x.Virtual || s.Numbers.IsVirtual(x.Number)
}

// frozen are the freezes of the suspects' numbers that nobody released and that have not ended.
func (s *reviewServer) frozen(
	ctx context.Context, list []review.Suspect, now time.Time,
) (map[number.Number][]freeze.Freeze, error) {
	named := map[freeze.MAC]number.Number{} // a freeze's own may have been erased
	var numbers []number.Number
	for _, x := range list {
		if x.Number.IsZero() || slices.Contains(numbers, x.Number) {
			continue
		}
		numbers = append(numbers, x.Number)
		for _, mac := range s.Review.Keys.NumberMACs(x.Number) {
			named[mac] = x.Number
		}
	}
	if len(numbers) == 0 { // or else all would be listed
		return nil, nil
	}
	standing, err := s.Freezes.Freezes(ctx, freeze.Query{Numbers: numbers, Unreleased: true, EndsAfter: now})
	if err != nil {
		return nil, fmt.Errorf("look whether the numbers are frozen: %w", err)
	}
	frozen := map[number.Number][]freeze.Freeze{}
	for _, f := range standing {
		n := named[f.NumberMAC]
		frozen[n] = append(frozen[n], f)
	}
	return frozen, nil
}

// frozenBy is the freeze that keeps a suspect's number from being called the longest; nil for none. What was decided
// on the call itself is left out while it is to be decided: it would tell that this is a second look.
func frozenBy(x review.Suspect, standing []freeze.Freeze, now time.Time) *pb.Frozen {
	var longest *freeze.Freeze
	for i, f := range standing {
		switch {
		case !f.Binds(now), f.Line != "" && x.Line != "" && f.Line != x.Line,
			x.Decision == nil && f.Evidence.RecordingID == x.RecordingID:
		case longest == nil, !longest.Until.IsZero() && (f.Until.IsZero() || f.Until.After(longest.Until)):
			longest = &standing[i]
		}
	}
	if longest == nil {
		return nil
	}
	return &pb.Frozen{Freeze: freezeName(longest.ID), EndTime: timestamp(longest.Until),
		Reason: string(longest.Reason), Class: longest.Class}
}

// addEarlier adds what happened with a suspect's number before.
func (s *reviewServer) addEarlier(
	ctx context.Context, out *pb.GetSuspectResponse, x review.Suspect,
) error {
	if x.Number.IsZero() || s.anothers(x) {
		return nil
	}
	p, _ := access.Of(ctx)
	before := x.StartedAt
	if before.IsZero() {
		before = x.CreatedAt
	}
	found, n, err := s.Earlier.Earlier(ctx, calls.Earlier{Number: x.Number, Before: before, But: x.CallID,
		Lines: p.Lines, Limit: earlier}, s.Rules.Timeline())
	if err != nil {
		return err
	}
	out.EarlierCallCount, out.EarlierCalls = int32(n), each(found, func(c calls.Call) *pb.EarlierCall {
		e := &pb.EarlierCall{Name: "calls/" + c.ID, StartTime: timestamp(c.Start), Agent: c.Agent, Line: c.Line,
			Outcome: outcomeToProto[c.Outcome]}
		if c.Outcome.HasTalk() && !c.TalkUnknown {
			e.Talk = durationpb.New(c.Talk)
		}
		return e
	})
	decided, err := s.Suspects.List(ctx, review.Filter{Number: x.Number, Decided: true, Except: []string{x.RecordingID},
		Lines: p.Lines, Order: review.NewestFirst, Limit: earlier})
	out.EarlierDecisions = each(decided, func(d review.Suspect) *pb.EarlierDecision {
		return &pb.EarlierDecision{Suspect: suspectName(d.ID), CallStartTime: timestamp(d.StartedAt),
			Decision: decisionToProto(d.ID, *d.Decision)}
	})
	return err
}

// CountSuspects implements the API.
func (s *reviewServer) CountSuspects(
	ctx context.Context, req *pb.CountSuspectsRequest,
) (*pb.CountSuspectsResponse, error) {
	var wrong fault.Fields
	f, err := s.chosenState(ctx, req, &wrong)
	if err == nil {
		err = s.chosenNumber(ctx, "review.Count", req, &f, &wrong)
	}
	if err != nil {
		return nil, err
	}
	if err := wrong.Err("review.Count"); err != nil {
		return nil, err
	}
	counts, err := s.Suspects.Count(ctx, f)
	return &pb.CountSuspectsResponse{Counts: countsToProto(counts)}, err
}

func countsToProto(c review.Counts) *pb.SuspectCounts {
	return &pb.SuspectCounts{WaitingCount: c.Waiting(), PassedCount: c.Passed, OldestOpenTime: timestamp(c.Oldest),
		Counts: each(c.Of, func(n review.Count) *pb.SuspectCount {
			return &pb.SuspectCount{State: suspectStateToProto[n.State], Class: string(n.Class), Count: n.N}
		})}
}

// ClaimNextSuspect implements the API.
func (s *reviewServer) ClaimNextSuspect(
	ctx context.Context, req *pb.ClaimNextSuspectRequest,
) (*pb.ClaimNextSuspectResponse, error) {
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	var wrong fault.Fields
	n := review.Next{Filter: s.chosen(ctx, req, &wrong), Supervisor: supervises(ctx)}
	n.For, n.Mine, n.Order = by, req.GetMine(), suspectOrder(req.GetOrder(), &wrong)
	checkRequestID(req.GetRequestId(), &wrong)
	if err := wrong.Err("review.Next"); err != nil {
		return nil, err
	}
	x, found, err := s.Review.Next(ctx, n, req.GetLease().AsDuration(), s.request(ctx, "ClaimNextSuspect", req))
	if err != nil || !found {
		return &pb.ClaimNextSuspectResponse{}, err
	}
	w, err := s.whole(ctx, x)
	if err != nil {
		return nil, err
	}
	return &pb.ClaimNextSuspectResponse{Suspect: w.GetSuspect(), Transcript: w.GetTranscript(),
		Decisions: w.GetDecisions(), AgentTranscript: w.GetAgentTranscript(), EarlierCalls: w.GetEarlierCalls(),
		EarlierCallCount: w.GetEarlierCallCount(), EarlierDecisions: w.GetEarlierDecisions()}, nil
}

// ReleaseClaim implements the API.
func (s *reviewServer) ReleaseClaim(
	ctx context.Context, req *pb.ReleaseClaimRequest,
) (*pb.ReleaseClaimResponse, error) {
	suspect, err := s.act(ctx, "review.Release", req.GetName(), req.GetRequestId(),
		func(id review.ID, by string) (review.Suspect, error) {
			return s.Review.Release(ctx, id, by, supervises(ctx), s.request(ctx, "ReleaseClaim", req))
		})
	return &pb.ReleaseClaimResponse{Suspect: suspect}, err
}

// PassSuspect implements the API.
func (s *reviewServer) PassSuspect(
	ctx context.Context, req *pb.PassSuspectRequest,
) (*pb.PassSuspectResponse, error) {
	suspect, err := s.act(ctx, "review.Pass", req.GetName(), req.GetRequestId(),
		func(id review.ID, by string) (review.Suspect, error) {
			return s.Review.Pass(ctx, id, by, req.GetNote(), s.request(ctx, "PassSuspect", req))
		})
	return &pb.PassSuspectResponse{Suspect: suspect}, err
}

// act has somebody do something with a suspect.
func (s *reviewServer) act(
	ctx context.Context, op, name, requestID string, do func(review.ID, string) (review.Suspect, error),
) (*pb.Suspect, error) {
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	id, err := suspectID(op, name, requestID)
	if err != nil {
		return nil, err
	}
	x, err := do(id, by)
	if err != nil {
		return nil, err
	}
	return s.describe(ctx, x)
}

// AppealDecision implements the API.
func (s *reviewServer) AppealDecision(
	ctx context.Context, req *pb.AppealDecisionRequest,
) (*pb.AppealDecisionResponse, error) {
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	id, decision, err := decisionID("review.Appeal", req.GetName(), req.GetRequestId())
	if err != nil {
		return nil, err
	}
	agent := ""
	if p, _ := access.Of(ctx); p.Role == access.Agent {
		agent = by
	}
	x, err := s.Review.Appeal(ctx, id, decision, by, agent, req.GetReason(), s.request(ctx, "AppealDecision", req))
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "decision appealed", "suspect", x.ID, "number", x.Number, "actor", by)
	suspect, err := s.describe(ctx, x)
	if err == nil && agent != "" {
		forAgent(suspect)
	}
	return &pb.AppealDecisionResponse{Suspect: suspect}, err
}

// WatchSuspects implements the API.
func (s *reviewServer) WatchSuspects(
	req *pb.WatchSuspectsRequest, stream grpc.ServerStreamingServer[pb.WatchSuspectsResponse],
) error {
	ctx := stream.Context()
	var wrong fault.Fields
	f, err := s.chosenState(ctx, req, &wrong)
	if err != nil {
		return err
	}
	if err := wrong.Err("review.Watch"); err != nil {
		return err
	}
	watch := s.ReviewWatchers.watch()
	defer watch.stop()
	w := watching{s: s, f: f}
	for beat := true; ; {
		began := time.Now() // and not the injected clock, which may stand still
		ids, more := watch.take()
		m, err := w.news(ctx, ids, more)
		if err != nil {
			return err
		}
		if beat || m.GetCounts() != nil || len(m.GetSuspects()) > 0 || m.GetMore() {
			if err := stream.Send(m); err != nil {
				return err
			}
		}
		if err := s.pause(ctx, nil, max(watchEvery, watchShare*time.Since(began))); err != nil {
			return err
		}
		before := time.Now()
		if err := s.pause(ctx, watch.changed, watchBeat); err != nil {
			return err
		}
		beat = time.Since(before) >= watchBeat
	}
}

const (
	// watchEvery is how long it takes at least from one message to the next; where it takes long to find what there
	// is to tell, it takes watchShare times as long, so that who watches keeps nobody from working.
	watchEvery = 500 * time.Millisecond
	watchShare = 10
	// watchBeat is how long it takes without news until an empty message comes.
	watchBeat = 15 * time.Second
)

// pause waits until something changed, or for that long.
func (s *reviewServer) pause(ctx context.Context, changed <-chan struct{}, most time.Duration) error {
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case <-changed:
	case <-late.C:
	case <-s.Stopping:
		return stopping("review.Watch", "watch again")
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// watching is one who watches suspects.
type watching struct {
	s    *reviewServer
	f    review.Filter
	told *pb.SuspectCounts
}

// news is what there is to tell.
func (w *watching) news(ctx context.Context, ids []review.ID, more bool) (*pb.WatchSuspectsResponse, error) {
	w.f.Now = w.s.Now()
	counts, err := w.s.Suspects.Count(ctx, w.f)
	if err != nil {
		return nil, err
	}
	m := &pb.WatchSuspectsResponse{More: more}
	if now := countsToProto(counts); !proto.Equal(now, w.told) {
		m.Counts, w.told = now, now
	}
	if len(ids) == 0 {
		return m, nil
	}
	f := w.f
	f.State, f.Mine, f.Passed, f.Disputed = "", false, false, false
	f.IDs, f.Limit = ids, len(ids)
	list, err := w.s.Suspects.List(ctx, f)
	if err != nil {
		return nil, err
	}
	m.Suspects, err = w.s.described(ctx, list)
	for _, x := range m.GetSuspects() {
		x.Hits = nil
	}
	return m, err
}
