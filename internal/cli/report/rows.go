package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// days are the first and the last day of figures.
func (r *reporter) days(f *pb.Figures) (first, last string) {
	first = f.GetStartTime().AsTime().In(r.zone).Format(time.DateOnly)
	return first, f.GetEndTime().AsTime().Add(-time.Nanosecond).In(r.zone).Format(time.DateOnly)
}

// dates are the first rows of CSV.
func (r *reporter) dates(resp *pb.GetReportResponse) [][]string {
	first, last := r.days(resp.GetFigures())
	firstBefore, lastBefore := r.days(resp.GetBefore())
	return [][]string{{"figure", "value", "before"}, {"first day", first, firstBefore},
		{"last day", last, lastBefore}}
}

// rows are a name, the figure, and the figure before.
func rows(resp *pb.GetReportResponse) [][]string {
	f, b := resp.GetFigures(), resp.GetBefore()
	return slices.Concat(
		count("calls", f.GetCalls(), b.GetCalls()),
		counts("calls ", f.GetOutcomes(), b.GetOutcomes()),
		count("checks", f.GetChecks(), b.GetChecks()),
		counts("refused ", f.GetRefused(), b.GetRefused()),
		counts("freezes ", f.GetFreezes(), b.GetFreezes()),
		counts("releases ", f.GetReleases(), b.GetReleases()),
		count("complaints", f.GetComplaints(), b.GetComplaints()),
		[][]string{{
			"complaints per 10,000 calls", twoDecimals(f.GetComplaintsPer_10000Calls()),
			twoDecimals(b.GetComplaintsPer_10000Calls()),
		}},
		count("calls to frozen numbers", f.GetCallsToFrozen(), b.GetCallsToFrozen()),
		count("numbers called again after a confirmed refusal", f.GetNumbersCalledAgain(),
			b.GetNumbersCalledAgain()),
		saved(resp.GetSavings()),
	)
}

func count(name string, now, before int64) [][]string {
	return [][]string{{name, strconv.FormatInt(now, 10), strconv.FormatInt(before, 10)}}
}

// counts are those of every name in one or the other, in the names' order.
func counts(prefix string, now, before map[string]int64) (rows [][]string) {
	names := maps.Clone(now)
	if names == nil {
		names = map[string]int64{}
	}
	maps.Copy(names, before)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		rows = append(rows, count(prefix+name, now[name], before[name])...)
	}
	return rows
}

func saved(s *pb.Savings) [][]string {
	return [][]string{
		{"repeat calls avoided", strconv.FormatInt(s.GetCallsAvoided(), 10), ""},
		{"estimate of the cost saved", twoDecimals(s.GetCostSaved()), ""},
	}
}

func twoDecimals(v float64) string { return fmt.Sprintf("%.2f", v) }
