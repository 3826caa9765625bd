package lexicon

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/rejudge"
	"github.com/refrain-asr/refrain/review"
)

// The kinds of changes.
const (
	Gained     = "gained"
	Lost       = "lost"
	OtherClass = "class"
)

// Change is a call that would be judged differently, as JSON.
type Change struct {
	Change      string  `json:"change"`
	Recording   string  `json:"recording"`
	Number      string  `json:"number,omitempty"`
	Class       string  `json:"class"`
	Score       float64 `json:"score"`
	ClassBefore string  `json:"class_before"`
	ScoreBefore float64 `json:"score_before"`
	// Text is what the new lexicon goes by, or what was said where it finds nothing.
	Text string `json:"text"`
	// Decision is confirmed or dismissed where a reviewer decided on the call.
	Decision string `json:"decision,omitempty"`
}

// Report sums up what would change, as JSON.
type Report struct {
	Recordings     int                    `json:"recordings"`
	SuspectsBefore int                    `json:"suspects_before"`
	Suspects       int                    `json:"suspects"`
	Gained         int                    `json:"gained"`
	Lost           int                    `json:"lost"`
	OtherClass     int                    `json:"other_class"`
	ByClass        map[string]ClassChange `json:"by_class"`
	Lexicon        string                 `json:"lexicon"`
	// Quality is nil where the transcripts come from files: nobody decided on those.
	*Quality

	tested   *tested
	most     int
	examples map[string][]Change
}

// ClassChange is how many suspects a class has gained and lost.
type ClassChange struct {
	Gained int `json:"gained"`
	Lost   int `json:"lost"`
	// Reviewed is how reviewers decided on its suspects.
	Reviewed
}

func newReport(lexicon string, examples int) Report {
	return Report{
		Lexicon: lexicon, ByClass: map[string]ClassChange{}, most: examples,
		examples: map[string][]Change{},
	}
}

// add counts a call; changed is false where it is judged as before.
func (r *Report) add(p pastCall, v keywords.Verdict) (c Change, changed bool) {
	r.Recordings++
	if p.suspect {
		r.SuspectsBefore++
	}
	if v.Suspect {
		r.Suspects++
	}
	c = Change{
		Recording: p.recording, Number: p.number,
		Class: string(review.Strongest(v.Hits)), Score: output.Ratio(v.Score),
		ClassBefore: p.class, ScoreBefore: output.Ratio(p.score), Text: rejudge.Excerpt(p.transcript, v),
	}
	r.review(p, v, &c)
	if c.Change = r.kind(p.suspect, v.Suspect, c); c.Change == "" {
		return c, false
	}
	if len(r.examples[c.Change]) < r.most {
		r.examples[c.Change] = append(r.examples[c.Change], c)
	}
	return c, true
}

// kind says how the verdict changes, "" where it does not, and counts it.
func (r *Report) kind(before, now bool, c Change) string {
	switch {
	case now && !before:
		r.Gained++
		r.count(c.Class, 1, 0)
		return Gained
	case before && !now:
		r.Lost++
		r.count(c.ClassBefore, 0, 1)
		return Lost
	case now && c.Class != c.ClassBefore:
		r.OtherClass++
		r.count(c.Class, 1, 0)
		r.count(c.ClassBefore, 0, 1)
		return OtherClass
	}
	return ""
}

func (r *Report) count(class string, gained, lost int) {
	c := r.ByClass[class]
	c.Gained, c.Lost = c.Gained+gained, c.Lost+lost
	r.ByClass[class] = c
}

// review counts what was decided on a call.
func (r *Report) review(p pastCall, v keywords.Verdict, c *Change) {
	if r.tested == nil {
		return
	}
	r.tested.add(p, v)
	d := p.decision
	if d == nil {
		return
	}
	c.Decision = string(review.Dismiss)
	if d.confirmed {
		c.Decision = string(review.Confirm)
	}
	if !d.sample {
		class := r.ByClass[d.class]
		class.add(d.confirmed, !v.Suspect)
		r.ByClass[d.class] = class
	}
}

// done reckons once all calls are counted.
func (r *Report) done() {
	if r.tested != nil {
		r.Quality = r.tested.done(r.SuspectsBefore, r.Suspects)
	}
}

// text is the report for people.
func (r *Report) text() []string {
	lines := []string{
		fmt.Sprintf("%d recordings judged again by %s: %d suspects before, %d now", r.Recordings,
			r.Lexicon, r.SuspectsBefore, r.Suspects),
		fmt.Sprintf("%d gained, %d lost, %d of another class", r.Gained, r.Lost, r.OtherClass),
	}
	for _, class := range slices.Sorted(maps.Keys(r.ByClass)) {
		lines = append(lines, r.ByClass[class].text(class))
	}
	if r.Quality != nil {
		lines = append(lines, r.Quality.text()...)
	}
	for _, change := range []struct{ name, title string }{
		{Gained, "gained"}, {Lost, "lost"}, {OtherClass, "of another class"},
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

// text is how a class changes for people.
func (c ClassChange) text(class string) string {
	line := fmt.Sprintf("  %-20s +%d −%d", cmp.Or(class, "(none)"), c.Gained, c.Lost)
	if c.Confirmed+c.Dismissed > 0 {
		line += fmt.Sprintf("  confirmed %d (%d lost), dismissed %d (%d lost)", c.Confirmed,
			c.ConfirmedLost, c.Dismissed, c.DismissedLost)
	}
	return line
}

// text is the change for people.
func (c Change) text() string {
	was := fmt.Sprintf("%s %.2f", cmp.Or(c.ClassBefore, "-"), c.ScoreBefore)
	now := fmt.Sprintf("%s %.2f", cmp.Or(c.Class, "-"), c.Score)
	line := strings.TrimRight(fmt.Sprintf("  %s %s  %s → %s  %s", c.Recording, c.Number, was, now,
		c.Text), " ")
	if c.Decision != "" {
		line += " (" + c.Decision + ")"
	}
	return line
}
