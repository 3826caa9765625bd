package grpcapi

import (
	"context"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// maxStretch is the longest time that a dry run or a report covers.
const maxStretch = 366 * 24 * time.Hour

// maxExamples is how many numbers a dry run names for a rule.
const maxExamples = 10

// stretch reads which time a request is about.
func stretch(op string, from, to time.Time, wrong *fault.Fields) error {
	switch {
	case len(*wrong) > 0:
	case from.IsZero() || to.IsZero():
		wrong.Add("start_time", "and end_time are needed")
	case !from.Before(to) || to.Sub(from) > maxStretch:
		wrong.Add("end_time", "must come after start_time, by 366 days at most")
	}
	return wrong.Err(op)
}

// TestRules implements the API: the rules that are tried take the place of those that
// were in force.
func (s *ruleServer) TestRules(ctx context.Context, req *pb.TestRulesRequest) (*pb.TestRulesResponse, error) {
	const op = "rules.Test"
	var wrong fault.Fields
	from, to := optionalTime("start_time", req.GetStartTime(), &wrong), optionalTime("end_time", req.GetEndTime(), &wrong)
	if err := stretch(op, from, to, &wrong); err != nil {
		return nil, err
	}
	rules := s.active()
	if req.GetSource() != "" {
		var err error
		if rules, err = s.parse(op, req.GetSource()); err != nil {
			return nil, err
		}
	}
	d := calls.NewDryRun(rules)
	resp := &pb.TestRulesResponse{}
	examples := map[string][]string{}
	err := s.Store.EachHistory(ctx, from.Add(-2*rules.MaxWindow()), to.Add(-time.Microsecond), func(n number.Number, h calls.History) error {
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
		resp.Effects = append(resp.Effects, &pb.RuleEffect{Rule: e.Rule, Numbers: int64(e.Numbers), Times: int64(e.Times),
			CallsAvoided: int64(e.Avoided), Examples: examples[e.Rule]})
	}
	return resp, nil
}
