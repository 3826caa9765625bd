package grpcapi

import (
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/limit"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/request"
)

type ruleServer struct {
	pb.UnimplementedRuleServiceServer
	Deps
	pages pager
	// trying is whose rules are tried on past calls.
	trying *limit.Turns
}

// active are the rules in force.
func (s *ruleServer) active() *calls.RuleSet { return s.Rules.Timeline().Last() }

// GetRules implements the API.
func (s *ruleServer) GetRules(
	ctx context.Context, req *pb.GetRulesRequest,
) (*pb.GetRulesResponse, error) {
	now := s.Now()
	rules, a, err := s.Rules.Version(ctx, req.GetVersion())
	if err != nil {
		return nil, err
	}
	failing, err := s.failingLines(ctx, now.Add(-24*time.Hour), now.Add(calls.Slot))
	if err != nil {
		return nil, err
	}
	return &pb.GetRulesResponse{Rules: s.toProto(rules, a),
		FailingLines: each(failing, func(f calls.LineSlot) *pb.FailingLine {
			return &pb.FailingLine{Line: f.Line, StartTime: timestamp(f.At),
				Calls: int32(f.Attempts), Rejected: int32(f.Rejected)}
		})}, nil
}

// failingLines are the ten minutes in which a line was failing by the rules of that time.
func (s *ruleServer) failingLines(
	ctx context.Context, from, until time.Time,
) ([]calls.LineSlot, error) {
	slots, err := s.Calls.LineSlots(ctx, from, until)
	rules := s.Rules.Timeline()
	return slices.DeleteFunc(slots, func(l calls.LineSlot) bool {
		return !rules.Failing(l.At, l)
	}), err
}

func (s *ruleServer) toProto(rules *calls.RuleSet, a calls.RuleVersion) *pb.RuleSet {
	out := &pb.RuleSet{Version: rules.Version, Source: string(rules.Source()),
		Zone: rules.Zone.String(), Actor: a.Actor, ActivateTime: timestamp(a.At),
		Active: rules.Version == s.active().Version,
		Rules: each(rules.Rules, func(r calls.Rule) *pb.Rule {
			return ruleToProto(r, rules.Zone)
		})}
	if h := rules.Hours; h.Enabled {
		out.Hours = h.String()
	}
	return out
}

func ruleToProto(r calls.Rule, zone *time.Location) *pb.Rule {
	out := &pb.Rule{Name: r.Name, Title: r.Title, Enabled: r.Enabled, Condition: r.When,
		Limit: int32(r.Limit), Window: r.Window.Describe(zone),
		Per: string(r.Per), Deny: r.Deny}
	if r.Freeze > 0 {
		out.Freeze = durationpb.New(r.Freeze)
	}
	return out
}

// ListRuleVersions implements the API.
func (s *ruleServer) ListRuleVersions(
	ctx context.Context, req *pb.ListRuleVersionsRequest,
) (*pb.ListRuleVersionsResponse, error) {
	var wrong fault.Fields
	size := pageSize(req.GetPageSize(), &wrong)
	const filter = "rules"
	after := s.pages.parse(filter, req.GetPageToken(), &wrong)
	if err := wrong.Err("rules.List"); err != nil {
		return nil, err
	}
	var before *request.Cursor
	if after != nil {
		before = &request.Cursor{At: after.at, ID: after.id}
	}
	list, err := s.Rules.List(ctx, before, size+1)
	if err != nil {
		return nil, err
	}
	list, next := cut(list, size, func(a calls.RuleVersion) string {
		return s.pages.token(filter, cursor{a.At, a.ID})
	})
	active := s.active().Version
	return &pb.ListRuleVersionsResponse{NextPageToken: next,
		Versions: each(list, func(a calls.RuleVersion) *pb.RuleSet {
			return &pb.RuleSet{Version: a.Version, ActivateTime: timestamp(a.At), Actor: a.Actor,
				Active: a.Version == active}
		})}, nil
}

// CheckRules implements the API.
func (s *ruleServer) CheckRules(
	_ context.Context, req *pb.CheckRulesRequest,
) (*pb.CheckRulesResponse, error) {
	rules, err := calls.Parse([]byte(req.GetSource()))
	if problems, ok := errors.AsType[calls.Problems](err); ok {
		return &pb.CheckRulesResponse{Problems: each(problems,
			func(p calls.Problem) *pb.RuleProblem {
				return &pb.RuleProblem{Line: int32(p.Line), Message: p.What}
			})}, nil
	}
	if err != nil {
		return nil, err
	}
	out := s.toProto(rules, calls.RuleVersion{})
	out.Source = ""
	return &pb.CheckRulesResponse{Rules: out}, nil
}

// parse reads rules that came in a request.
func (s *ruleServer) parse(op, source string) (*calls.RuleSet, error) {
	rules, err := calls.Parse([]byte(source))
	problems, ok := errors.AsType[calls.Problems](err)
	if !ok {
		return rules, err
	}
	var wrong fault.Fields
	for _, p := range problems {
		wrong.Add("source", "line %d: %s", p.Line, p.What)
	}
	return nil, wrong.Err(op)
}

// ActivateRules implements the API.
func (s *ruleServer) ActivateRules(
	ctx context.Context, req *pb.ActivateRulesRequest,
) (*pb.ActivateRulesResponse, error) {
	const op = "rules.Activate"
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	var wrong fault.Fields
	checkRequestID(req.GetRequestId(), &wrong)
	if req.GetRules() == nil {
		wrong.Add("rules", "are missing; give a source or an earlier version")
	}
	if err := wrong.Err(op); err != nil {
		return nil, err
	}
	var rules *calls.RuleSet
	if v := req.GetVersion(); v != "" {
		rules, _, err = s.Rules.Version(ctx, v)
	} else {
		rules, err = s.parse(op, req.GetSource())
	}
	if err != nil {
		return nil, err
	}
	if err := s.Rules.CheckChange(); err != nil {
		return nil, err
	}
	a, err := s.Call.Activate(ctx, s.request(ctx, "ActivateRules", req),
		rules, by)
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "rules in force", "version", rules.Version, "actor", by)
	return &pb.ActivateRulesResponse{Rules: s.toProto(rules, a)}, nil
}
