package keywords

// How the score comes about:
//
//	hit   = weight · kind · (0.6 + 0.4 · confidence)
//	score = min(0.99, 1 − Π (1 − hit)), over the hits that no veto removed; the same
//	        phrase counts once, with its best
//
// weight is the phrase's in the lexicon. kind is 1 for an exact match. confidence is
// the geometric mean of the probabilities that the model gave the segment's tokens. It
// enters only in part, since a reviewer decides in the end: a plain refusal that was
// heard badly should still be looked at.
const (
	surelyHeard = 0.6
	mostScore   = 0.99
	pinyinKind  = 0.7
)

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

func combine(hits []Hit) float64 {
	best := make(map[string]float64, len(hits))
	for _, h := range hits {
		if h.Veto == nil {
			best[h.Phrase] = max(best[h.Phrase], h.Score)
		}
	}
	unsure := 1.0
	for _, h := range hits { // in order of hits, so that rounding is always the same
		if s, found := best[h.Phrase]; found {
			unsure *= 1 - s
			delete(best, h.Phrase)
		}
	}
	return min(mostScore, 1-unsure)
}
