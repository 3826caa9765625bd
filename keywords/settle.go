package keywords

import (
	"cmp"
	"math"
	"slices"

	"github.com/refrain-asr/refrain/keywords/learned"
)

// How much surer, in log odds, a passage of a call must be a refusal for every e times as
// many passages as it has: among many something always looks like one. crowd is for passages
// in which the lexicon finds nothing, crowdHit for those with hits that count. They were
// chosen on calls of the tuning parts: more would lose refusals in the midst of long calls.
const (
	crowd    = 0.6
	crowdHit = 0.3
)

// weighed is what a passage and its hits come to.
type weighed struct {
	hits []judged
	// evidence is 1 − Π (1 − hit) over its hits that count; vetoed says that some don't.
	evidence float64
	vetoed   bool
	// sum is the model's, as far as the words were heard surely; crowd is what is taken off
	// because of the other passages; odds are the log odds that it is a refusal.
	sum, crowd, odds float64
	// here is what the lexicon's correction adds, going by traits.
	here   float64
	traits traits
	// kept says that odds are what a phrase is worth at least that ordinary talk hardly ever has.
	kept bool
}

// The model lowers the score of a phrase that ordinary talk hardly ever has, but
// doesn't silence it: where hits of such phrases come to plainEvidence or more, the passage is just
// over the threshold, however much else speaks against it, unless the company's own decisions do.
const (
	plainEvidence = 0.85
	justOver      = 0.02 // in log odds
)

// settle lets model and rules decide together. It weighs each passage, and drops the model's
// own hits where the lexicon explains the refusal or it is not sure enough.
func (m *weigher) settle(a *account) []weighed {
	list := make([]weighed, len(a.passages))
	kept, rest := a.hits[:0], a.hits
	for i := range list {
		count := 0
		for count < len(rest) && rest[count].passage <= i {
			count++
		}
		first := len(kept)
		w := m.weighPassage(a.passages[i], rest[:count], len(list))
		for _, h := range rest[:count] {
			if h.passage < 0 || w.keeps(&h, m.threshold) {
				kept = append(kept, h)
			}
		}
		w.hits = kept[first:len(kept):len(kept)]
		list[i], rest = w, rest[count:]
	}
	kept = append(kept, rest...)
	a.hits = kept
	return list
}

// keeps scores h by what its passage comes to where it is the model's own, and reports
// whether it stays.
func (w *weighed) keeps(h *judged, threshold float64) bool {
	if !h.rule.learned {
		return true
	}
	h.Score = min(mostScore, learned.Probability(w.odds))
	return w.evidence == 0 && h.Score >= threshold && (h.Veto == nil || !w.vetoed)
}

// weighPassage weighs p with its hits; the call has so many passages.
func (m *weigher) weighPassage(p passage, hits []judged, passages int) weighed {
	w := weighed{}
	var rules, sure []judged
	for _, h := range hits {
		if h.passage < 0 || h.rule.learned {
			continue
		}
		w.vetoed = w.vetoed || h.Veto != nil
		rules = append(rules, h)
		if h.rule.ordinary.hardly() {
			sure = append(sure, h)
		}
	}
	w.evidence = combine(rules).evidence
	sum := p.sum
	if sum > 0 {
		sum *= surelyHeard + (1-surelyHeard)*p.heard
	}
	w.sum = sum
	w.crowd = crowd
	if w.evidence > 0 {
		w.crowd = crowdHit
	}
	w.crowd *= math.Log(float64(passages))
	if m.correction != nil {
		w.traits = traitsOf(hits)
		w.here = m.correction.of(p.here, w.traits)
	}
	w.odds = p.balance.LogOdds(sum, w.evidence, w.vetoed) - w.crowd + w.here
	c := combine(sure)
	if c.evidence >= plainEvidence && c.score >= m.threshold && m.correction.protects(w.here) {
		least := logOdds(m.threshold) + justOver
		w.kept = w.odds < least
		w.odds = max(w.odds, least)
	}
	return w
}

// decide gives the call its one score: the log of the summed odds of the passages with hits that
// count, each less what its share of a long call takes off; what other hits come to counts
// beside. A phrase counts once.
//
// Odds are summed as one refusal may stand in any of the passages. Were the passages' chances
// multiplied instead, as if each might hold a refusal of its own, thirty small ones would make
// a large one.
func (m *weigher) decide(a *account) combined {
	list := m.settle(a)
	c := combine(a.hits)
	if len(list) == 0 {
		return c
	}
	others := slices.DeleteFunc(slices.Clone(a.hits), func(h judged) bool { return h.passage >= 0 })
	unsure := (1 - combine(others).score) * (1 - learned.Probability(callOdds(list)))
	c.score = min(mostScore, 1-unsure)
	return c
}

// callOdds are the log odds that one of the passages is a refusal.
func callOdds(list []weighed) float64 {
	slices.SortStableFunc(list, func(x, y weighed) int { return cmp.Compare(y.odds, x.odds) })
	sum, seen := 0.0, map[string]bool{}
	for _, w := range list {
		fresh := false
		for _, h := range w.hits {
			if h.passage >= 0 && h.Veto == nil && !seen[h.Phrase] {
				fresh, seen[h.Phrase] = true, true
			}
		}
		if fresh {
			sum += math.Exp(w.odds)
		}
	}
	return math.Log(sum)
}

// merge puts the model's own hits among those of the rules, in order of position.
func merge(hits, own []judged) []judged {
	if len(own) == 0 {
		return hits
	}
	all := make([]judged, 0, len(hits)+len(own))
	for len(hits) > 0 && len(own) > 0 {
		if before(hits[0], own[0]) {
			all, hits = append(all, hits[0]), hits[1:]
		} else {
			all, own = append(all, own[0]), own[1:]
		}
	}
	return append(append(all, hits...), own...)
}

func before(a, b judged) bool {
	return cmp.Or(cmp.Compare(a.passage, b.passage), cmp.Compare(a.Segment, b.Segment),
		cmp.Compare(a.Start, b.Start)) <= 0
}
