package rule

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// line is a rule as JSON.
type line struct {
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

func newList(r *command) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the rules in force, and what they suspend", Args: usage.NoArgs,
		Example: "  refrain rule list",
		RunE: r.Action(func(cmd *cobra.Command, _ []string) error {
			return r.list(cmd.Context())
		}),
	}
}

func (r *command) list(ctx context.Context) error {
	resp, err := r.get(ctx, "")
	if err != nil {
		return err
	}
	if *r.format == output.JSON {
		return console.JSONLines(r.Console, resp.GetRules().GetRules(), newLine)
	}
	if err := r.printRules(resp.GetRules()); err != nil {
		return err
	}
	for _, f := range resp.GetFailingLines() {
		if err := r.Println(fmt.Sprintf("line %q looked like a failing trunk at %s (%d of %d "+
			"calls rejected): rules take none of them as the customers' doing",
			f.GetLine(), output.TextTime(f.GetStartTime()), f.GetRejected(),
			f.GetCalls())); err != nil {
			return err
		}
	}
	return nil
}

func newLine(rule *pb.Rule) line {
	line := line{rule.GetName(), rule.GetTitle(), rule.GetEnabled(), rule.GetCondition(),
		rule.GetLimit(), rule.GetWindow(),
		rule.GetPer(), rule.GetDeny(), nil}
	if rule.GetFreeze() != nil {
		s := output.Seconds(rule.GetFreeze().AsDuration())
		line.Freeze = &s
	}
	return line
}

func (r *command) printRules(rules *pb.RuleSet) error {
	hours := rules.GetHours()
	if hours == "" {
		hours = "off"
	}
	if err := r.Println(fmt.Sprintf("version %s, days of %s, calling hours %s", rules.GetVersion(),
		rules.GetZone(), hours)); err != nil {
		return err
	}
	t := output.NewTable("RULE", "STATE", "LIMIT", "WINDOW", "PER", "THEN", "WHEN")
	for _, rule := range rules.GetRules() {
		state := "off"
		if rule.GetEnabled() {
			state = "on"
		}
		t.Add(rule.GetName(), state, fmt.Sprint(rule.GetLimit()), rule.GetWindow(), rule.GetPer(),
			consequence(rule), output.Shorten(rule.GetCondition(), 60))
	}
	return t.Write(r.Out)
}

func consequence(rule *pb.Rule) string {
	switch {
	case rule.GetDeny():
		return "deny"
	case rule.GetFreeze() == nil:
		return "freeze until released"
	}
	return "freeze " + usage.PeriodText(rule.GetFreeze().AsDuration())
}
