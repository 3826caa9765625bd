package figures

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/refrain-asr/refrain/fault"
)

// Store counts.
type Store interface {
	// Count counts what happened from the one time to before the other; of the gate's
	// answers it counts those of the days from the first to the last, both included,
	// written 2006-01-02. It may count while others write, and then see some of it.
	Count(ctx context.Context, from, until time.Time, firstDay, lastDay string) (Figures, error)
	// Reviews counts the suspects that were found from the one time to before the other, their
	// second looks, and the samples of the days from the first to the last.
	Reviews(ctx context.Context, from, until time.Time, firstDay, lastDay string) (Reviews, error)
}

// Service makes reports.
type Service struct {
	Store    Store
	Detailed Detailed
	// Flush stores what the gate's answers were counted to until now.
	Flush func(context.Context) error
	// Zone is whose days count.
	Zone func() *time.Location
	// CostPerCall is what a call costs, where a report is not told otherwise.
	CostPerCall float64
}

// Report is what happened in a stretch of time.
type Report struct {
	Now, Before Figures
	Savings     Savings
	// Quality is of what was found in that time, QualityBefore of what was in the one before.
	Quality, QualityBefore Quality
}

// Savings estimates what the gate's refusals saved.
type Savings struct {
	// CallsAvoided is how many numbers were refused to a dialler, each counted once a day.
	CallsAvoided int64
	// CostPerCall and Cost are in whatever the operator pays with.
	CostPerCall, Cost float64
	// Formula spells out the estimate.
	Formula string
}

const op = "report.Get"

// MaxStretch is the longest time that a report or a dry run covers.
const MaxStretch = 366 * 24 * time.Hour

// CheckStretch adds to what is wrong already where a stretch of time is none, or longer
// than MaxStretch.
func CheckStretch(op string, from, to time.Time, wrong *fault.Fields) error {
	switch {
	case len(*wrong) > 0:
	case from.IsZero() || to.IsZero():
		wrong.Add("start_time", "and end_time are needed")
	case !from.Before(to) || to.Sub(from) > MaxStretch:
		wrong.Add("end_time", "must come after start_time, by 366 days at most")
	}
	return wrong.Err(op)
}

// Report reports from the one time to before the other, beside the stretch before. A cost
// of 0 is the configured one. Invalid where the stretch (see CheckStretch) or the cost is.
func (s *Service) Report(ctx context.Context, from, to time.Time, cost float64) (Report, error) {
	var wrong fault.Fields
	if err := CheckStretch(op, from, to, &wrong); err != nil {
		return Report{}, err
	}
	if cost < 0 || math.IsNaN(cost) || math.IsInf(cost, 0) {
		wrong.Add("cost_per_call", "is %g; it must be 0 or more", cost)
		return Report{}, wrong.Err(op)
	}
	if cost == 0 {
		cost = s.CostPerCall
	}
	if err := s.Flush(ctx); err != nil { // so that today's answers are in it
		return Report{}, err
	}
	zone := s.Zone()
	from, to = from.In(zone), to.In(zone)
	now, err := s.count(ctx, from, to)
	if err != nil {
		return Report{}, err
	}
	then, err := s.count(ctx, before(from, to), from)
	if err != nil {
		return Report{}, err
	}
	r := Report{Now: now, Before: then, Savings: savings(now.Gate[Avoided], cost)}
	if r.Quality, err = s.quality(ctx, now); err != nil {
		return Report{}, err
	}
	r.QualityBefore, err = s.quality(ctx, then)
	return r, err
}

func (s *Service) quality(ctx context.Context, of Figures) (Quality, error) {
	first, last := days(of.From, of.Until)
	r, err := s.Store.Reviews(ctx, of.From, of.Until, first, last)
	return NewQuality(r), err
}

func (s *Service) count(ctx context.Context, from, until time.Time) (Figures, error) {
	first, last := days(from, until)
	f, err := s.Store.Count(ctx, from, until, first, last)
	f.From, f.Until = from, until
	return f, err
}

func savings(avoided int64, cost float64) Savings {
	saved := float64(avoided) * cost
	return Savings{CallsAvoided: avoided, CostPerCall: cost, Cost: saved,
		Formula: fmt.Sprintf("estimate: %d numbers that the gate refused to a dialler, each "+
			"counted once a day, × %g for a call = %.2f",
			avoided, cost, saved)}
}

// before is when the stretch of the same length before begins, by the calendar: a month
// for a whole month, else as many days, of which one may have 25 hours, and hours.
func before(from, to time.Time) time.Time {
	if from.Day() == 1 && to.Equal(from.AddDate(0, 1, 0)) {
		return from.AddDate(0, -1, 0)
	}
	if days := int(math.Round(to.Sub(from).Hours() / 24)); to.Equal(from.AddDate(0, 0, days)) {
		return from.AddDate(0, 0, -days)
	}
	return from.Add(-to.Sub(from))
}
