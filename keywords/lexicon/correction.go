package lexicon

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Correction is what a company's own decisions say about passages that the learned model and
// the phrases take for refusals: `refrain lexicon learn` makes it.
type Correction struct {
	// Off says that it is kept, but doesn't count.
	Off bool
	// Made is when it was learned, Upon the ID of the lexicon that had judged without it, and
	// Model the learned.Model.Data of that time, or its beginning.
	Made        time.Time
	Upon, Model string
	// Confirmed and Dismissed are how many decisions it was learned from.
	Confirmed, Dismissed int
	// Shift is added to the log odds of each passage.
	Shift float64
	// Items are the rest, at most MostItems.
	Items []Item
}

// The limits of a correction.
const (
	// MostItems keeps it so short that a person can read it.
	MostItems = 200
	// MostCorrection bounds each item, in log odds, one way and the other. MostAdded and MostTaken
	// bound all together: what is dismissed every day may be as sure as a refusal can be for the
	// model and the phrases, so more may be taken than added.
	MostCorrection = 3.0
	MostAdded      = 3.0
	MostTaken      = 6.0
	// ShortestRun and LongestRun are the lengths of a Run, in characters.
	ShortestRun = 2
	LongestRun  = 6
)

// Item is something that a passage may have, and what it adds to the log odds that the passage
// is a refusal.
type Item struct {
	Kind ItemKind
	// Text is the run, the phrase as the lexicon has it, the class's id, or the least number of
	// characters; empty of an Unnamed.
	Text   string
	Weight float64
	// Confirmed and Dismissed are in how many passages of such decisions it stood.
	Confirmed, Dismissed int
	// Line is where in the file it stands.
	Line int
}

// String is what i speaks of, for people.
func (i Item) String() string {
	switch i.Kind {
	case Unnamed:
		return "no phrase, only the model"
	case Length:
		n, _ := strconv.Atoi(i.Text)
		if n >= LongLength {
			return fmt.Sprintf("a passage of %d characters or more", n)
		}
		return fmt.Sprintf("a passage of %d to %d characters", n, n+LengthStep-1)
	default:
		return string(i.Kind) + " " + i.Text
	}
}

// ItemKind is what an Item speaks of.
type ItemKind string

// The kinds of items.
const (
	// Run is characters that follow each other without a pause, normalised.
	Run ItemKind = "run"
	// OfPhrase and OfClass are hits that count.
	OfPhrase ItemKind = "phrase"
	OfClass  ItemKind = "class"
	// Unnamed is a passage in which no phrase counts, only the model.
	Unnamed ItemKind = "no_phrase"
	// Length is how long the passage is, in steps of LengthStep characters up to LongLength.
	Length ItemKind = "length"
)

// The lengths of passages that an Item tells apart.
const (
	LengthStep = 4
	LongLength = 20
)

// LengthOf is the text of the Length of a passage of so many characters.
func LengthOf(characters int) string {
	return strconv.Itoa(min(LongLength, characters/LengthStep*LengthStep))
}

var itemKinds = []string{string(Run), string(OfPhrase), string(OfClass), string(Unnamed),
	string(Length)}

// Counts reports whether c has a say.
func (c *Correction) Counts() bool { return c != nil && !c.Off }

const correctionMarker = "# Learned by `refrain lexicon learn`"

// YAML is the part of a lexicon's file in which c is kept.
func (c *Correction) YAML() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s from decisions on suspects. To switch it off: "+
		"enabled: false\n", correctionMarker)
	fmt.Fprintf(&out, "learned_here:\n  enabled: %t\n  made: %s\n  upon: %s\n  model: %q\n",
		!c.Off, c.Made.UTC().Format(time.RFC3339), c.Upon, c.Model)
	fmt.Fprintf(&out, "  confirmed: %d\n  dismissed: %d\n  shift: %.2f\n",
		c.Confirmed, c.Dismissed, c.Shift)
	out.WriteString("  # log odds; confirmed and dismissed passages with it; what it is\n")
	out.WriteString("  items:\n")
	for _, i := range c.Items {
		fmt.Fprintf(&out, "    - [%5.2f, %4d, %4d, %s, %s]\n", i.Weight, i.Confirmed,
			i.Dismissed, i.Kind, strconv.Quote(i.Text))
	}
	return out.Bytes()
}

var correctionBlock = regexp.MustCompile(`(?m)^(?:` + correctionMarker + `.*\n)?` +
	`learned_here:.*\n?(?:(?:[ \t].*)?\n|[ \t].+$)*`)

// WithoutCorrection is source without what was learned from decisions.
func WithoutCorrection(source []byte) []byte {
	at := correctionBlock.FindIndex(source)
	if at == nil {
		return source
	}
	rest := bytes.TrimRight(source[:at[0]], "\n")
	return append(append(bytes.Clone(rest), '\n'), source[at[1]:]...)
}

// WithCorrection is source with c in place of what was learned before.
func WithCorrection(source []byte, c *Correction) []byte {
	rest := bytes.TrimRight(WithoutCorrection(source), "\n")
	return append(append(bytes.Clone(rest), "\n\n"...), c.YAML()...)
}
