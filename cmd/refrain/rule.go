package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/calls"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const ruleHelp = `See, check, try and change the rules over how often a number is called.

Rules are a YAML file; docs/rules.md tells how to write one. 'check' needs no server.
'test' says what rules would have done with the calls of a past time, and changes
nothing. 'activate' puts rules in force for calls that start from then on.`

const ruleExample = `  refrain rule list
  refrain rule show > rules.yaml
  refrain rule check rules.yaml
  refrain rule test rules.yaml --last 30d
  refrain rule activate rules.yaml`

// ruling is what the commands of rule share.
type ruling struct {
	*console
	client *clientFlags
	format *format
}

func newRule(c *console) *cobra.Command {
	cmd := &cobra.Command{Use: "rule", Short: "See, check, try and change the rules over calls", Long: ruleHelp, Example: ruleExample}
	chooses(cmd)
	r := &ruling{c, addClientFlags(c, cmd), formatFlag(cmd)}
	cmd.AddCommand(newRuleList(r), newRuleShow(r), newRuleCheck(r), newRuleTest(r), newRuleActivate(r), newRuleVersions(r))
	return cmd
}

// ruleLine is a rule as JSON.
type ruleLine struct {
	Rule    string   `json:"rule"`
	Title   string   `json:"title"`
	Enabled bool     `json:"enabled"`
	When    string   `json:"when"`
	Limit   int32    `json:"limit"`
	Window  string   `json:"window"`
	Per     string   `json:"per"`
	Deny    bool     `json:"deny"`
	Freeze  *float64 `json:"freeze_seconds"` // null where it denies or freezes until released
}

func newRuleList(r *ruling) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the rules in force, and what they suspend", Args: none, Example: "  refrain rule list",
		RunE: r.work(func(cmd *cobra.Command, _ []string) error { return r.list(cmd.Context()) }),
	}
}

func (r *ruling) list(ctx context.Context) error {
	resp, err := r.get(ctx, "")
	if err != nil {
		return err
	}
	rules := resp.GetRules()
	if *r.format == formatJSON {
		for _, rule := range rules.GetRules() {
			line := ruleLine{rule.GetName(), rule.GetTitle(), rule.GetEnabled(), rule.GetCondition(), rule.GetLimit(), rule.GetWindow(),
				rule.GetPer(), rule.GetDeny(), nil}
			if rule.GetFreeze() != nil {
				s := seconds(rule.GetFreeze().AsDuration())
				line.Freeze = &s
			}
			if err := r.json(line); err != nil {
				return err
			}
		}
		return nil
	}
	if err := r.tellRules(rules); err != nil {
		return err
	}
	for _, f := range resp.GetFailingLines() {
		if err := r.println(fmt.Sprintf("line %q looked like a failing trunk at %s (%d of %d calls rejected): rules take none of them as the customers' doing",
			f.GetLine(), textTime(f.GetStartTime()), f.GetRejected(), f.GetCalls())); err != nil {
			return err
		}
	}
	return nil
}

func (r *ruling) tellRules(rules *pb.RuleSet) error {
	hours := rules.GetHours()
	if hours == "" {
		hours = "off"
	}
	if err := r.println(fmt.Sprintf("version %s, days of %s, calling hours %s", rules.GetVersion(), rules.GetZone(), hours)); err != nil {
		return err
	}
	var t table
	t.add("RULE", "STATE", "LIMIT", "WINDOW", "PER", "THEN", "WHEN")
	for _, rule := range rules.GetRules() {
		state := "off"
		if rule.GetEnabled() {
			state = "on"
		}
		t.add(rule.GetName(), state, fmt.Sprint(rule.GetLimit()), rule.GetWindow(), rule.GetPer(), consequence(rule), shortened(rule.GetCondition(), 60))
	}
	return t.write(r.out)
}

func consequence(rule *pb.Rule) string {
	switch {
	case rule.GetDeny():
		return "deny"
	case rule.GetFreeze() == nil:
		return "freeze until released"
	}
	return "freeze " + periodText(rule.GetFreeze().AsDuration())
}

func (r *ruling) get(ctx context.Context, version string) (*pb.GetRulesResponse, error) {
	cl, err := r.client.dial()
	if err != nil {
		return nil, err
	}
	defer cl.close()
	return cl.rules.GetRules(ctx, &pb.GetRulesRequest{Version: version})
}

func newRuleShow(r *ruling) *cobra.Command {
	var version string
	var shipped bool
	cmd := &cobra.Command{
		Use: "show", Short: "Print the rules in force, an earlier version, or those that come with Refrain", Args: none,
		Example: "  refrain rule show > rules.yaml\n  refrain rule show --shipped",
		RunE: r.work(func(cmd *cobra.Command, _ []string) error {
			if shipped {
				return r.print(calls.Default().Source())
			}
			resp, err := r.get(cmd.Context(), version)
			if err != nil {
				return err
			}
			return r.print([]byte(resp.GetRules().GetSource()))
		}),
	}
	cmd.Flags().StringVar(&version, "version", "", "an earlier `version`")
	cmd.Flags().BoolVar(&shipped, "shipped", false, "those that come with Refrain; needs no server")
	cmd.MarkFlagsMutuallyExclusive("version", "shipped")
	return cmd
}

func (r *ruling) print(source []byte) error {
	if _, err := r.out.Write(source); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

func newRuleTest(r *ruling) *cobra.Command {
	var last, since, until string
	cmd := &cobra.Command{
		Use: "test [FILE]", Short: "Say what rules would have done with past calls", Args: cobra.MaximumNArgs(1),
		Example: "  refrain rule test rules.yaml --last 30d\n  refrain rule test --since 2026-02-01T00:00:00+08:00 --until 2026-03-01T00:00:00+08:00",
	}
	cmd.Flags().StringVar(&last, "last", "", "the `period` up to now, such as 30d (the default)")
	cmd.Flags().StringVar(&since, "since", "", "from this `RFC 3339` time on")
	cmd.Flags().StringVar(&until, "until", "", "up to this `RFC 3339` time (default now)")
	cmd.MarkFlagsMutuallyExclusive("last", "since")
	cmd.RunE = r.work(func(cmd *cobra.Command, args []string) error {
		req := &pb.TestRulesRequest{}
		if len(args) > 0 {
			source, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			req.Source = string(source)
		}
		var err error
		if req.StartTime, req.EndTime, err = r.stretch(last, since, until); err != nil {
			return err
		}
		return r.test(cmd.Context(), req)
	})
	return cmd
}

// stretch reads which time is meant: 30 days up to now where nothing is said.
func (c *console) stretch(last, since, until string) (from, to *timestamppb.Timestamp, err error) {
	to = timestamppb.New(c.now())
	if until != "" {
		if to, err = parseTime(until); err != nil {
			return nil, nil, misuse("--until %q %v", until, err)
		}
	}
	if since != "" {
		if from, err = parseTime(since); err != nil {
			return nil, nil, misuse("--since %q %v", since, err)
		}
		return from, to, nil
	}
	period := 30 * 24 * time.Hour
	if last != "" {
		if period, err = parsePeriod(last); err != nil {
			return nil, nil, misuse("--last %q %v", last, err)
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

func (r *ruling) test(ctx context.Context, req *pb.TestRulesRequest) error {
	cl, err := r.client.dial()
	if err != nil {
		return err
	}
	defer cl.close()
	resp, err := cl.rules.TestRules(ctx, req)
	if err != nil {
		return err
	}
	if *r.format == formatJSON {
		for _, e := range resp.GetEffects() {
			if err := r.json(effectLine{e.GetRule(), e.GetNumbers(), e.GetTimes(), e.GetCallsAvoided(), e.GetExamples()}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := r.println(fmt.Sprintf("%d calls to %d numbers, %s to %s", resp.GetCalls(), resp.GetNumbers(), textTime(req.GetStartTime()), textTime(req.GetEndTime()))); err != nil {
		return err
	}
	var t table
	t.add("RULE", "NUMBERS", "TIMES", "CALLS AVOIDED", "FOR EXAMPLE")
	for _, e := range resp.GetEffects() {
		t.add(e.GetRule(), fmt.Sprint(e.GetNumbers()), fmt.Sprint(e.GetTimes()), fmt.Sprint(e.GetCallsAvoided()), strings.Join(e.GetExamples()[:min(3, len(e.GetExamples()))], " "))
	}
	return t.write(r.out)
}

func newRuleActivate(r *ruling) *cobra.Command {
	var version string
	cmd := &cobra.Command{
		Use: "activate FILE | --version VERSION", Short: "Put rules in force for calls from now on", Args: cobra.MaximumNArgs(1),
		Example: "  refrain rule activate rules.yaml\n  refrain rule activate --version shipped   # back to those that come with Refrain",
	}
	cmd.Flags().StringVar(&version, "version", "", "an earlier `version` of the server's list, or shipped")
	cmd.RunE = r.work(func(cmd *cobra.Command, args []string) error {
		if (version == "") == (len(args) == 0) {
			return misuse("name a file or, with --version, an earlier version")
		}
		req := &pb.ActivateRulesRequest{RequestId: uuid.NewString(), Rules: &pb.ActivateRulesRequest_Version{Version: version}}
		if len(args) > 0 {
			source, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			req.Rules = &pb.ActivateRulesRequest_Source{Source: string(source)}
		}
		return r.activate(cmd.Context(), req)
	})
	return cmd
}

func (r *ruling) activate(ctx context.Context, req *pb.ActivateRulesRequest) error {
	cl, err := r.client.dial()
	if err != nil {
		return err
	}
	defer cl.close()
	resp, err := cl.rules.ActivateRules(ctx, req)
	if err != nil {
		return err
	}
	return r.tellVersion(resp.GetRules())
}

func newRuleVersions(r *ruling) *cobra.Command {
	return &cobra.Command{
		Use: "versions", Short: "List which rules were in force since when, newest first", Args: none, Example: "  refrain rule versions",
		RunE: r.work(func(cmd *cobra.Command, _ []string) error {
			cl, err := r.client.dial()
			if err != nil {
				return err
			}
			defer cl.close()
			req := &pb.ListRuleVersionsRequest{PageSize: 500}
			for {
				resp, err := cl.rules.ListRuleVersions(cmd.Context(), req)
				if err != nil {
					return err
				}
				for _, v := range resp.GetVersions() {
					if err := r.tellVersion(v); err != nil {
						return err
					}
				}
				if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
					return nil
				}
			}
		}),
	}
}

func (r *ruling) tellVersion(v *pb.RuleSet) error {
	if *r.format == formatJSON {
		return r.json(activationLine{v.GetVersion(), v.GetActive(), jsonTime(v.GetActivateTime()), v.GetActor()})
	}
	text := v.GetVersion() + "  comes with Refrain"
	if v.GetActivateTime() != nil {
		text = fmt.Sprintf("%s  activated %s by %s", v.GetVersion(), textTime(v.GetActivateTime()), v.GetActor())
	}
	if v.GetActive() {
		text += "  (active)"
	}
	return r.println(text)
}
