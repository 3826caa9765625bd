package keywords

import "math"

// How the score comes about:
//
//	hit         = weight · kind · (0.6 + 0.4 · confidence)
//	evidence    = 1 − Π (1 − hit), over the hits of a passage that no veto removed; the
//	              same phrase counts once, with its best
//	log odds    = what learned.Balance makes of the model's sum, of evidence and of vetoes,
//	              less a share of ln(passages)
//	call        = ln Σ exp(log odds), over the passages with hits that count
//	score       = 1 / (1 + exp(−call)), at most 0.99; 0 where no hit counts
//
// weight is the phrase's in the lexicon. kind is 1 for an exact match and 0.8 for words
// that only sound so. confidence is the geometric mean of the probabilities that the
// model gave the segment's tokens. It enters only in part, since a reviewer decides in
// the end: a plain refusal that was heard badly should still be looked at. Where in the
// text a hit stands counts through the vetoes: a wish or a later time behind it removes
// it, the last word stands.
//
// Where the learned model has no say, evidence is taken over all hits, and
//
//	score = 1 / (1 + exp(3.50 + 5.08 · ln(1 − evidence))), at most 0.99
//
// These two numbers fit testdata/labelled/tune/rules.tsv, half of which are refusals;
// package keywords/eval finds them. The first is rounded so that a single phrase of
// weight 0.5 lies just on the threshold of 0.5.
const (
	surelyHeard = 0.6
	mostScore   = 0.99
	leastScore  = 0.01
	pinyinKind  = 0.8

	calibratedFrom  = -3.50
	calibratedSlope = 5.08
)

// probability is what evidence means.
func probability(evidence float64) float64 {
	if evidence == 0 {
		return 0
	}
	strength := -math.Log(1 - min(evidence, 0.999))
	return min(mostScore, 1/(1+math.Exp(-calibratedFrom-calibratedSlope*strength)))
}

func score(weight float64, match MatchKind, confidence float64) float64 {
	if !(confidence >= 0 && confidence <= 1) {
		confidence = 0 // a model that reports nonsense makes nothing surer
	}
	kind := 1.0
	if match == MatchPinyin {
		kind = pinyinKind
	}
	return weight * kind * (surelyHeard + (1-surelyHeard)*confidence)
}

// combined is what the hits of a text come to.
type combined struct {
	// evidence is 1 − Π (1 − hit), score what it means as a probability.
	evidence, score float64
	// suffices says that one of them is enough, or that there are two different ones.
	suffices bool
	// review says that a hit counts: then a person must confirm.
	review bool
}

// bestOf is the best score of each phrase that a hit counts of.
func bestOf(hits []judged) map[string]float64 {
	best := make(map[string]float64, len(hits))
	for _, h := range hits {
		if h.Veto == nil {
			best[h.Phrase] = max(best[h.Phrase], h.Score)
		}
	}
	return best
}

func combine(hits []judged) combined {
	best := bestOf(hits)
	c := combined{suffices: len(best) > 1}
	unsure := 1.0
	for _, h := range hits { // in order of hits, so that rounding is always the same
		if h.Veto != nil {
			continue
		}
		c.suffices = c.suffices || h.rule.suffices
		c.review = true
		if s, found := best[h.Phrase]; found {
			unsure *= 1 - s
			delete(best, h.Phrase)
		}
	}
	c.evidence = 1 - unsure
	c.score = probability(c.evidence)
	return c
}
