package lexicon

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/keywords"
)

// Estimate is a share with its 95 % interval, as JSON.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// newEstimate is nil where nothing is known.
func newEstimate(e *figures.Estimate) *Estimate {
	if e == nil {
		return nil
	}
	return &Estimate{output.Ratio(e.Value), output.Ratio(e.Low), output.Ratio(e.High)}
}

func (e *Estimate) text() string {
	if e == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.3f (%.3f to %.3f)", e.Value, e.Low, e.High)
}

// Reviewed is how reviewers decided on suspects, and how many of these would be none any more, as
// JSON.
type Reviewed struct {
	Confirmed     int `json:"confirmed"`
	Dismissed     int `json:"dismissed"`
	ConfirmedLost int `json:"confirmed_lost"`
	DismissedLost int `json:"dismissed_lost"`
}

func (r *Reviewed) add(confirmed, lost bool) {
	count, gone := &r.Dismissed, &r.DismissedLost
	if confirmed {
		count, gone = &r.Confirmed, &r.ConfirmedLost
	}
	*count++
	if lost {
		*gone++
	}
}

// Phrase is how reviewers decided on the calls that a phrase spoke in, as JSON.
type Phrase struct {
	Reviewed
	// Gained is how many calls become suspects in which it speaks.
	Gained int `json:"gained"`
}

// Quality is what reviewers' decisions say of the lexicon, as JSON.
type Quality struct {
	Decided Reviewed `json:"decided"`
	// PrecisionBefore is of all decided suspects, Precision of those that remain.
	PrecisionBefore *Estimate `json:"precision_before"`
	Precision       *Estimate `json:"precision"`
	// Samples is how many blind samples were decided, with SamplesConfirmed refusals, of which
	// SamplesGained would be found; SamplesRaised are those without one that would be suspects.
	Samples          int       `json:"samples"`
	SamplesConfirmed int       `json:"samples_confirmed"`
	SamplesGained    int       `json:"samples_gained"`
	SamplesRaised    int       `json:"samples_raised"`
	RecallBefore     *Estimate `json:"recall_before"`
	Recall           *Estimate `json:"recall"`
	// Days is the time from the first recording to the last, one day at least.
	Days                 float64           `json:"days"`
	SuspectsPerDayBefore float64           `json:"suspects_per_day_before"`
	SuspectsPerDay       float64           `json:"suspects_per_day"`
	ByPhrase             map[string]Phrase `json:"by_phrase"`
}

// tested collects what Quality is reckoned from.
type tested struct {
	quality     Quality
	first, last time.Time
	days        map[string]*testedDay
	zone        *time.Location
}

// testedDay is the recordings of a day.
type testedDay struct {
	before, now side
	// stratum counts the calls that made no suspect at that time, and the samples among them.
	stratum figures.Stratum
}

// side is what one lexicon makes of a day's suspects, and of the refusals among its samples.
type side struct {
	kept, dropped figures.Decided
	found         int64
}

func newTested(zone *time.Location) *tested {
	return &tested{quality: Quality{ByPhrase: map[string]Phrase{}}, days: map[string]*testedDay{},
		zone: zone}
}

// add counts a call of the server's, which p.suspect says was a suspect by what it is compared with.
func (t *tested) add(p pastCall, v keywords.Verdict) {
	if t.first.IsZero() || p.at.Before(t.first) {
		t.first = p.at
	}
	if p.at.After(t.last) {
		t.last = p.at
	}
	name := p.at.In(t.zone).Format(time.DateOnly)
	day := t.days[name]
	if day == nil {
		day = &testedDay{}
		t.days[name] = day
	}
	d := p.decision
	switch {
	case d != nil && d.sample:
		t.sample(day, *d, p.suspect, v.Suspect)
	case p.found || d != nil:
		day.before.add(d, p.suspect)
		day.now.add(d, v.Suspect)
		t.decided(d, v.Suspect)
	case p.human:
		day.stratum.Calls++
	}
	if v.Suspect && !p.suspect {
		for name := range phrasesOf(v) {
			phrase := t.quality.ByPhrase[name]
			phrase.Gained++
			t.quality.ByPhrase[name] = phrase
		}
	}
}

func (t *tested) sample(day *testedDay, d decision, before, now bool) {
	t.quality.Samples++
	day.stratum.Calls++
	day.stratum.Samples++
	day.stratum.Decided++
	if !d.confirmed {
		if now {
			t.quality.SamplesRaised++
		}
		return
	}
	t.quality.SamplesConfirmed++
	day.stratum.Confirmed++
	if before {
		day.before.found++
	}
	if now {
		t.quality.SamplesGained++
		day.now.found++
	}
}

// add counts a suspect.
func (s *side) add(d *decision, found bool) {
	of := &s.dropped
	if found {
		of = &s.kept
	}
	switch {
	case d == nil:
		of.Open++
	case d.confirmed:
		of.Confirmed++
	default:
		of.Dismissed++
	}
}

