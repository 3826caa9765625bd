package rule

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const testHelp = `Say what rules would have done with the calls of a past time, as if they had been in
force and the dialler had asked before each call. Nothing is changed. Without a file the
rules in force are tried.

JSON, one object a rule: {"rule","numbers","times","calls_avoided","examples"}.`

func newTest(r *command) *cobra.Command {
	var last string
	var between usage.Span
	cmd := &cobra.Command{
		Use: "test [FILE]", Short: "Say what rules would have done with past calls",
		Args: cobra.MaximumNArgs(1), Long: testHelp,
		Example: "  refrain rule test rules.yaml --last 30d\n" +
			"  refrain rule test --since 2026-02-01T00:00:00+08:00 --until " +
			"2026-03-01T00:00:00+08:00",
	}
	cmd.Flags().StringVar(&last, "last", "", "the `period` up to now (or --until), such as 30d "+
		"(the default)")
	between.Flags(cmd, "only calls that began")
	cmd.MarkFlagsMutuallyExclusive("last", "since")
	cmd.RunE = r.Action(func(cmd *cobra.Command, args []string) error {
		req := &pb.TestRulesRequest{}
		var err error
		if req.StartTime, req.EndTime, err = r.interval(last, between); err != nil {
			return err
		}
		if req.Source, err = readSource(args); err != nil {
			return err
		}
		return r.client.With(func(cl *client.Client) error {
			resp, err := cl.Rules.TestRules(cmd.Context(), req)
			if err != nil {
				return r.sourceProblems(args, err)
			}
			return r.printEffects(req, resp)
		})
	})
	return cmd
}

// interval is the time that is meant: 30 days up to now where no flag says otherwise.
func (r *command) interval(
	last string, between usage.Span,
) (from, to *timestamppb.Timestamp, err error) {
	if from, to, err = between.Read(); err != nil {
		return nil, nil, err
	}
	if to == nil {
		to = timestamppb.New(r.Now())
	}
	if from != nil {
		return from, to, nil
	}
	period := 30 * 24 * time.Hour
	if last != "" {
		if period, err = usage.Period(last); err != nil {
			return nil, nil, usage.Errorf("--last %q %v", last, err)
		}
	}
	return timestamppb.New(to.AsTime().Add(-period)), to, nil
}

// effectLine is what one rule would have done, as JSON.
type effectLine struct {
	Rule     string   `json:"rule"`
	Numbers  int64    `json:"numbers"`
	Times    int64    `json:"times"`
	Avoided  int64    `json:"calls_avoided"`
	Examples []string `json:"examples"` // masked
}

func (r *command) printEffects(req *pb.TestRulesRequest, resp *pb.TestRulesResponse) error {
	if *r.format == output.JSON {
		for _, e := range resp.GetEffects() {
			examples := append([]string{}, e.GetExamples()...) // never null
			if err := r.JSON(effectLine{e.GetRule(), e.GetNumbers(), e.GetTimes(),
				e.GetCallsAvoided(), examples}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := r.Println(fmt.Sprintf("%d calls to %d numbers, %s to %s", resp.GetCalls(),
		resp.GetNumbers(), output.TextTime(req.GetStartTime()),
		output.TextTime(req.GetEndTime()))); err != nil {
		return err
	}
	t := output.NewTable("RULE", "NUMBERS", "TIMES", "CALLS AVOIDED", "FOR EXAMPLE")
	for _, e := range resp.GetEffects() {
		t.Add(e.GetRule(), fmt.Sprint(e.GetNumbers()), fmt.Sprint(e.GetTimes()),
			fmt.Sprint(e.GetCallsAvoided()),
			strings.Join(e.GetExamples()[:min(3, len(e.GetExamples()))], " "))
	}
	return t.Write(r.Out)
}
