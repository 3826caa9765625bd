package lexicon

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Measured is what was counted of a lexicon's phrases in labelled and in ordinary talk.
type Measured struct {
	// Refusals, Others and Ordinary are how many lines were read: labelled as refusals,
	// labelled as none, and ordinary talk, in which nearly nobody refuses.
	Refusals, Others, Ordinary int
	// Phrases are in the order of the lexicon.
	Phrases []Count
}

// Lines is how many lines were read.
func (m Measured) Lines() int { return m.Refusals + m.Others + m.Ordinary }

// Count is in how many of these lines a phrase was hit and counted, and what it weighs
// for that.
type Count struct {
	Phrase                     string
	Refusals, Others, Ordinary int
	// Weight (over 0, to 1) is the phrase's.
	Weight float64
}

// How counts become a weight. Of a hundred utterances at which a phrase might be hit, this
// many are taken for refusals. Each phrase begins with a credit of two refusals and half
// a false alarm, which is what its author's word is worth: where little was counted it
// weighs much all the same, and counts soon outweigh it. No count makes it certain.
const (
	refusalShare  = 0.05
	creditRight   = 2.0
	creditWrong   = 0.5
	measuredMost  = 0.95
	measuredLeast = 0.01
)

// Weigh is the weight of a phrase that was found in so many lines: the share of refusals
// among the lines in which it stands. Of two shares the lower counts: that among labelled
// lines, and the one to expect where refusals are as rare as refusalShare and the rest is
// as ordinary talk. It is over 0 and has two digits.
func (m Measured) Weigh(refusals, others, ordinary int) float64 {
	right, wrong := float64(refusals)+creditRight, float64(others)+creditWrong
	weight := min(measuredMost, right/(right+wrong))
	if m.Refusals > 0 && m.Ordinary > 0 {
		rate := refusalShare * right / float64(m.Refusals)
		alarms := (1 - refusalShare) * (float64(ordinary) + creditWrong) / float64(m.Ordinary)
		weight = min(weight, rate/(rate+alarms))
	}
	return max(measuredLeast, math.Round(weight*100)/100)
}

// marker is the beginning of the comment above what is measured.
const marker = "# Counted by `refrain lexicon measure`"

// YAML is the part of a lexicon's file in which m is kept.
func (m Measured) YAML() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s: change the phrases and run it again.\n", marker)
	fmt.Fprintf(&out, "measured:\n  refusals: %d\n  others: %d\n  ordinary: %d\n",
		m.Refusals, m.Others, m.Ordinary)
	out.WriteString("  # lines with the phrase: refusals, others, ordinary talk; its weight\n")
	out.WriteString("  phrases:\n")
	for _, c := range m.Phrases {
		fmt.Fprintf(&out, "    - [%5d, %5d, %6d, %.2f, %s]\n",
			c.Refusals, c.Others, c.Ordinary, c.Weight, strconv.Quote(c.Phrase))
	}
	return out.Bytes()
}

// measuredBlock is what YAML writes, up to the next line that is not part of it.
var measuredBlock = regexp.MustCompile(`(?m)^(?:` + marker + `.*\n(?:#.*\n)*)?` +
	`measured:.*\n?(?:(?:[ \t].*)?\n|[ \t].+$)*`)

// WithoutMeasured is source without what was measured.
func WithoutMeasured(source []byte) []byte {
	at := measuredBlock.FindIndex(source)
	if at == nil {
		return source
	}
	rest := bytes.TrimRight(source[:at[0]], "\n")
	return append(append(bytes.Clone(rest), '\n'), source[at[1]:]...)
}

// WithMeasured is source with m in place of what was measured before.
func WithMeasured(source []byte, m Measured) []byte {
	rest := bytes.TrimRight(WithoutMeasured(source), "\n")
	return append(append(bytes.Clone(rest), "\n\n"...), m.YAML()...)
}

// fileMeasured is Measured as it is written.
type fileMeasured struct {
	Refusals int         `yaml:"refusals"`
	Others   int         `yaml:"others"`
	Ordinary int         `yaml:"ordinary"`
	Phrases  []fileCount `yaml:"phrases"`
}

// fileCount is a Count as a row: three numbers, a weight and the phrase.
type fileCount struct {
	Count
	line int
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (c *fileCount) UnmarshalYAML(node *yaml.Node) error {
	c.line = node.Line
	into := []any{&c.Refusals, &c.Others, &c.Ordinary, &c.Weight, &c.Phrase}
	if node.Kind != yaml.SequenceNode || len(node.Content) != len(into) {
		return fmt.Errorf("line %d: expected three numbers, a weight and a phrase; "+
			"run `refrain lexicon measure` again", node.Line)
	}
	for i, value := range node.Content {
		if err := value.Decode(into[i]); err != nil {
			return err
		}
	}
	c.Phrase = strings.TrimSpace(c.Phrase)
	return nil
}

// measured reads what was measured and keeps it at hand for the phrases.
func (b *builder) measured(f fileMeasured) Measured {
	m := Measured{Refusals: f.Refusals, Others: f.Others, Ordinary: f.Ordinary}
	b.counts = make(map[string]*Count, len(f.Phrases))
	for _, c := range f.Phrases {
		b.checkWeight(c.Weight, c.line)
		m.Phrases = append(m.Phrases, c.Count)
		b.counts[c.Phrase] = &c.Count
	}
	return m
}
