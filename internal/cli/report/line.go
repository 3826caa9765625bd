package report

import (
	"github.com/refrain-asr/refrain/internal/cli/output"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// line is a report as JSON.
type line struct {
	Figures figures `json:"figures"`
	Before  figures `json:"before"`
	Savings savings `json:"savings"`
	// Quality and QualityBefore, of the time before, are left out where there was nothing to review.
	Quality       *quality `json:"quality,omitempty"`
	QualityBefore *quality `json:"quality_before,omitempty"`
	details
}

type figures struct {
	From           *string          `json:"from"`
	To             *string          `json:"to"`
	Calls          int64            `json:"calls"`
	Outcomes       map[string]int64 `json:"outcomes"`
	Checks         int64            `json:"checks"`
	Refused        map[string]int64 `json:"refused"`
	Freezes        map[string]int64 `json:"freezes"`
	FreezesUndone  map[string]int64 `json:"freezes_undone"`
	Releases       map[string]int64 `json:"releases"`
	Complaints     int64            `json:"complaints"`
	PerTenThousand float64          `json:"complaints_per_10000_calls"`
	CallsToFrozen  int64            `json:"calls_to_frozen"`
	CalledAgain    int64            `json:"numbers_called_again"`
}

type savings struct {
	CallsAvoided int64   `json:"calls_avoided"`
	CostPerCall  float64 `json:"cost_per_call"`
	CostSaved    float64 `json:"cost_saved"`
	Formula      string  `json:"formula"`
}

func newLine(resp *pb.GetReportResponse) line {
	s := resp.GetSavings()
	l := line{Figures: newFigures(resp.GetFigures()), Before: newFigures(resp.GetBefore()),
		Savings: savings{s.GetCallsAvoided(), s.GetCostPerCall(), output.Rounded(s.GetCostSaved(), 2),
			s.GetFormula()}}
	if now, before := resp.GetQuality(), resp.GetQualityBefore(); reviewed(now, before) {
		l.Quality, l.QualityBefore = newQuality(now), newQuality(before)
	}
	l.details = newDetails(resp)
	return l
}

func newFigures(f *pb.Figures) figures {
	return figures{output.JSONTime(f.GetStartTime()), output.JSONTime(f.GetEndTime()), f.GetCalls(),
		orEmptyMap(f.GetOutcomes()), f.GetChecks(), orEmptyMap(f.GetRefused()),
		orEmptyMap(f.GetFreezes()), orEmptyMap(f.GetFreezesUndone()), orEmptyMap(f.GetReleases()), f.GetComplaints(),
		output.Ratio(f.GetComplaintsPer_10000Calls()), f.GetCallsToFrozen(),
		f.GetNumbersCalledAgain()}
}

func orEmptyMap(m map[string]int64) map[string]int64 {
	if m == nil {
		return map[string]int64{}
	}
	return m
}
