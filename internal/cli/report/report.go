package report

import (
	"context"
	"encoding/csv"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `Sum up a day, a week or a month: calls, refused dials, freezes, complaints, and an
estimate of what the refused dials would have cost. Beside each figure stands that of
the same length of time before.

Then how well refusals are found, by what reviewers decided so far about the calls that
were judged in that time: precision is the share of the suspects that was confirmed,
recall the share of the refusals that made a suspect, reckoned from the blind samples;
in brackets stand 95 % intervals. Second looks tell how often two reviewers agree, and
kappa how often beyond chance.

Days begin at midnight and weeks on Monday, in --zone.

--with adds, of that time: what reviewers made of the phrases that were hit; what each
reviewer decided and how often others agreed; each day; and the 50 agents or lines with
the most calls.

JSON: {"figures","before","savings"}; figures and before have from, to, calls, outcomes,
checks, refused, freezes, releases, complaints, complaints_per_10000_calls,
calls_to_frozen and numbers_called_again, savings has calls_avoided, cost_per_call,
cost_saved and its formula. "quality" and "quality_before" have suspects, confirmed,
dismissed, precision, precision_shown, precision_blind, unsuspected (answered calls
without a suspect), samples, samples_decided, samples_confirmed, recall, second_looks,
agreed, agreement and kappa; shares are {"value","low","high"}, null where nothing is
known; both are left out where there was nothing to review. --with adds lists of its names.
CSV: figure,value,before; --with needs text or JSON.`

// options are report's flags.
type options struct {
	format             format
	period, date, zone string
	cost               float64
	with               []string
}

// New makes refrain report.
func New(c *console.Console) *cobra.Command {
	o := &options{format: "text"}
	cmd := &cobra.Command{
		Use: "report", Short: "Sum up a day, a week or a month", Long: help, Args: usage.NoArgs,
		Example: "  refrain report\n" +
			"  refrain report --period month --date 2026-02-01 --format csv\n" +
			"  refrain report --period week --cost-per-call 0.12\n" +
			"  refrain report --period week --with days,reviewers",
	}
	server := client.AddFlags(c, cmd)
	o.flags(cmd.Flags())
	cmd.RunE = c.Action(func(cmd *cobra.Command, _ []string) error {
		zone, req, err := o.request(c.Now())
		if err != nil {
			return err
		}
		r := &reporter{Console: c, format: o.format, zone: zone}
		return r.run(cmd.Context(), server, req)
	})
	return cmd
}

func (o *options) flags(f *pflag.FlagSet) {
	f.Var(&o.format, "format", "how to write the result")
	f.StringVar(&o.period, "period", "day", "`day`, week or month")
	f.StringVar(&o.date, "date", "", "a `date` (2026-02-17) in the period that is meant "+
		"(default: today)")
	f.StringVar(&o.zone, "zone", "Asia/Shanghai", "the time `zone` of days")
	f.Float64Var(&o.cost, "cost-per-call", 0, "what one call costs, for the estimate "+
		"(default: the server's setting)")
	f.StringSliceVar(&o.with, "with", nil, "also `phrases`, reviewers, days, agents or lines, with commas between them")
}

// request is what to ask the server for, and the zone of its days.
func (o *options) request(now time.Time) (*time.Location, *pb.GetReportRequest, error) {
	zone, err := time.LoadLocation(o.zone)
	if err != nil || o.zone == "" {
		return nil, nil, usage.Errorf("--zone %q is no time zone, such as Asia/Shanghai", o.zone)
	}
	at := now.In(zone)
	if o.date != "" {
		if at, err = time.ParseInLocation(time.DateOnly, o.date, zone); err != nil {
			return nil, nil, usage.Errorf("--date %q must be a date, such as 2026-02-17", o.date)
		}
	}
	from, to, err := calendarPeriod(o.period, at)
	if err != nil {
		return nil, nil, err
	}
	parts, err := partsOf(o.with)
	if err != nil {
		return nil, nil, err
	}
	if len(parts) > 0 && o.format == "csv" {
		return nil, nil, usage.Errorf("--with adds tables, which CSV has no place for: use --format json")
	}
	if !(o.cost >= 0) { // NaN is not
		return nil, nil, usage.Errorf("--cost-per-call %g must be 0 (the server's setting) or more",
			o.cost)
	}
	return zone, &pb.GetReportRequest{
		StartTime: timestamppb.New(from), EndTime: timestamppb.New(to), CostPerCall: o.cost, With: parts,
	}, nil
}

// reporter is one run of report.
type reporter struct {
	*console.Console
	format format
	zone   *time.Location
}

func (r *reporter) run(ctx context.Context, flags *client.Flags, req *pb.GetReportRequest) error {
	var resp *pb.GetReportResponse
	if err := flags.With(func(cl *client.Client) (err error) {
		resp, err = cl.Reports.GetReport(ctx, req)
		return err
	}); err != nil {
		return err
	}
	switch r.format {
	case "json":
		return r.JSON(newLine(resp))
	case "csv":
		return csv.NewWriter(r.Out).WriteAll(slices.Concat(r.dates(resp), rows(resp),
			qualityRows(resp.GetQuality(), resp.GetQualityBefore(), estimateColumns)))
	}
	return r.print(resp)
}

// print writes a report for people.
func (r *reporter) print(resp *pb.GetReportResponse) error {
	t := output.Table{}
	first, last := r.days(resp.GetFigures())
	firstBefore, lastBefore := r.days(resp.GetBefore())
	t.Add("", first, firstBefore)
	if first != last {
		t.Add("", "to "+last, "to "+lastBefore)
	}
	for _, row := range slices.Concat(rows(resp),
		qualityRows(resp.GetQuality(), resp.GetQualityBefore(), estimateText)) {
		t.Add(append([]string{strings.TrimPrefix(row[0], "numbers ")}, row[1:]...)...) // to fit into 80 cells
	}
	if err := t.Write(r.Out); err != nil {
		return err
	}
	if err := r.Println("", resp.GetSavings().GetFormula()); err != nil {
		return err
	}
	for _, t := range tables(resp) {
		if err := r.Println(""); err != nil {
			return err
		}
		if err := t.Write(r.Out); err != nil {
			return err
		}
	}
	return nil
}