// decided counts what was decided on a suspect, nil for nothing yet.
func (t *tested) decided(d *decision, found bool) {
	if d == nil {
		return
	}
	t.quality.Decided.add(d.confirmed, !found)
	for name, right := range d.phrases {
		phrase := t.quality.ByPhrase[name]
		phrase.add(right, !found)
		t.quality.ByPhrase[name] = phrase
	}
}

// phrasesOf are the phrases that speak for a refusal.
func phrasesOf(v keywords.Verdict) map[string]bool {
	names := map[string]bool{}
	for _, h := range v.Hits {
		if h.Veto == nil {
			names[phraseName(h.Phrase, string(h.Match))] = true
		}
	}
	return names
}

// done reckons with what was counted.
func (t *tested) done(suspectsBefore, suspects int) *Quality {
	q := t.quality
	var before, now figures.Decided
	for _, d := range t.days {
		before, now = before.Plus(d.before.kept), now.Plus(d.now.kept)
	}
	q.PrecisionBefore, q.Precision = newEstimate(before.Precision()), newEstimate(now.Precision())
	q.RecallBefore, q.Recall = t.recalls()
	const day = 24 * time.Hour
	q.Days = max(1, float64(t.last.Sub(t.first))/float64(day))
	q.SuspectsPerDayBefore = output.Rounded(float64(suspectsBefore)/q.Days, 1)
	q.SuspectsPerDay = output.Rounded(float64(suspects)/q.Days, 1)
	q.Days = output.Rounded(q.Days, 1)
	return &q
}

// recalls are those of the days from the first with a decided sample to the last.
func (t *tested) recalls() (before, now *Estimate) {
	var sampled []string
	for name, d := range t.days {
		if d.stratum.Decided > 0 {
			sampled = append(sampled, name)
		}
	}
	if len(sampled) == 0 {
		return nil, nil
	}
	first, last := slices.Min(sampled), slices.Max(sampled)
	recall := func(of func(*testedDay) side) *Estimate {
		var kept, dropped figures.Decided
		var strata []figures.Stratum
		for _, name := range slices.Sorted(maps.Keys(t.days)) {
			if name < first || name > last {
				continue
			}
			d := t.days[name]
			s := of(d)
			kept, dropped = kept.Plus(s.kept), dropped.Plus(s.dropped)
			d.stratum.Found = s.found
			strata = append(strata, d.stratum)
		}
		return newEstimate(figures.Recall(kept, dropped, strata))
	}
	return recall(func(d *testedDay) side { return d.before }), recall(func(d *testedDay) side { return d.now })
}

// text says for people what reviewers' decisions say of the lexicon.
func (q *Quality) text() []string {
	d := q.Decided
	lines := []string{
		fmt.Sprintf("suspects a day: %.1f before, %.1f now (over %.1f days)", q.SuspectsPerDayBefore,
			q.SuspectsPerDay, q.Days),
	}
	if d.Confirmed+d.Dismissed > 0 {
		lines = append(lines,
			fmt.Sprintf("of %d confirmed suspects %d would be lost, of %d dismissed ones %d", d.Confirmed,
				d.ConfirmedLost, d.Dismissed, d.DismissedLost),
			fmt.Sprintf("precision over decided suspects: %s before, %s now", q.PrecisionBefore.text(),
				q.Precision.text()))
	}
	if q.Samples == 0 {
		lines = append(lines, "recall: unknown, since no blind sample was decided")
	} else {
		lines = append(lines,
			fmt.Sprintf("of %d blind samples %d have a refusal, of which %d would be found; %d others "+
				"would be suspects", q.Samples, q.SamplesConfirmed, q.SamplesGained, q.SamplesRaised),
			fmt.Sprintf("recall by blind samples: %s before, %s now", q.RecallBefore.text(),
				q.Recall.text()))
	}
	return append(lines, q.phraseTexts()...)
}

// mostPhrases is how many phrases are shown to people.
const mostPhrases = 20

// phraseTexts are the phrases with the most decisions that would change.
func (q *Quality) phraseTexts() (lines []string) {
	change := func(p Phrase) int { return p.ConfirmedLost + p.DismissedLost + p.Gained }
	names := slices.SortedFunc(maps.Keys(q.ByPhrase), func(a, b string) int {
		x, y := q.ByPhrase[a], q.ByPhrase[b]
		return cmp.Or(change(y)-change(x), y.Confirmed+y.Dismissed-x.Confirmed-x.Dismissed,
			cmp.Compare(a, b))
	})
	for i, name := range names {
		if i == mostPhrases {
			return append(lines, fmt.Sprintf("  and %d more; --format json has all", len(names)-i))
		}
		if i == 0 {
			lines = append(lines, "by phrase, in decided suspects (lost) and in calls gained")
		}
		p := q.ByPhrase[name]
		lines = append(lines, fmt.Sprintf("  %-20s confirmed %d (%d), dismissed %d (%d), gained %d", name,
			p.Confirmed, p.ConfirmedLost, p.Dismissed, p.DismissedLost, p.Gained))
	}
	return lines
}
