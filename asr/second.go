package asr

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Second says what deserves a second look, which costs a window of its own: the decoder then follows
// several hypotheses side by side. Implementations are safe for concurrent use.
type Second interface {
	// Doubts reports whether what was heard in an utterance is to be heard again.
	Doubts(heard []Segment) bool
	// Choose picks the reading that is taken for the text, of at least one.
	Choose(readings []Reading) int
}

// Reading is a text that the sound of an utterance may spell.
type Reading struct {
	Text string `json:"text"`
	// Prob is its share, 0..1, of the probability of all readings.
	Prob float64 `json:"prob"`
	// MeanLogProb is as a Segment's.
	MeanLogProb float64 `json:"mean_log_prob"`
}

// MergeReadings makes one of readings that have the same text, and puts the likeliest first; those
// that are as likely go by their texts. It works in place.
func MergeReadings(readings []Reading) []Reading {
	places := make(map[string]int, len(readings))
	list := readings[:0]
	for _, r := range readings {
		if at, known := places[r.Text]; known {
			list[at].Prob += r.Prob
			list[at].MeanLogProb = max(list[at].MeanLogProb, r.MeanLogProb)
			continue
		}
		places[r.Text] = len(list)
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Reading) int {
		return cmp.Or(cmp.Compare(b.Prob, a.Prob), strings.Compare(a.Text, b.Text))
	})
	return list
}

// Segment is a segment that says just this.
func (r Reading) Segment() Segment { return Segment{Text: r.Text, MeanLogProb: r.MeanLogProb} }

// secondBeams are how many hypotheses are followed in a second look.
const secondBeams = 8

// mostSecond, in samples, is the longest utterance that is worth a second look: what is said at
// more length says itself what it means.
const mostSecond = mostBrief

// deservesSecond reports whether what was heard in a piece is to be heard again.
func (x *piece) deservesSecond(heard []Segment) bool {
	return x.run.second != nil && !x.echo && len(x.samples) <= mostSecond && len(heard) > 0 &&
		x.run.second.Doubts(heard)
}

// reread takes the reading that the run chooses. What was heard at first stays where that says the
// same, or where nothing was heard the second time.
func (x *piece) reread(phrases []Phrase) {
	if len(phrases) == 0 || len(phrases[0].Readings) == 0 {
		return
	}
	readings := phrases[0].Readings
	chosen := readings[x.run.second.Choose(readings)]
	if words(chosen.Text) != words(joinTexts(x.segments)) {
		x.segments = []Segment{x.says(chosen, phrases[0])}
	}
	x.segments[0].Readings = readings
}

// says is the piece's one segment. Its tokens are not known.
func (x *piece) says(r Reading, p Phrase) Segment {
	s := r.Segment()
	s.Span, s.Utterance = x.utterance, x.utterance
	s.Tokens = []Token{}
	s.NoSpeechProb = p.NoSpeechProb
	s.SNR, s.AgentLikeness = &x.snr, x.likeness
	return s
}

// words is a text without what is no word.
func words(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}
