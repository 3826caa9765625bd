package keywords

import (
	"math"
	"slices"

	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/keywords/normal"
)

// correction is what a company's own decisions add to the log odds of passages, made ready. A
// nil one adds nothing.
type correction struct {
	shift, unnamed float64
	runs           []lexicon.Item
	phrases        map[string]float64
	classes        map[Class]float64
	lengths        map[string]float64
}

// unprotected is what a correction's items must take from a passage together, in log odds, before
// a phrase that ordinary talk hardly ever has no longer keeps it over the threshold.
const unprotected = 0.5

// protects reports whether such a phrase still counts where c adds here; the shift, which is for
// all passages, doesn't speak against it.
func (c *correction) protects(here float64) bool { return c == nil || here-c.shift > -unprotected }

// newCorrection is nil where lex has none that counts.
func newCorrection(lex *lexicon.Lexicon) *correction {
	if !lex.Correction.Counts() {
		return nil
	}
	c := &correction{shift: lex.Correction.Shift, phrases: map[string]float64{},
		classes: map[Class]float64{}, lengths: map[string]float64{}}
	for _, i := range lex.Correction.Items {
		switch i.Kind {
		case lexicon.Run:
			c.runs = append(c.runs, i)
		case lexicon.OfPhrase:
			c.phrases[i.Text] = i.Weight
		case lexicon.OfClass:
			c.classes[Class(i.Text)] = i.Weight
		case lexicon.Unnamed:
			c.unnamed = i.Weight
		case lexicon.Length:
			c.lengths[i.Text] = i.Weight
		}
	}
	return c
}

// traits are what a correction may weigh of a passage's hits, each named once.
type traits struct {
	phrases []string
	classes []Class
}

// traitsOf goes by the hits that count: those of phrases, or where none counts the model's own.
func traitsOf(hits []judged) traits {
	var t, own traits
	for _, h := range hits {
		switch {
		case h.Veto != nil || h.passage < 0:
		case h.rule.learned, h.rule.answer:
			own.add(h)
		default:
			t.add(h)
			if !slices.Contains(t.phrases, h.Phrase) {
				t.phrases = append(t.phrases, h.Phrase)
			}
		}
	}
	if len(t.phrases) == 0 {
		return own
	}
	return t
}

func (t *traits) add(h judged) {
	if !slices.Contains(t.classes, h.Class) {
		t.classes = append(t.classes, h.Class)
	}
}

// of is what c adds to a passage with those traits, to whose text alone it adds text.
func (c *correction) of(text float64, t traits) float64 {
	sum := text
	for _, phrase := range t.phrases {
		sum += c.phrases[phrase]
	}
	for _, class := range t.classes {
		sum += c.classes[class]
	}
	if len(t.phrases) == 0 {
		sum += c.unnamed
	}
	return bounded(sum)
}

// most is what c can add at most to a passage in which no phrase counts.
func (c *correction) most(text float64) float64 {
	if c == nil {
		return 0
	}
	most := 0.0
	for _, weight := range c.classes {
		most = max(most, weight)
	}
	return bounded(text + c.unnamed + most)
}

func bounded(sum float64) float64 {
	return max(-lexicon.MostTaken, min(lexicon.MostAdded, sum))
}

// text is what c adds to the passage of r from start to end for its words and its length.
func (c *correction) text(r *reading, start, end int) float64 {
	if c == nil {
		return 0
	}
	sum := c.shift + c.lengths[lexicon.LengthOf(end-start)]
	for _, i := range r.runsIn(start, end) {
		sum += c.runs[i].Weight
	}
	return sum
}

// runsIn are the indexes of the correction's runs in a stretch of the text, each once.
func (r *reading) runsIn(start, end int) []int {
	var list []int
	for _, p := range r.runs {
		if p.start >= start && p.end <= end && !slices.Contains(list, p.item) {
			list = append(list, p.item)
		}
	}
	return list
}

// run is a place of a correction's run.
type run struct{ item, start, end int }

// unbroken reports whether no gap stands within the place.
func (r *reading) unbroken(start, end int) bool {
	for _, g := range r.text.Before[start+1 : end] {
		if g > normal.Joined {
			return false
		}
	}
	return true
}

// explain names what c adds to a passage, the weightiest first.
func (c *correction) explain(r *reading, p passage, t traits) []Share {
	if c == nil {
		return nil
	}
	list := []Share{{"every passage", c.shift}}
	add := func(text string, weight float64) {
		if weight != 0 {
			list = append(list, Share{text, weight})
		}
	}
	length := lexicon.LengthOf(p.end - p.start)
	add("length from "+length, c.lengths[length])
	for _, i := range r.runsIn(p.start, p.end) {
		add(c.runs[i].Text, c.runs[i].Weight)
	}
	for _, phrase := range t.phrases {
		add("phrase "+phrase, c.phrases[phrase])
	}
	for _, class := range t.classes {
		add("class "+string(class), c.classes[class])
	}
	if len(t.phrases) == 0 {
		add("no phrase", c.unnamed)
	}
	slices.SortStableFunc(list, func(a, b Share) int {
		return compareMagnitude(b.Share, a.Share)
	})
	return list
}

func compareMagnitude(a, b float64) int {
	switch a, b = math.Abs(a), math.Abs(b); {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
