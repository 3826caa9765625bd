package asr

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

// Segment is a segment that says just this.
func (r Reading) Segment() Segment { return Segment{Text: r.Text, MeanLogProb: r.MeanLogProb} }

// secondBeams are how many hypotheses are followed in a second look.
const secondBeams = 8
