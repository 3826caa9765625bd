package retention

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Kind is a kind of what is kept.
type Kind string

// The kinds.
const (
	// Audio is the recordings' audio.
	Audio Kind = "audio"
	// Transcripts are what was heard in recordings, and what was found in that.
	Transcripts Kind = "transcripts"
	// Calls are what is known of calls and recordings besides. A recording on which a suspect rests
	// stays as long as that.
	Calls Kind = "calls"
	// Decisions are suspects with the decisions on them, and complaints. What a freeze rests on stays
	// as long as the freeze stands.
	Decisions Kind = "decisions"
	// Freezes is what the ledger says of people, from when a freeze or an entry of the allow list has
	// ended. One that stands stays, and so do the ledger's own entries, which name nobody.
	Freezes Kind = "freezes"
	// Audit is the record of who did what.
	Audit Kind = "audit"
)

// Kinds lists the kinds in the order in which they are erased: what rests on something goes before it.
func Kinds() []Kind { return []Kind{Audio, Transcripts, Decisions, Calls, Freezes, Audit} }

// Day is what periods are counted in.
const Day = 24 * time.Hour

// years3 is three years, whichever they are.
const years3 = 1096 * Day

// Default are the periods of whoever sets none.
func Default() map[Kind]time.Duration {
	return map[Kind]time.Duration{Audio: 90 * Day, Transcripts: 180 * Day, Calls: 400 * Day,
		Decisions: years3, Freezes: years3, Audit: years3}
}

// Floor is the shortest period that the law wants, 0 for none, and which law that is.
func Floor(k Kind) (least time.Duration, law string) {
	switch k {
	case Audio:
		return 30 * Day, "MIIT's notice on call centres of June 2020"
	case Decisions, Audit:
		return years3, "article 56 of the Personal Information Protection Law"
	case Transcripts, Calls, Freezes:
	}
	return 0, ""
}

// Policy says how long what is kept. An age counts from the arrival here, so that an archive of old
// calls is kept as long as new ones.
type Policy struct {
	Periods map[Kind]time.Duration
	// Lines have periods of their own.
	Lines map[string]map[Kind]time.Duration
	// Backups is how long whoever runs the server keeps backups, 0 where nobody said it.
	Backups time.Duration
}

// Check says what is wrong with a policy: periods that are not above 0, and without belowFloor those
// that are shorter than the law wants. It calls bad with the place of each.
func (p Policy) Check(belowFloor bool, bad func(key, format string, args ...any)) {
	check := func(key string, periods map[Kind]time.Duration) {
		for _, k := range Kinds() {
			d, given := periods[k]
			floor, law := Floor(k)
			switch {
			case !given:
			case d <= 0:
				bad(key+string(k), "must be above 0, such as 90d")
			case d < floor && !belowFloor:
				bad(key+string(k), "is %s, but %s wants %s at least; where another law holds for you, set "+
					"retention.below_floor: true", Days(d), law, Days(floor))
			}
		}
	}
	check("retention.", p.Periods)
	for line, periods := range p.Lines {
		check("retention.lines."+line+".", periods)
	}
}

// Days spells a period.
func Days(d time.Duration) string {
	if d%Day == 0 {
		return fmt.Sprintf("%dd", d/Day)
	}
	return d.String()
}

// Cut is what of a kind is over at a moment.
type Cut struct {
	Kind Kind
	// Before is when what is due arrived, or ended, at the latest; Lines have their own.
	Before time.Time
	Lines  []LineCut
	// Now is the moment.
	Now time.Time
}

// LineCut is a line's Cut.
type LineCut struct {
	Line   string
	Before time.Time
}

// Cut is what is over.
func (p Policy) Cut(k Kind, now time.Time) Cut {
	c := Cut{Kind: k, Before: now.Add(-p.Periods[k]), Now: now}
	for line, periods := range p.Lines {
		if d, ok := periods[k]; ok {
			c.Lines = append(c.Lines, LineCut{line, now.Add(-d)})
		}
	}
	slices.SortFunc(c.Lines, func(a, b LineCut) int { return cmp.Compare(a.Line, b.Line) })
	return c
}

// Latest is the latest of all lines' times.
func (c Cut) Latest() time.Time {
	last := c.Before
	for _, l := range c.Lines {
		if l.Before.After(last) {
			last = l.Before
		}
	}
	return last
}

// Earliest is the earliest of all lines' times.
func (c Cut) Earliest() time.Time {
	first := c.Before
	for _, l := range c.Lines {
		if l.Before.Before(first) {
			first = l.Before
		}
	}
	return first
}
