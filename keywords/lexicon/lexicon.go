package lexicon

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"sync"
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
	// Around are the words that may stand in a clause beside a phrase that must be
	// the whole clause.
	Around Around
	Vetoes Vetoes

	source []byte
	sum    string
}

// Class is one meaning of refusal.
type Class struct {
	// ID is what hits and freezes carry: lower-case letters and underscores.
	ID string
	// Label is the name for people.
	Label string
	// Period is for how long a confirmed number is frozen; 0 means until released.
	Period time.Duration
	// Asked says that a hit counts in a question too (能不能别打了?).
	Asked bool
	// Phrases have no text twice in the whole lexicon.
	Phrases []Phrase
}

// Phrase is a wording that means its class.
type Phrase struct {
	Text string
	// Line is where in the file it stands.
	Line int
	// Weight (over 0, to 1) is how surely the wording alone means the class.
	Weight float64
	// Whole says that the phrase counts only where it is the whole clause, but for
	// the words in Around.
	Whole bool
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
	Negated  Negated
	Question Question
	// Hallucination are texts that Whisper invents on silence; a sentence with one of
	// them has no hits.
	Hallucination []Text
}

// Negated describes a denied refusal (不是没兴趣).
type Negated struct {
	// Before deny what follows. Only words of Between may stand between one of them
	// and the phrase.
	Before, Between []Text
	// Unless are wordings that look like a denial and are none (不是说了别打).
	Unless []Text
}

// Question describes a phrase that is only asked about (不需要押金吗).
type Question struct {
	// Before ask about what follows, as in Negated.
	Before []Text
	// After are endings that ask (吗). A question mark asks as well.
	After []Text
	// Unless are wordings before it (不是说了不需要吗) and endings (不需要好吗) that
	// only look like a question.
	Unless []Text
}

//go:embed default.zh.yaml
var defaultSource []byte

// Default is the lexicon that comes with Refrain.
var Default = sync.OnceValue(func() *Lexicon {
	lex, err := Parse(defaultSource)
	if err != nil {
		panic("the embedded lexicon is broken: " + err.Error()) // a test parses it
	}
	return lex
})

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
