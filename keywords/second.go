package keywords

import "github.com/refrain-asr/refrain/asr"

const (
	// doubtFrom is the least score, short of the threshold, with which an utterance deserves a
	// second look, which costs as much as four others do. From 0.1 on it finds as many more refusals
	// by telephone, but in noise 7 in 100 fewer.
	doubtFrom = 0.02
	// leastReading is the least share of the probability with which a reading counts.
	leastReading = 0.02
)

var _ asr.Second = (*Judge)(nil)

// Doubts implements asr.Second: an utterance is heard again where something in it
// speaks for a refusal, but not enough.
func (j *Judge) Doubts(heard []asr.Segment) bool {
	score := j.faint().utterance(heard)
	return score >= doubtFrom && score < j.options.Threshold
}

// Choose implements asr.Second: it takes the reading that is the most a refusal, since a person
// hears it before it counts; where none is, the likeliest.
func (j *Judge) Choose(readings []asr.Reading) int {
	faint := j.faint()
	best, most := 0, 0.0
	for i, r := range readings {
		if i > 0 && r.Prob < leastReading {
			break // the likeliest come first
		}
		score := faint.utterance([]asr.Segment{r.Segment()})
		if score > most {
			best, most = i, score
		}
	}
	if most < doubtFrom {
		return 0
	}
	return best
}

// faint is a judge that is content with very little.
func (j *Judge) faint() *Judge {
	faint, weigher := *j, *j.model
	weigher.threshold = doubtFrom
	faint.options.Threshold, faint.model = doubtFrom, &weigher
	return &faint
}

// utterance is the score of what a customer was heard to say in one breath.
func (j *Judge) utterance(heard []asr.Segment) float64 {
	s := newSpoken(asr.Transcript{Segments: heard}, j.options.MaxPause, 0)
	s.engine = "any"
	a := j.spoken(s)
	return j.verdict(&a).Score
}
