package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// partsOf are the parts of a report by their names.
func partsOf(names []string) (parts []pb.ReportPart, err error) {
	for _, name := range names {
		part, ok := pb.ReportPart_value["REPORT_PART_"+strings.ToUpper(strings.TrimSpace(name))]
		if !ok || part == 0 {
			return nil, usage.Errorf("--with %q must be phrases, reviewers, days, agents or lines", name)
		}
		parts = append(parts, pb.ReportPart(part))
	}
	return parts, nil
}

// details are what --with adds as JSON; what wasn't asked for is left out.
type details struct {
	Phrases   []phrase   `json:"phrases,omitempty"`
	Reviewers []reviewer `json:"reviewers,omitempty"`
	Days      []day      `json:"days,omitempty"`
	Agents    []group    `json:"agents,omitempty"`
	Lines     []group    `json:"lines,omitempty"`
}

type phrase struct {
	Phrase    string `json:"phrase"`
	Class     string `json:"class"`
	Confirmed int64  `json:"confirmed"`
	Dismissed int64  `json:"dismissed"`
	Example   string `json:"example"`
}

type reviewer struct {
	Reviewer  string `json:"reviewer"`
	Confirmed int64  `json:"confirmed"`
	Dismissed int64  `json:"dismissed"`
	Passed    int64  `json:"passed"`
	// Median is null where it is known of no decision.
	Median      *float64 `json:"median_seconds"`
	SecondLooks int64    `json:"second_looks"`
	Agreed      int64    `json:"agreed"`
}

type day struct {
	Date       string             `json:"date"`
	Calls      int64              `json:"calls"`
	Rejected   int64              `json:"rejected"`
	Confirmed  int64              `json:"confirmed"`
	Dismissed  int64              `json:"dismissed"`
	Freezes    int64              `json:"freezes"`
	Refused    int64              `json:"refused"`
	Complaints int64              `json:"complaints"`
	Classes    map[string]decided `json:"classes"`
}

// decided are the decisions of a day and class.
type decided struct {
	Confirmed int64 `json:"confirmed"`
	Dismissed int64 `json:"dismissed"`
}

// group is an agent or a line.
type group struct {
	Name           string  `json:"name"`
	Calls          int64   `json:"calls"`
	Suspects       int64   `json:"suspects"`
	Confirmed      int64   `json:"confirmed"`
	Complaints     int64   `json:"complaints"`
	PerTenThousand float64 `json:"complaints_per_10000_calls"`
	// Before is of the same length of time before.
	Before float64 `json:"complaints_per_10000_calls_before"`
}

func newDetails(resp *pb.GetReportResponse) (d details) {
	for _, p := range resp.GetPhrases() {
		d.Phrases = append(d.Phrases, phrase{p.GetPhrase(), p.GetClass(), p.GetConfirmed(), p.GetDismissed(), p.GetExample()})
	}
	for _, r := range resp.GetReviewers() {
		one := reviewer{r.GetReviewer(), r.GetConfirmed(), r.GetDismissed(), r.GetPassed(), nil, r.GetSecondLooks(),
			r.GetAgreed()}
		if r.GetMedianDecisionTime() != nil {
			one.Median = new(output.Seconds(r.GetMedianDecisionTime().AsDuration()))
		}
		d.Reviewers = append(d.Reviewers, one)
	}
	for _, x := range resp.GetDays() {
		d.Days = append(d.Days, day{x.GetDate(), x.GetCalls(), x.GetRejected(), x.GetConfirmed(), x.GetDismissed(),
			x.GetFreezes(), x.GetRefused(), x.GetComplaints(), decisionsOf(x)})
	}
	for _, a := range resp.GetAgents() {
		d.Agents = append(d.Agents, group{a.GetAgent(), a.GetCalls(), a.GetSuspects(), a.GetConfirmed(), a.GetComplaints(),
			output.Ratio(a.GetComplaintsPer_10000Calls()), output.Ratio(a.GetComplaintsPer_10000CallsBefore())})
	}
	for _, l := range resp.GetLines() {
		d.Lines = append(d.Lines, group{l.GetLine(), l.GetCalls(), l.GetSuspects(), l.GetConfirmed(), l.GetComplaints(),
			output.Ratio(l.GetComplaintsPer_10000Calls()), output.Ratio(l.GetComplaintsPer_10000CallsBefore())})
	}
	return d
}

func decisionsOf(d *pb.DayFigures) map[string]decided {
	all := map[string]decided{}
	for _, c := range d.GetClasses() {
		all[c.GetClass()] = decided{c.GetConfirmed(), c.GetDismissed()}
	}
	return all
}

// tables are what --with adds for people.
func tables(resp *pb.GetReportResponse) (all []*output.Table) {
	d := newDetails(resp)
	add := func(head ...string) *output.Table {
		t := output.NewTable(head...)
		all = append(all, t)
		return t
	}
	if len(d.Phrases) > 0 {
		t := add("phrase", "class", "confirmed", "dismissed", "said")
		for _, p := range d.Phrases {
			t.Add(p.Phrase, p.Class, text(p.Confirmed), text(p.Dismissed), p.Example)
		}
	}
	if len(d.Reviewers) > 0 {
		t := add("reviewer", "confirmed", "dismissed", "passed", "median", "agreed")
		for _, r := range d.Reviewers {
			median := ""
			if r.Median != nil {
				median = output.Duration(*r.Median).Round(time.Second).String()
			}
			t.Add(r.Reviewer, text(r.Confirmed), text(r.Dismissed), text(r.Passed), median,
				fmt.Sprintf("%d of %d", r.Agreed, r.SecondLooks))
		}
	}
	if len(d.Days) > 0 {
		t := add("day", "calls", "rejected", "confirmed", "dismissed", "freezes", "refused", "complaints")
		for _, x := range d.Days {
			t.Add(x.Date, text(x.Calls), text(x.Rejected), text(x.Confirmed), text(x.Dismissed), text(x.Freezes),
				text(x.Refused), text(x.Complaints))
		}
	}
	for i, groups := range [][]group{d.Agents, d.Lines} {
		if len(groups) == 0 {
			continue
		}
		t := add([]string{"agent", "line"}[i], "calls", "suspects", "confirmed", "complaints", "per 10,000", "before")
		for _, g := range groups {
			t.Add(g.Name, text(g.Calls), text(g.Suspects), text(g.Confirmed), text(g.Complaints),
				twoDecimals(g.PerTenThousand), twoDecimals(g.Before))
		}
	}
	return all
}

func text(n int64) string { return strconv.FormatInt(n, 10) }
