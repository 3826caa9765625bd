package report

import (
	"fmt"

	"github.com/refrain-asr/refrain/internal/cli/output"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// quality says as JSON how well refusals are found and reviewed.
type quality struct {
	Suspects         int64     `json:"suspects"`
	Confirmed        int64     `json:"confirmed"`
	Dismissed        int64     `json:"dismissed"`
	Precision        *estimate `json:"precision"`
	PrecisionShown   *estimate `json:"precision_shown"`
	PrecisionBlind   *estimate `json:"precision_blind"`
	Unsuspected      int64     `json:"unsuspected"`
	Samples          int64     `json:"samples"`
	SamplesDecided   int64     `json:"samples_decided"`
	SamplesConfirmed int64     `json:"samples_confirmed"`
	Recall           *estimate `json:"recall"`
	SecondLooks      int64     `json:"second_looks"`
	Agreed           int64     `json:"agreed"`
	Agreement        *estimate `json:"agreement"`
	Kappa            *float64  `json:"kappa"`
}

// estimate is null where nothing is known.
type estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

func newQuality(q *pb.Quality) *quality {
	out := &quality{
		Suspects: q.GetSuspects(), Confirmed: q.GetConfirmed(), Dismissed: q.GetDismissed(),
		Precision: newEstimate(q.GetPrecision()), PrecisionShown: newEstimate(q.GetPrecisionShown()),
		PrecisionBlind: newEstimate(q.GetPrecisionBlind()), Unsuspected: q.GetUnsuspected(),
		Samples: q.GetSamples(), SamplesDecided: q.GetSamplesDecided(),
		SamplesConfirmed: q.GetSamplesConfirmed(), Recall: newEstimate(q.GetRecall()),
		SecondLooks: q.GetSecondLooks(), Agreed: q.GetAgreed(), Agreement: newEstimate(q.GetAgreement()),
	}
	if q != nil && q.Kappa != nil {
		k := output.Ratio(q.GetKappa())
		out.Kappa = &k
	}
	return out
}

// reviewed reports whether there was anything to review.
func reviewed(now, before *pb.Quality) bool {
	return now.GetSuspects()+now.GetUnsuspected()+before.GetSuspects()+before.GetUnsuspected() > 0
}

func newEstimate(e *pb.Estimate) *estimate {
	if e == nil {
		return nil
	}
	return &estimate{output.Ratio(e.GetValue()), output.Ratio(e.GetLow()), output.Ratio(e.GetHigh())}
}

// qualityRows are the rows of a report on how well refusals are found and reviewed; the estimates
// are written by as. There are none where there was nothing to review.
func qualityRows(
	now, before *pb.Quality, as func(name string, now, before *pb.Estimate) [][]string,
) (rows [][]string) {
	if !reviewed(now, before) {
		return nil
	}
	add := func(more [][]string) { rows = append(rows, more...) }
	add(count("suspects", now.GetSuspects(), before.GetSuspects()))
	add(count("suspects confirmed", now.GetConfirmed(), before.GetConfirmed()))
	add(count("suspects dismissed", now.GetDismissed(), before.GetDismissed()))
	add(as("precision", now.GetPrecision(), before.GetPrecision()))
	add(as("precision, hits shown", now.GetPrecisionShown(), before.GetPrecisionShown()))
	add(as("precision, blind", now.GetPrecisionBlind(), before.GetPrecisionBlind()))
	add(count("answered calls without a suspect", now.GetUnsuspected(), before.GetUnsuspected()))
	add(count("blind samples of them", now.GetSamples(), before.GetSamples()))
	add(count("blind samples decided", now.GetSamplesDecided(), before.GetSamplesDecided()))
	add(count("blind samples with a refusal", now.GetSamplesConfirmed(), before.GetSamplesConfirmed()))
	add(as("recall", now.GetRecall(), before.GetRecall()))
	add(count("second looks", now.GetSecondLooks(), before.GetSecondLooks()))
	add(as("reviewers agree", now.GetAgreement(), before.GetAgreement()))
	return append(rows, []string{"reviewers agree, kappa", kappaText(now), kappaText(before)})
}

func kappaText(q *pb.Quality) string {
	if q == nil || q.Kappa == nil {
		return ""
	}
	return twoDecimals(q.GetKappa())
}

// estimateText writes an estimate for people, with its interval.
func estimateText(name string, now, before *pb.Estimate) [][]string {
	return [][]string{{name, intervalText(now), intervalText(before)}}
}

func intervalText(e *pb.Estimate) string {
	if e == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.3f (%.3f to %.3f)", e.GetValue(), e.GetLow(), e.GetHigh())
}

// estimateColumns writes an estimate for a spreadsheet: one figure a row, empty where it is unknown.
func estimateColumns(name string, now, before *pb.Estimate) (rows [][]string) {
	for _, of := range []struct {
		name string
		get  func(*pb.Estimate) float64
	}{
		{name, (*pb.Estimate).GetValue}, {name + ", low", (*pb.Estimate).GetLow},
		{name + ", high", (*pb.Estimate).GetHigh},
	} {
		row := []string{of.name, "", ""}
		for i, e := range []*pb.Estimate{now, before} {
			if e != nil {
				row[i+1] = fmt.Sprintf("%.4f", of.get(e))
			}
		}
		rows = append(rows, row)
	}
	return rows
}
