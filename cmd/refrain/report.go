package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const reportHelp = `Sum up a day, a week or a month: calls, refused dials, freezes, complaints, and an
estimate of what the refused dials would have cost. Beside each figure stands that of
the same length of time before.

Days begin at midnight and weeks on Monday, in --zone.

JSON: {"figures","before","savings"}; figures and before have from, to, calls, outcomes,
checks, refused, freezes, releases, complaints, complaints_per_10000_calls,
calls_to_frozen and numbers_called_again, savings has calls_avoided, cost_per_call,
cost_saved and its formula. CSV: figure,value,before.`

// reportFormat is text, json or csv.
type reportFormat string

// String implements pflag.Value.
func (f *reportFormat) String() string { return string(*f) }

// Set implements pflag.Value.
func (f *reportFormat) Set(s string) error {
	if s != "text" && s != "json" && s != "csv" {
		return errors.New("must be text, json or csv")
	}
	*f = reportFormat(s)
	return nil
}

// Type implements pflag.Value.
func (f *reportFormat) Type() string { return "text|json|csv" }

func newReport(c *console) *cobra.Command {
	format := reportFormat("text")
	var period, date, zone string
	var cost float64
	cmd := &cobra.Command{
		Use: "report", Short: "Sum up a day, a week or a month", Long: reportHelp, Args: none,
		Example: "  refrain report\n  refrain report --period month --date 2026-02-01 --format csv\n  refrain report --period week --cost-per-call 0.12",
	}
	client := addClientFlags(c, cmd)
	cmd.Flags().Var(&format, "format", "how to write the result")
	cmd.Flags().StringVar(&period, "period", "day", "`day`, week or month")
	cmd.Flags().StringVar(&date, "date", "", "a `date` (2026-02-17) in the period that is meant (default: today)")
	cmd.Flags().StringVar(&zone, "zone", "Asia/Shanghai", "the time `zone` of days")
	cmd.Flags().Float64Var(&cost, "cost-per-call", 0, "what one call costs, for the estimate (default: the server's setting)")
	cmd.RunE = c.work(func(cmd *cobra.Command, _ []string) error {
		loc, err := time.LoadLocation(zone)
		if err != nil || zone == "" {
			return misuse("--zone %q is no time zone, such as Asia/Shanghai", zone)
		}
		at := c.now().In(loc)
		if date != "" {
			if at, err = time.ParseInLocation(time.DateOnly, date, loc); err != nil {
				return misuse("--date %q must be a date, such as 2026-02-17", date)
			}
		}
		from, to, err := calendarPeriod(period, at)
		if err != nil {
			return err
		}
		if !(cost >= 0) { // NaN is not
			return misuse("--cost-per-call %g must be 0 (the server's setting) or more", cost)
		}
		r := &reporting{console: c, format: format, zone: loc}
		return r.run(cmd.Context(), client, &pb.GetReportRequest{StartTime: timestamppb.New(from), EndTime: timestamppb.New(to), CostPerCall: cost})
	})
	return cmd
}

// calendarPeriod is the day, week or month that a moment lies in.
func calendarPeriod(period string, at time.Time) (from, to time.Time, err error) {
	y, m, d := at.Date()
	switch period {
	case "day":
		return time.Date(y, m, d, 0, 0, 0, 0, at.Location()), time.Date(y, m, d+1, 0, 0, 0, 0, at.Location()), nil
	case "week":
		monday := d - (int(at.Weekday())+6)%7
		return time.Date(y, m, monday, 0, 0, 0, 0, at.Location()), time.Date(y, m, monday+7, 0, 0, 0, 0, at.Location()), nil
	case "month":
		return time.Date(y, m, 1, 0, 0, 0, 0, at.Location()), time.Date(y, m+1, 1, 0, 0, 0, 0, at.Location()), nil
	}
	return from, to, misuse("--period %q must be day, week or month", period)
}

// reporting is one run of report.
type reporting struct {
	*console
	format reportFormat
	zone   *time.Location
}

// reportLine is a report as JSON.
type reportLine struct {
	Figures figuresLine `json:"figures"`
	Before  figuresLine `json:"before"`
	Savings savingsLine `json:"savings"`
}

type figuresLine struct {
	From           *string          `json:"from"`
	To             *string          `json:"to"`
	Calls          int64            `json:"calls"`
	Outcomes       map[string]int64 `json:"outcomes"`
	Checks         int64            `json:"checks"`
	Refused        map[string]int64 `json:"refused"`
	Freezes        map[string]int64 `json:"freezes"`
	Releases       map[string]int64 `json:"releases"`
	Complaints     int64            `json:"complaints"`
	PerTenThousand float64          `json:"complaints_per_10000_calls"`
	CallsToFrozen  int64            `json:"calls_to_frozen"`
	CalledAgain    int64            `json:"numbers_called_again"`
}

