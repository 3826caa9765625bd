package lexicon

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Lexicon is a versioned set of keyword classes. It is read-only once parsed and may
// be shared.
type Lexicon struct {
	// Version is the author's name for this state of the file, such as "zh-2026.1".
	Version string
	// Classes are in the order of the file; ids are unique.
	Classes []Class
	// Compounds are words that merely contain a phrase (不要紧). Where the text reads
	// best as the compound, the phrase inside is no hit.
	Compounds []Text
	// Sounds are words of two characters that are recognised by their sound too where
	// what was written makes no sense (头诉 for 投诉).
	Sounds []Text
	// Around are the words that may stand in a clause beside a phrase that must be
	// the whole clause.
	Around Around
	Vetoes Vetoes
	// Answers are short ones whose meaning depends on what the agent asked; nil for none.
	Answers *Answers
	// Learned (0..1) is how much the learned model has a say beside the phrases; 0 for
	// none.
	Learned float64
	// Measured is what was counted of its phrases; empty where nothing was.
	Measured Measured
	// Correction is what the company's own decisions say beside model and phrases; nil where
	// none was learned.
	Correction *Correction
	// Odd is what does no harm, but should be put right.
	Odd []Error

	source []byte
	sum    string
}

// Class is one meaning of refusal.
type Class struct {
	// ID is what hits and freezes carry: lower-case letters and underscores.
	ID string
	// Label is the name for people.
	Label string
	// Says is what a refusal of the class says, in a word or two, by Languages: it stands in
	// sentences for diallers. May lack languages.
	Says map[string]string
	// Period is for how long a confirmed number is frozen; 0 means until released.
	Period time.Duration
	// Despite are the vetoes that do not touch the class.
	Despite []string
	// Suffices says that a single hit can make a call suspect; without it, two
	// different phrases of the lexicon must be hit.
	Suffices bool
	// Track is the side that is read: customer, agent or both.
	Track string
	// First and Last narrow the class to the first or last stretch of the call after
	// its answer; 0 means all of it. With both, a hit may lie in either.
	First, Last time.Duration
	// Unless are patterns that veto a hit in the same clause.
	Unless []Mark
	// Phrases have no text twice in the whole lexicon.
	Phrases []Phrase
}

// The values of Class.Track.
const (
	TrackCustomer = "customer"
	TrackAgent    = "agent"
	TrackBoth     = "both"
)

// Phrase is a wording, or a pattern of wordings, that means its class.
type Phrase struct {
	Text string
	// Line is where in the file it stands.
	Line    int
	Pattern Pattern
	// Weight (over 0, to 1) is how surely the wording alone means the class.
	Weight float64
	// Whole says that the phrase counts only where it is the whole clause, but for
	// the words in Around.
	Whole bool
	// Suffices and Despite are the class's, where the phrase has none of its own.
	Suffices bool
	Despite  []string
	// Unless are patterns that veto a hit of this phrase in the same clause, besides
	// those of its class.
	Unless []Mark
	// Finds are sentences in which the phrase must be hit and count. Skips are those that
	// look like it and are no refusal: nothing may count there.
	Finds, Skips []Text
	// Count is what was measured of the phrase, nil where nothing was.
	Count *Count
}

// Mark is a pattern that speaks against a hit.
type Mark struct {
	Text    string
	Line    int
	Pattern Pattern
}

// Text is a piece of Chinese in the file, with the line it stands in.
type Text struct {
	Text string
	Line int
}

// Around are words without a meaning of their own for the refusal.
type Around struct{ Before, After []Text }

// Vetoes say what speaks against a hit.
type Vetoes struct {
	Negated  Before
	Question Asked
	// Condition is what makes a hit a mere condition (如果不需要抵押).
	Condition Asked
	// Reported are others whose refusal is told (他说不想听).
	Reported Before
	// Narrowed tell that something else is wanted (我要蓝色的), Deferred that the
	// customer may be called later (晚点再打). Both veto hits in the same sentence.
	Narrowed, Deferred []Mark
	// Announcement are words of a carrier's or an assistant's voice. They veto all
	// hits nearby.
	Announcement []Mark
	// Hallucination are texts that Whisper invents on silence; a sentence with one of
	// them has no hits.
	Hallucination []Mark
}

// Reasons are the names of the vetoes that a class or phrase may disregard.
var Reasons = []string{
	"negated", "question", "condition", "reported", "narrowed", "deferred", "announcement",
	"hallucination",
}

// Answers are short answers of which only the agent's question says what they mean. They count
// only where the agent's words are known.
type Answers struct {
	// Class is what a no to an offer means.
	Class string
	// No are the words of which a clause consists that says no and nothing else, but for the
	// words in Around. None are such that answer only what was asked last (没有).
	No, None []Text
	// Offer are questions to which a no is a refusal, Other those to which it is none, whatever
	// phrase it is. Of several the last one counts.
	Offer, Other []Mark
}

// Before describes a veto by words that stand before the phrase (不是没兴趣).
type Before struct {
	// Before speak against what follows. Only words of Between may stand between one
	// of them and the phrase.
	Before, Between []Text
	// Unless are wordings that look like it and are none (不是说了别打).
	Unless []Text
	// Far are like Before, but anything may stand between one of them and the phrase in
	// the same clause.
	Far []Text
	// After are patterns right behind the phrase that take it back (没兴趣我早就挂了).
	After []Mark
}

// Asked describes a veto by the clause around the phrase (不需要押金吗).
type Asked struct {
	// Before stand before the phrase: for a question directly, but for the words
	// between of the veto negated; for a condition anywhere in the clause.
	Before []Text
	// After are endings of the clause (吗). A question mark asks as well.
	After []Text
	// Unless are wordings before it (不是说了不需要吗) and endings (不需要好吗) that
	// only look like it.
	Unless []Text
}

// ID names exactly this content: the version and the beginning of the source's
// SHA-256, as in "zh-2026.1+3fa91c02".
func (l *Lexicon) ID() string { return l.Version + "+" + l.sum[:8] }

// SHA256 is the hexadecimal checksum of the source.
func (l *Lexicon) SHA256() string { return l.sum }

// Source is the file as it was parsed; not to be changed.
func (l *Lexicon) Source() []byte { return l.source }

// Class returns the class with the id.
func (l *Lexicon) Class(id string) (Class, bool) {
	for _, class := range l.Classes {
		if class.ID == id {
			return class, true
		}
	}
	return Class{}, false
}

// Languages are those in which a class may say what it means.
var Languages = []string{"zh", "en"}

// Says is what a refusal of the class says in the language: by this lexicon, or else by the
// default one, or else, where neither knows it, the class's id.
func (l *Lexicon) Says(class, language string) string {
	for _, known := range []*Lexicon{l, Default()} {
		if c, ok := known.Class(class); ok && c.Says[language] != "" {
			return c.Says[language]
		}
	}
	return class
}

// Phrases counts the phrases of all classes.
func (l *Lexicon) Phrases() int {
	n := 0
	for _, class := range l.Classes {
		n += len(class.Phrases)
	}
	return n
}

func sum(source []byte) string {
	digest := sha256.Sum256(source)
	return hex.EncodeToString(digest[:])
}
