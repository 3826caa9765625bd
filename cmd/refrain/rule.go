package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

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
	if *r.format == formatJSON {
		for _, rule := range resp.GetRules().GetRules() {
			if err := r.json(newRuleLine(rule)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := r.tellRules(resp.GetRules()); err != nil {
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

func newRuleLine(rule *pb.Rule) ruleLine {
	line := ruleLine{rule.GetName(), rule.GetTitle(), rule.GetEnabled(), rule.GetCondition(), rule.GetLimit(), rule.GetWindow(),
		rule.GetPer(), rule.GetDeny(), nil}
	if rule.GetFreeze() != nil {
		s := seconds(rule.GetFreeze().AsDuration())
		line.Freeze = &s
	}
	return line
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

func (r *ruling) get(ctx context.Context, version string) (resp *pb.GetRulesResponse, err error) {
	err = r.client.with(func(cl *client) error {
		resp, err = cl.rules.GetRules(ctx, &pb.GetRulesRequest{Version: version})
		return err
	})
	return resp, err
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