type savingsLine struct {
	CallsAvoided int64   `json:"calls_avoided"`
	CostPerCall  float64 `json:"cost_per_call"`
	CostSaved    float64 `json:"cost_saved"`
	Formula      string  `json:"formula"`
}

func newFiguresLine(f *pb.Figures) figuresLine {
	return figuresLine{jsonTime(f.GetStartTime()), jsonTime(f.GetEndTime()), f.GetCalls(), orEmptyMap(f.GetOutcomes()), f.GetChecks(), orEmptyMap(f.GetRefused()),
		orEmptyMap(f.GetFreezes()), orEmptyMap(f.GetReleases()), f.GetComplaints(), share(f.GetComplaintsPer_10000Calls()), f.GetCallsToFrozen(), f.GetNumbersCalledAgain()}
}

func orEmptyMap(m map[string]int64) map[string]int64 {
	if m == nil {
		return map[string]int64{}
	}
	return m
}

func (r *reporting) run(ctx context.Context, flags *clientFlags, req *pb.GetReportRequest) error {
	var resp *pb.GetReportResponse
	if err := flags.with(func(cl *client) (err error) {
		resp, err = cl.reports.GetReport(ctx, req)
		return err
	}); err != nil {
		return err
	}
	s := resp.GetSavings()
	if r.format == "json" {
		return r.json(reportLine{newFiguresLine(resp.GetFigures()), newFiguresLine(resp.GetBefore()),
			savingsLine{s.GetCallsAvoided(), s.GetCostPerCall(), rounded(s.GetCostSaved(), 2), s.GetFormula()}})
	}
	if r.format == "csv" {
		return csv.NewWriter(r.out).WriteAll(append(r.dates(resp), reportRows(resp)...))
	}
	t := table{}
	t.add("", r.span(resp.GetFigures()), r.span(resp.GetBefore()))
	for _, row := range reportRows(resp) {
		t.add(row...)
	}
	if err := t.write(r.out); err != nil {
		return err
	}
	return r.println("", s.GetFormula())
}

// days are the first and the last day of figures.
func (r *reporting) days(f *pb.Figures) (first, last string) {
	first = f.GetStartTime().AsTime().In(r.zone).Format(time.DateOnly)
	return first, f.GetEndTime().AsTime().Add(-time.Nanosecond).In(r.zone).Format(time.DateOnly)
}

func (r *reporting) span(f *pb.Figures) string {
	first, last := r.days(f)
	if first == last {
		return first
	}
	return first + " to " + last
}

// dates are the first rows of CSV.
func (r *reporting) dates(resp *pb.GetReportResponse) [][]string {
	first, last := r.days(resp.GetFigures())
	firstBefore, lastBefore := r.days(resp.GetBefore())
	return [][]string{{"figure", "value", "before"}, {"first day", first, firstBefore}, {"last day", last, lastBefore}}
}

// reportRows are a name, the figure, and the figure before.
func reportRows(resp *pb.GetReportResponse) [][]string {
	f, b := resp.GetFigures(), resp.GetBefore()
	var rows [][]string
	add := func(name string, now, before int64) {
		rows = append(rows, []string{name, strconv.FormatInt(now, 10), strconv.FormatInt(before, 10)})
	}
	each := func(prefix string, now, before map[string]int64) {
		names := map[string]bool{}
		for _, m := range []map[string]int64{now, before} {
			for name := range m {
				names[name] = true
			}
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			add(prefix+name, now[name], before[name])
		}
	}
	add("calls", f.GetCalls(), b.GetCalls())
	each("calls ", f.GetOutcomes(), b.GetOutcomes())
	add("checks", f.GetChecks(), b.GetChecks())
	each("refused ", f.GetRefused(), b.GetRefused())
	each("freezes ", f.GetFreezes(), b.GetFreezes())
	each("releases ", f.GetReleases(), b.GetReleases())
	add("complaints", f.GetComplaints(), b.GetComplaints())
	rows = append(rows, []string{"complaints per 10,000 calls", fmt.Sprintf("%.2f", f.GetComplaintsPer_10000Calls()), fmt.Sprintf("%.2f", b.GetComplaintsPer_10000Calls())})
	add("calls to frozen numbers", f.GetCallsToFrozen(), b.GetCallsToFrozen())
	add("numbers called again after a confirmed refusal", f.GetNumbersCalledAgain(), b.GetNumbersCalledAgain())
	s := resp.GetSavings()
	return append(rows, []string{"repeat calls avoided", strconv.FormatInt(s.GetCallsAvoided(), 10), ""},
		[]string{"estimate of the cost saved", fmt.Sprintf("%.2f", s.GetCostSaved()), ""})
}
