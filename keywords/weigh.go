package keywords

import (
	"math"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords/find"
	"github.com/refrain-asr/refrain/keywords/learned"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/keywords/normal"
)

// longestPassage is how many characters are weighed as one; longer talk is cut where a
// sentence or a clause ends.
const longestPassage = 60

// passage is what the learned model weighs as one: what was said in one breath.
type passage struct {
	start, end int // characters of the normal form
	// sum is how much in it speaks for a refusal; see learned.Model.
	sum float64
	// heard (0..1) is how surely it was, where a hit stands in it; else 1.
	heard float64
	// here is what the lexicon's correction adds for its words and its length.
	here    float64
	balance learned.Balance
}

// weigher is the learned model as a judge uses it.
type weigher struct {
	model     *learned.Model // nil where it has no say
	weight    float64        // the lexicon's, 0..1
	threshold float64        // the judge's, 0..1
	// rules are the hits that the model makes, by its classes: nil where the lexicon has
	// no such class for the customer.
	rules []*rule
	// correction is the lexicon's, nil for none.
	correction *correction
}

// newWeigher asks the learned model too, unless the lexicon or the options don't want that
// or the lexicon has none of its classes.
func newWeigher(lex *lexicon.Lexicon, o Options) (*weigher, error) {
	w := &weigher{weight: lex.Learned, threshold: o.Threshold}
	if o.Unlearned || lex.Learned == 0 {
		return w, nil
	}
	model := o.Model
	if model == nil {
		var err error
		if model, err = learned.Default(); err != nil {
			return nil, err
		}
	}
	for _, id := range model.Classes() {
		var u *rule
		if class, known := lex.Class(id); known && class.Track != lexicon.TrackAgent {
			u = classRule(class)
			u.learned = true
			w.model = model
		}
		w.rules = append(w.rules, u)
	}
	w.correction = newCorrection(lex)
	return w, nil
}

// discount lets phrases count less that ordinary talk has too, unless the lexicon's weights
// were measured by such talk already.
func (m *weigher) discount(lex *lexicon.Lexicon, rules []*rule) {
	if m.model == nil {
		return
	}
	talk := m.model.Ordinary()
	for _, u := range rules {
		o := &u.ordinary
		if o.of < 0 {
			o.of = lex.Measured.Ordinary
			continue
		}
		*o = ordinary{talk.Phrases[u.phrase], talk.Lines, talk.Discount(u.phrase)}
	}
}

// asked reports whether the model has a say in what that side said.
func (m *weigher) asked(side asr.Side) bool { return m.model != nil && side == asr.Customer }

// weigh cuts what was read into passages and weighs them; recognised says that a recogniser heard
// it.
func (m *weigher) weigh(r *reading, recognised bool) {
	balance := m.model.Balance()
	if recognised {
		balance = balance.OfHeard()
	}
	for start := 0; start < len(r.text.Runes); {
		end := passageEnd(&r.text, start)
		p := passage{start: start, end: end, heard: 1, balance: balance}
		p.sum = m.weight * r.weigher.Weigh(m.model, r.passage(start, end))
		p.here = m.correction.text(r, start, end)
		r.passages = append(r.passages, p)
		start = end
	}
}

// passageEnd is where the passage that begins at start ends: with the line, or before it
// grows too long at the strongest gap in its second half.
func passageEnd(t *normal.Text, start int) int {
	end, most := start+1, start+longestPassage // no further: a line may be as long as it likes
	for end <= most && end < len(t.Runes) && t.Before[end] < normal.Line {
		end++
	}
	if end <= most {
		return end
	}
	best := most
	for at := best; at > start+longestPassage/2; at-- {
		if t.Before[at] > t.Before[best] {
			best = at
		}
	}
	return best
}

// passage is the text from start to end as the model reads it. It is valid until the next
// call.
func (r *reading) passage(start, end int) learned.Passage {
	r.bounds = r.bounds[:0]
	for _, g := range r.text.Before[start : end+1] {
		r.bounds = append(r.bounds, bound(g))
	}
	return learned.Passage{Text: r.text.Runes[start:end], Before: r.bounds}
}

func bound(g normal.Gap) learned.Bound {
	switch {
	case g.Asks():
		return learned.Question
	case g >= normal.Comma:
		return learned.Clause
	case g == normal.Pause:
		return learned.Pause
	}
	return learned.None
}

// suspect finds what the model alone may take for a refusal.
func (m *weigher) suspect(r *reading, words *find.Dictionary) {
	least := logOdds(m.threshold)
	for _, p := range r.passages {
		if p.balance.LogOdds(p.sum, 0, false)+m.correction.most(p.here) < least {
			continue
		}
		if u := m.likeliest(r, p); u != nil {
			start, end := r.stretch(m.model, p)
			start, end = whole(&r.text, words, start, end)
			r.suspicions = append(r.suspicions, candidate{rule: u, start: start, end: end})
		}
	}
}

// likeliest is the rule of the lexicon's class that p most likely means, or nil.
func (m *weigher) likeliest(r *reading, p passage) *rule {
	var best *rule
	most := 0.0
	for class, likely := range r.weigher.Class(m.model, r.passage(p.start, p.end)) {
		if m.rules[class] != nil && likely > most {
			best, most = m.rules[class], likely
		}
	}
	return best
}

// stretch is where the passage speaks most for a refusal.
func (r *reading) stretch(m *learned.Model, p passage) (start, end int) {
	shares := make([]float64, p.end-p.start)
	r.weigher.Shares(m, r.passage(p.start, p.end), shares)
	from, to := heaviest(shares)
	return p.start + from, p.start + to
}

// heaviest is the stretch of shares with the greatest sum; it is never empty.
func heaviest(shares []float64) (from, to int) {
	best, sum, first := math.Inf(-1), 0.0, 0
	for i, share := range shares {
		if sum <= 0 {
			sum, first = 0, i
		}
		sum += share
		if sum > best {
			best, from, to = sum, first, i+1
		}
	}
	return from, to
}

// shortClause is up to how many characters a clause is shown as a whole.
const shortClause = 16

// whole widens what is shown as evidence to the clause, where that is short, or else to
// whole words.
func whole(t *normal.Text, words *find.Dictionary, start, end int) (from, to int) {
	left, begins := t.Left(start, shortClause)
	right, ends := t.Right(end, shortClause)
	if begins && ends && right-left <= shortClause {
		return left, right
	}
	from, to = words.Whole(t.Runes[left:right], start-left, end-left)
	return left + from, left + to
}

func logOdds(probability float64) float64 { return math.Log(probability / (1 - probability)) }
