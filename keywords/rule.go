package keywords

import (
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// rule is a phrase of the lexicon made ready.
type rule struct {
	phrase   string // as written
	line     int
	class    Class
	weight   float64
	whole    bool
	suffices bool
	track    string
	despite  map[VetoReason]bool
	unless   []int // groups of exclusions: the class's and the phrase's own
	learned  bool  // the learned model's, without a phrase
	answer   bool  // a no to an offer, without a phrase
	ordinary ordinary
	// first and last narrow it to stretches of the call; 0 for none.
	first, last time.Duration
}

// newRule makes the rule of a phrase of class.
func newRule(class lexicon.Class, phrase lexicon.Phrase) *rule {
	u := classRule(class)
	u.phrase, u.line, u.weight, u.whole, u.suffices = phrase.Text, phrase.Line, phrase.Weight,
		phrase.Whole, phrase.Suffices
	if phrase.Count != nil { // its weight follows from that
		u.ordinary = ordinary{lines: phrase.Count.Ordinary, of: -1}
	}
	for _, reason := range phrase.Despite {
		u.despite[VetoReason(reason)] = true
	}
	return u
}

// ordinary is how often ordinary talk has a phrase.
type ordinary struct {
	lines, of int
	// discount (0..1) is by how much a hit counts less for that.
	discount float64
}

// hardly reports whether ordinary talk hardly ever has the phrase: at most once in two
// hundred thousand utterances. Where nobody counted it doesn't.
func (o ordinary) hardly() bool { return o.of > 0 && o.lines*hardlyEver <= o.of }

const hardlyEver = 200_000

// classRule is a rule of class without a phrase.
func classRule(class lexicon.Class) *rule {
	return &rule{
		class: Class(class.ID), suffices: class.Suffices, track: class.Track,
		despite: map[VetoReason]bool{}, first: class.First, last: class.Last,
	}
}

// reads reports whether the rule is for what that side says.
func (u *rule) reads(side asr.Side) bool {
	return u.track == string(side) || u.track == lexicon.TrackBoth
}

// soft reports whether vetoes for a later time touch the rule: those it disregards are
// too plain to be an excuse.
func (u *rule) soft() bool { return !u.despite[VetoDeferred] && !u.despite[VetoCondition] }

// outside reports whether the rule is narrowed to other stretches of the call.
func (u *rule) outside(from source, at asr.Span) bool {
	if u.first == 0 && u.last == 0 {
		return false
	}
	answer, end, timed := from.since(at)
	return timed && (u.first == 0 || answer > u.first) && (u.last == 0 || end > u.last)
}
