package figures

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/number"
)

// Part is what a report has only where it is asked for.
type Part string

// The parts.
const (
	PhrasesPart   Part = "phrases"
	ReviewersPart Part = "reviewers"
	DaysPart      Part = "days"
	AgentsPart    Part = "agents"
	LinesPart     Part = "lines"
)

// Bounds of what is listed.
const (
	MostPhrases = 200
	MostGroups  = 50
)

// Details are the parts of a report that were asked for.
type Details struct {
	// Phrases come by how many hits were decided on, Reviewers by name, Days in order, and Agents and Lines by
	// their calls.
	Phrases       []Phrase
	Reviewers     []Reviewer
	Days          []Day
	Agents, Lines []Group
}

// Phrase counts a phrase's hits by what reviewers made of them.
type Phrase struct {
	Phrase, Class        string
	Confirmed, Dismissed int64
	// Example is how it was said most often, by three numbers or more; "" where there is none.
	Example string
}

// DecidedHits are a suspect's hits with the decision that stands.
type DecidedHits struct {
	Number    number.Number
	Confirmed bool
	Hits      []DecidedHit
	// Correct is the verdict on single hits, by their index in Hits; nil for none.
	Correct map[int]bool
}

// DecidedHit is one of its hits.
type DecidedHit struct {
	Phrase, Class string
	// Text is what was said.
	Text   string
	Vetoed bool
}

// Reviewer is what somebody decided.
type Reviewer struct {
	Name                         string
	Confirmed, Dismissed, Passed int64
	// Median is the median time from claiming to deciding, of Timed decisions; zero where that is 0.
	Median time.Duration
	Timed  int64
	// SecondLooks are calls on which somebody else decided, too, Agreed of them alike.
	SecondLooks, Agreed int64
}

// Day counts what happened on a day, as far as it lies in the report's time.
type Day struct {
	// Date is written 2006-01-02.
	Date string
	// From is when it begins, or the report does; Until is when it ends.
	From, Until time.Time
	// Whole tells that it doesn't begin before the report does, so that the gate's answers are counted.
	Whole bool

	Calls, Rejected, Confirmed, Dismissed, Freezes, Refused, Complaints int64
	// Classes are the decisions that were made on it and stand, second looks left out, in the order of
	// the classes' ids.
	Classes []ClassDecisions
}

// ClassDecisions count decisions of a class: the one that was confirmed, or else the suspect's.
type ClassDecisions struct {
	Class                string
	Confirmed, Dismissed int64
}

// Group counts what happened with an agent's calls, or those from a line.
type Group struct {
	Name                                   string
	Calls, Suspects, Confirmed, Complaints int64
	// Before are the calls and complaints of the same length of time before.
	Before GroupBefore
}

// GroupBefore counts what happened with a group's calls in the time before.
type GroupBefore struct{ Calls, Complaints int64 }

// ComplaintRate is how many complaints there were for 10,000 calls, 0 without any call.
func (g GroupBefore) ComplaintRate() float64 { return rate(g.Complaints, g.Calls) }

// ComplaintRate is how many complaints there were for 10,000 calls, 0 without any call.
func (g Group) ComplaintRate() float64 { return rate(g.Complaints, g.Calls) }

// Detailed counts what few ask for.
type Detailed interface {
	// DecidedHits visits what was decided from the one time to before the other and still is, second looks
	// left out.
	DecidedHits(ctx context.Context, from, until time.Time, visit func(DecidedHits)) error
	// Reviewers counts what was decided in a time and not taken back, and who passed; second looks are those
	// at calls that were found in it.
	Reviewers(ctx context.Context, from, until time.Time) ([]Reviewer, error)
	// Day counts what happened on a day, its classes too.
	Day(ctx context.Context, d Day) (Day, error)
	// Groups counts by AgentsPart or LinesPart.
	Groups(ctx context.Context, by Part, from, until time.Time) ([]Group, error)
}

// Details counts the parts of a report that are asked for.
func (s *Service) Details(ctx context.Context, r Report, parts ...Part) (d Details, err error) {
	from, until := r.Now.From, r.Now.Until
	for _, part := range parts {
		switch part {
		case PhrasesPart:
			d.Phrases, err = s.phrases(ctx, from, until)
		case ReviewersPart:
			d.Reviewers, err = s.Detailed.Reviewers(ctx, from, until)
		case DaysPart:
			d.Days, err = s.days(ctx, from, until)
		case AgentsPart:
			d.Agents, err = s.groups(ctx, part, r)
		case LinesPart:
			d.Lines, err = s.groups(ctx, part, r)
		}
		if err != nil {
			return Details{}, err
		}
	}
	return d, nil
}

// saidPhrase is a phrase with how it was said.
type saidPhrase struct {
	Phrase

	said wordings
}

// phrases counts hits: by the verdict on each where there is one, else by that on the suspect.
func (s *Service) phrases(ctx context.Context, from, until time.Time) ([]Phrase, error) {
	counts := map[Phrase]*saidPhrase{}
	err := s.Detailed.DecidedHits(ctx, from, until, func(d DecidedHits) {
		for i, h := range d.Hits {
			if h.Vetoed {
				continue
			}
			key := Phrase{Phrase: h.Phrase, Class: h.Class}
			c := counts[key]
			if c == nil {
				c = &saidPhrase{key, wordings{}}
				counts[key] = c
			}
			c.said.add(d, i)
			if correct, judged := d.Correct[i]; judged && correct || !judged && d.Confirmed {
				c.Confirmed++
			} else {
				c.Dismissed++
			}
		}
	})
	var all []Phrase
	for _, c := range counts {
		c.Example = c.said.usual()
		all = append(all, c.Phrase)
	}
	slices.SortFunc(all, func(a, b Phrase) int {
		return cmp.Or(cmp.Compare(b.Confirmed+b.Dismissed, a.Confirmed+a.Dismissed),
			cmp.Compare(a.Phrase, b.Phrase), cmp.Compare(a.Class, b.Class))
	})
	return all[:min(MostPhrases, len(all))], err
}

func (s *Service) days(ctx context.Context, from, until time.Time) ([]Day, error) {
	all := daysOf(from, until)
	for i, d := range all {
		counted, err := s.Detailed.Day(ctx, d)
		if err != nil {
			return nil, err
		}
		all[i] = counted
	}
	return all, nil
}

// daysOf are the days of a stretch, where clocks show the zone of from.
func daysOf(from, until time.Time) (all []Day) {
	for at := from; at.Before(until); {
		begin := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, from.Location())
		next := time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, from.Location())
		d := Day{Date: at.Format(time.DateOnly), From: at, Until: next, Whole: !at.After(begin)}
		if until.Before(next) {
			d.Until = until
		}
		all = append(all, d)
		at = next
	}
	return all
}

// groups counts by agents or lines, and those of them that are listed in the time before, too.
func (s *Service) groups(ctx context.Context, by Part, r Report) ([]Group, error) {
	all, err := s.Detailed.Groups(ctx, by, r.Now.From, r.Now.Until)
	if err != nil {
		return nil, err
	}
	then, err := s.Detailed.Groups(ctx, by, r.Before.From, r.Before.Until)
	if err != nil {
		return nil, err
	}
	earlier := map[string]GroupBefore{}
	for _, g := range then {
		earlier[g.Name] = GroupBefore{g.Calls, g.Complaints}
	}
	for i, g := range all {
		all[i].Before = earlier[g.Name]
	}
	slices.SortFunc(all, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(b.Suspects, a.Suspects), cmp.Compare(a.Name, b.Name))
	})
	return all[:min(MostGroups, len(all))], nil
}
