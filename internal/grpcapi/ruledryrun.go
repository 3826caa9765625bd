package grpcapi

import (
	"context"
	"errors"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/internal/limit"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// maxExamples is how many numbers a dry run names for a rule.
const maxExamples = 10

// TestRules implements the API: the rules that are tried take the place of those that
// were in force.
func (s *ruleServer) TestRules(
	ctx context.Context, req *pb.TestRulesRequest,
) (*pb.TestRulesResponse, error) {
	const op = "rules.Test"
	var wrong fault.Fields
	from, to := optionalTime("start_time", req.GetStartTime(), &wrong),
		optionalTime("end_time", req.GetEndTime(), &wrong)
	if err := figures.CheckStretch(op, from, to, &wrong); err != nil {
		return nil, err
	}
	rules := s.active()
	if req.GetSource() != "" {
		var err error
		if rules, err = s.parse(op, req.GetSource()); err != nil {
			return nil, err
		}
	}
	end, err := s.trying.Take(ctx)
	if errors.Is(err, limit.ErrTurns) {
		err = errTrying
	}
	if err != nil {
		return nil, err
	}
	defer end()
	return s.test(ctx, rules, from, to)
}

// Each reads all calls of a time, so one is tried at once. Another waits: whoever changes what he tries gives up the one
// before, which ends within moments.
const mostTrying = 1

var errTrying = &fault.Error{Op: "rules.Test", Kind: fault.Exhausted, Reason: "DRY_RUN_BUSY",
	Message: "other rules are being tried on past calls, which is done one at a time; try again in a moment"}

// test tries rules on the calls of a time.
func (s *ruleServer) test(
	ctx context.Context, rules *calls.RuleSet, from, to time.Time,
) (*pb.TestRulesResponse, error) {
	d := calls.NewDryRun(rules)
	reach := calls.Timeline{{RuleSet: rules}}.Reach()
	span := calls.Span{From: from.Add(-reach), To: to.Add(-time.Microsecond)}
	resp := &pb.TestRulesResponse{}
	examples := map[string][]string{}
	err := s.Calls.EachHistory(ctx, span, s.Rules.Timeline(),
		func(n number.Number, h calls.History) error {
			counted, hit := d.Number(h, from)
			if counted > 0 {
				resp.Calls, resp.Numbers = resp.Calls+int64(counted), resp.Numbers+1
			}
			for _, rule := range hit {
				if len(examples[rule]) < maxExamples {
					examples[rule] = append(examples[rule], n.Masked())
				}
			}
			return ctx.Err()
		})
	if err != nil {
		return nil, err
	}
	for _, e := range d.Effects() {
		resp.Effects = append(resp.Effects,
			&pb.RuleEffect{Rule: e.Rule, Numbers: int64(e.Numbers), Times: int64(e.Times),
				CallsAvoided: int64(e.Avoided), Examples: examples[e.Rule]})
	}
	return resp, nil
}
