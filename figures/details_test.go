package figures

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// counted is a store of what few ask for.
type counted struct {
	hits   []DecidedHits
	groups []Group
	days   []Day
}

func (c *counted) DecidedHits(_ context.Context, _, _ time.Time, visit func(DecidedHits)) error {
	for _, h := range c.hits {
		visit(h)
	}
	return nil
}

func (c *counted) Reviewers(context.Context, time.Time, time.Time) ([]Reviewer, error) {
	return []Reviewer{{Name: "li", Confirmed: 1}}, nil
}

func (c *counted) Day(_ context.Context, d Day) (Day, error) {
	c.days = append(c.days, d)
	d.Calls = int64(len(c.days))
	return d, nil
}

func (c *counted) Groups(context.Context, Part, time.Time, time.Time) ([]Group, error) {
	return c.groups, nil
}

// A hit counts by the verdict on it, and else by that on the suspect; one that a veto removed counts not at all.
func TestPhrases(t *testing.T) {
	t.Parallel()
	busy, need := DecidedHit{Phrase: "在忙", Class: "not_interested"}, DecidedHit{Phrase: "不需要", Class: "no_need"}
	vetoed := DecidedHit{Phrase: "不需要", Class: "no_need", Vetoed: true}
	for _, tt := range []struct {
		name string
		hits []DecidedHits
		want []Phrase
	}{
		{"none", nil, nil},
		{"the suspect's verdict", []DecidedHits{{Confirmed: true, Hits: []DecidedHit{need}}, {Hits: []DecidedHit{need, busy}}},
			[]Phrase{{Phrase: "不需要", Class: "no_need", Confirmed: 1, Dismissed: 1}, {Phrase: "在忙", Class: "not_interested", Confirmed: 0, Dismissed: 1}}},
		{"the hits' verdicts", []DecidedHits{{Confirmed: true, Hits: []DecidedHit{busy, need, need},
			Correct: map[int]bool{0: false, 1: true}}},
			[]Phrase{{Phrase: "不需要", Class: "no_need", Confirmed: 2, Dismissed: 0}, {Phrase: "在忙", Class: "not_interested", Confirmed: 0, Dismissed: 1}}},
		{"a veto", []DecidedHits{{Confirmed: true, Hits: []DecidedHit{vetoed, busy}, Correct: map[int]bool{0: true}}},
			[]Phrase{{Phrase: "在忙", Class: "not_interested", Confirmed: 1, Dismissed: 0}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &Service{Detailed: &counted{hits: tt.hits}}
			got, err := s.Details(t.Context(), Report{}, PhrasesPart)
			require.NoError(t, err)
			require.Equal(t, Details{Phrases: tt.want}, got)
		})
	}
	var many []DecidedHits
	for i := range MostPhrases + 5 {
		many = append(many, DecidedHits{Hits: []DecidedHit{{Phrase: fmt.Sprint(i)}}})
	}
	got, err := (&Service{Detailed: &counted{hits: many}}).Details(t.Context(), Report{}, PhrasesPart)
	require.NoError(t, err)
	require.Len(t, got.Phrases, MostPhrases)
}

// Days begin at midnight where clocks show the zone, however long they are; the first and the last may be cut.
func TestDays(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, berlin) }
	store := &counted{}
	got, err := (&Service{Detailed: store}).Details(t.Context(),
		Report{Now: Figures{From: at(28, 9), Until: at(30, 12)}}, DaysPart)
	require.NoError(t, err)
	require.Equal(t, []Day{{Date: "2026-03-28", From: at(28, 9), Until: at(29, 0)},
		{Date: "2026-03-29", From: at(29, 0), Until: at(30, 0), Whole: true},
		{Date: "2026-03-30", From: at(30, 0), Until: at(30, 12), Whole: true}}, store.days)
	require.Equal(t, 23*time.Hour, store.days[1].Until.Sub(store.days[1].From))
	require.Len(t, got.Days, 3)
	require.EqualValues(t, 3, got.Days[2].Calls)
}

func TestGroups(t *testing.T) {
	t.Parallel()
	all := []Group{{Name: "b", Calls: 9, Complaints: 3}, {Name: "a", Calls: 9, Complaints: 3}, {Name: "c", Suspects: 1},
		{Name: "d", Calls: 20}, {Name: "e", Calls: 9, Suspects: 2}}
	for i := range MostGroups {
		all = append(all, Group{Name: fmt.Sprint("more-", i), Calls: 1})
	}
	for _, part := range []Part{AgentsPart, LinesPart} {
		got, err := (&Service{Detailed: &counted{groups: all}}).Details(t.Context(), Report{}, part)
		require.NoError(t, err)
		groups := got.Agents
		if part == LinesPart {
			groups = got.Lines
		}
		require.Len(t, groups, MostGroups)
		var names []string
		for _, g := range groups[:4] {
			names = append(names, g.Name)
		}
		require.Equal(t, []string{"d", "e", "a", "b"}, names)
		require.InDelta(t, 10_000.0/3, groups[2].ComplaintRate(), 1e-9)
	}
	require.Equal(t, GroupBefore{Calls: 9, Complaints: 3}, func() GroupBefore {
		got, err := (&Service{Detailed: &counted{groups: all}}).Details(t.Context(), Report{}, AgentsPart)
		require.NoError(t, err)
		return got.Agents[2].Before
	}(), "of the same name in the time before")
	require.InDelta(t, 2500, GroupBefore{Calls: 4, Complaints: 1}.ComplaintRate(), 1e-9)
	require.Zero(t, Group{Complaints: 1}.ComplaintRate())
	none, err := (&Service{Detailed: &counted{}}).Details(t.Context(), Report{}, ReviewersPart)
	require.NoError(t, err)
	require.Equal(t, Details{Reviewers: []Reviewer{{Name: "li", Confirmed: 1}}}, none)
}
