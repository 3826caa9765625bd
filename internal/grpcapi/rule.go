package grpcapi

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/store"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Rules holds the rules that are and were in force.
type Rules interface {
	Timeline() calls.Timeline
	// Activate puts rules in force from now on, also after a restart.
	Activate(ctx context.Context, rules *calls.RuleSet, by, requestID string) (store.Activation, error)
}

type ruleServer struct {
	pb.UnimplementedRuleServiceServer
	Deps
	pages pager
}

// shippedRules is the name of the rules that come with Refrain, in place of a version.
const shippedRules = "shipped"

// active are the rules in force.
func (s *ruleServer) active() *calls.RuleSet { return s.Rules.Timeline().At(s.Now()) }

// GetRules implements the API.
func (s *ruleServer) GetRules(ctx context.Context, req *pb.GetRulesRequest) (*pb.GetRulesResponse, error) {
	rules, a, err := s.version(ctx, req.GetVersion())
	if err != nil {
		return nil, err
	}
	now := s.Now()
	failing, err := s.Store.FailingLines(ctx, now.Add(-24*time.Hour), now.Add(calls.Slot))
	if err != nil {
		return nil, err
	}
	return &pb.GetRulesResponse{Rules: s.toProto(rules, a), FailingLines: each(failing, func(f store.LineSlot) *pb.FailingLine {
		return &pb.FailingLine{Line: f.Line, StartTime: timestamp(f.At), Calls: int32(f.Attempts), Rejected: int32(f.Rejected)}
	})}, nil
}

// version finds rules: those in force, the shipped ones, or those of an earlier version,
// and their activation if there was any.
func (s *ruleServer) version(ctx context.Context, version string) (*calls.RuleSet, store.Activation, error) {
	switch version {
	case "":
		version = s.active().Version
	case shippedRules:
		version = calls.Default().Version
	}
	a, err := s.Store.RulesByVersion(ctx, version)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return nil, a, err
	}
	if version == calls.Default().Version {
		return calls.Default(), a, nil
	}
	for _, known := range s.Rules.Timeline() {
		if known.RuleSet.Version == version {
			return known.RuleSet, a, nil
		}
	}
	if err != nil {
		return nil, a, err
	}
	rules, err := calls.Parse([]byte(a.Source))
	return rules, a, err
}

func (s *ruleServer) toProto(rules *calls.RuleSet, a store.Activation) *pb.RuleSet {
	out := &pb.RuleSet{Version: rules.Version, Source: string(rules.Source()), Zone: rules.Zone.String(), Actor: a.Actor, ActivateTime: timestamp(a.At),
		Active: rules.Version == s.active().Version, Rules: each(rules.Rules, func(r calls.Rule) *pb.Rule { return ruleToProto(r, rules.Zone) })}
	if h := rules.Hours; h.Enabled {
		out.Hours = h.String()
	}
	return out
}

func ruleToProto(r calls.Rule, zone *time.Location) *pb.Rule {
	out := &pb.Rule{Name: r.Name, Title: r.Title, Enabled: r.Enabled, Condition: r.When, Limit: int32(r.Limit), Window: r.Window.Describe(zone),
		Per: string(r.Per), Deny: r.Deny}
	if r.Freeze > 0 {
		out.Freeze = durationpb.New(r.Freeze)
	}
	return out
}

// ListRuleVersions implements the API.
func (s *ruleServer) ListRuleVersions(ctx context.Context, req *pb.ListRuleVersionsRequest) (*pb.ListRuleVersionsResponse, error) {
	var wrong fault.Fields
	size := pageSize(req.GetPageSize(), &wrong)
	const filter = "rules"
	after := s.pages.parse(filter, req.GetPageToken(), &wrong)
	if err := wrong.Err("rules.List"); err != nil {
		return nil, err
	}
	var before *store.Cursor
	if after != nil {
		before = &store.Cursor{At: after.at, ID: after.id}
	}
	list, err := s.Store.RuleActivations(ctx, before, size+1)
	if err != nil {
		return nil, err
	}
	list, next := cut(list, size, func(a store.Activation) string { return s.pages.token(filter, cursor{a.At, a.ID}) })
	active := s.active().Version
	return &pb.ListRuleVersionsResponse{NextPageToken: next, Versions: each(list, func(a store.Activation) *pb.RuleSet {
		return &pb.RuleSet{Version: a.Version, ActivateTime: timestamp(a.At), Actor: a.Actor, Active: a.Version == active}
	})}, nil
}

// CheckRules implements the API.
func (s *ruleServer) CheckRules(_ context.Context, req *pb.CheckRulesRequest) (*pb.CheckRulesResponse, error) {
	rules, err := calls.Parse([]byte(req.GetSource()))
	if problems, ok := errors.AsType[calls.Problems](err); ok {
		return &pb.CheckRulesResponse{Problems: each(problems, func(p calls.Problem) *pb.RuleProblem {
			return &pb.RuleProblem{Line: int32(p.Line), Message: p.What}
		})}, nil
	}
	if err != nil {
		return nil, err
	}
	out := s.toProto(rules, store.Activation{})
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
func (s *ruleServer) ActivateRules(ctx context.Context, req *pb.ActivateRulesRequest) (*pb.ActivateRulesResponse, error) {
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
		rules, _, err = s.version(ctx, v)
	} else {
		rules, err = s.parse(op, req.GetSource())
	}
	if err != nil {
		return nil, err
	}
	a, err := s.Rules.Activate(ctx, rules, by, req.GetRequestId())
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "rules in force", "version", rules.Version, "actor", by)
	return &pb.ActivateRulesResponse{Rules: s.toProto(rules, a)}, nil
}
