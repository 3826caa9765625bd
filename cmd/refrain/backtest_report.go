package main

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/review"
)

// The sorts of changes.
const (
	changeGained = "gained"
	changeLost   = "lost"
	changeClass  = "class"
)

// changeLine is a call that would be judged differently, as JSON.
type changeLine struct {
	Change      string  `json:"change"`
	Recording   string  `json:"recording"`
	Number      string  `json:"number,omitempty"`
	Class       string  `json:"class"`
	Score       float64 `json:"score"`
	ClassBefore string  `json:"class_before"`
	ScoreBefore float64 `json:"score_before"`
	// Text is what the new lexicon goes by, or what was said where it finds nothing.
	Text string `json:"text"`
}

// backtestReport sums up what would change.
type backtestReport struct {
	Recordings     int                    `json:"recordings"`
	SuspectsBefore int                    `json:"suspects_before"`
	Suspects       int                    `json:"suspects"`
	Gained         int                    `json:"gained"`
	Lost           int                    `json:"lost"`
	OtherClass     int                    `json:"other_class"`
	ByClass        map[string]classChange `json:"by_class"`
	Lexicon        string                 `json:"lexicon"`

	most     int
	examples map[string][]changeLine
}

type classChange struct {
	Gained int `json:"gained"`
	Lost   int `json:"lost"`
}

func newBacktestReport(lexicon string, examples int) backtestReport {
	return backtestReport{
		Lexicon: lexicon, ByClass: map[string]classChange{}, most: examples, examples: map[string][]changeLine{},
	}
}

// add counts a call; changed is false where it is judged as before.
func (r *backtestReport) add(p past, v keywords.Verdict) (c changeLine, changed bool) {
	class := string(review.Strongest(v.Hits))
	r.Recordings++
	if p.suspect {
		r.SuspectsBefore++
	}
	if v.Suspect {
		r.Suspects++
	}
	c = changeLine{
		Recording: p.recording, Number: p.number, Class: class, Score: share(v.Score), ClassBefore: p.class,
		ScoreBefore: share(p.score), Text: spoken(p, v),
	}
	switch {
	case v.Suspect && !p.suspect:
		c.Change = changeGained
		r.Gained++
		r.count(class, 1, 0)
	case p.suspect && !v.Suspect:
		c.Change = changeLost
		r.Lost++
		r.count(p.class, 0, 1)
	case v.Suspect && class != p.class:
		c.Change = changeClass
		r.OtherClass++
		r.count(class, 1, 0)
		r.count(p.class, 0, 1)
	default:
		return c, false
	}
	if len(r.examples[c.Change]) < r.most {
		r.examples[c.Change] = append(r.examples[c.Change], c)
	}
	return c, true
}

func (r *backtestReport) count(class string, gained, lost int) {
	c := r.ByClass[class]
	r.ByClass[class] = classChange{c.Gained + gained, c.Lost + lost}
}

// spoken is the strongest hit's text, or how what was said ends.
func spoken(p past, v keywords.Verdict) string {
	const most = 40 // characters
	counting := slices.DeleteFunc(slices.Clone(v.Hits), func(h keywords.Hit) bool { return h.Veto != nil })
	if len(counting) > 0 {
		return maskSpoken(slices.MaxFunc(counting, func(a, b keywords.Hit) int { return cmp.Compare(a.Score, b.Score) }).Text)
	}
	text := []rune(strings.TrimSpace(p.transcript.Text()))
	if len(text) > most {
		return "…" + maskSpoken(string(text[len(text)-most:]))
	}
	return maskSpoken(string(text))
}

var spokenNumber = regexp.MustCompile(`\p{Nd}[\p{Nd} -]{5,}\p{Nd}|[零〇一二三四五六七八九幺两]{7,}`)

// maskSpoken hides what may be somebody's number in a text.
func maskSpoken(text string) string { return spokenNumber.ReplaceAllString(text, "***") }

// text is the report for people.
func (r *backtestReport) text() []string {
	lines := []string{
		fmt.Sprintf("%d recordings judged again by %s: %d suspects before, %d now", r.Recordings, r.Lexicon, r.SuspectsBefore, r.Suspects),
		fmt.Sprintf("%d gained, %d lost, %d of another class", r.Gained, r.Lost, r.OtherClass),
	}
	for _, class := range slices.Sorted(maps.Keys(r.ByClass)) {
		c := r.ByClass[class]
		lines = append(lines, fmt.Sprintf("  %-20s +%d −%d", cmp.Or(class, "(none)"), c.Gained, c.Lost))
	}
	for _, change := range []struct{ name, title string }{
		{changeGained, "gained"}, {changeLost, "lost"}, {changeClass, "of another class"},
	} {
		for i, c := range r.examples[change.name] {
			if i == 0 {
				lines = append(lines, change.title)
			}
			lines = append(lines, c.text())
		}
	}
	return lines
}

// text is the change for people.
func (c changeLine) text() string {
	was := fmt.Sprintf("%s %.2f", cmp.Or(c.ClassBefore, "-"), c.ScoreBefore)
	now := fmt.Sprintf("%s %.2f", cmp.Or(c.Class, "-"), c.Score)
	return strings.TrimRight(fmt.Sprintf("  %s %s  %s → %s  %s", c.Recording, c.Number, was, now, c.Text), " ")
}
