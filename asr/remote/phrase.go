package remote

import (
	"math"
	"time"

	"github.com/refrain-asr/refrain/asr"
)

// leastProb stands for probabilities of zero, whose logarithm is no number.
const leastProb = 1e-9

// sure is the probability of what a server gives none for. It lowers no score: to doubt
// every word of a server that tells nothing would blind the judging.
const sure = 1.0

// phrase makes a phrase of a segment. timed tells that its tokens' times are the words' own;
// else it has one token, as long as itself.
func (s segment) phrase(window asr.Span) (p asr.Phrase, timed bool) {
	p = asr.Phrase{Span: spanOf(s.Start, s.End, window), Text: s.Text,
		MeanLogProb: s.meanLogProb()}
	if s.NoSpeechProb != nil {
		p.NoSpeechProb = between(*s.NoSpeechProb, 0, 1)
	}
	prob := math.Exp(p.MeanLogProb)
	p.Tokens = align(s.Text, s.Words, prob, window)
	if len(p.Tokens) == 0 {
		p.Tokens = []asr.Token{{Span: p.Span, Text: s.Text, Prob: prob}}
		return p, false
	}
	p.Start = min(p.Start, p.Tokens[0].Start)
	p.End = max(p.End, p.Tokens[len(p.Tokens)-1].End)
	return p, true
}

// meanLogProb is the server's, else that of its words, else sure.
func (s segment) meanLogProb() float64 {
	if s.AvgLogProb != nil {
		return between(*s.AvgLogProb, math.Log(leastProb), 0)
	}
	sum, n := 0.0, 0
	for _, w := range s.Words {
		if w.Probability != nil {
			sum += math.Log(between(*w.Probability, leastProb, 1))
			n++
		}
	}
	if n == 0 {
		return math.Log(sure)
	}
	return sum / float64(n)
}

// spanOf places seconds within a span; where they are absent, it is all of it.
func spanOf(start, end *float64, within asr.Span) asr.Span {
	span := within
	if start != nil {
		span.Start = timeOf(*start, within)
	}
	if end != nil {
		span.End = timeOf(*end, asr.Span{Start: span.Start, End: within.End})
	}
	return span
}

// timeOf is seconds as a time within a span.
func timeOf(seconds float64, within asr.Span) time.Duration {
	seconds = between(seconds, within.Start.Seconds(), within.End.Seconds())
	t := time.Duration(math.Round(seconds*1e6)) * time.Microsecond
	return max(within.Start, min(t, within.End))
}

func between(x, least, most float64) float64 { return max(least, min(x, most)) }
