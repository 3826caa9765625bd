package lexicon

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/refrain-asr/refrain/fault"
)

// fileCorrection is Correction as it is written.
type fileCorrection struct {
	line    int
	off     bool
	written fileCorrectionFields
}

type fileCorrectionFields struct {
	Enabled   *bool            `yaml:"enabled"`
	Made      located[string]  `yaml:"made"`
	Upon      string           `yaml:"upon"`
	Model     string           `yaml:"model"`
	Confirmed located[int]     `yaml:"confirmed"`
	Dismissed located[int]     `yaml:"dismissed"`
	Shift     located[float64] `yaml:"shift"`
	Items     []fileItem       `yaml:"items"`
}

var correctionFields = []string{"enabled", "made", "upon", "model", "confirmed", "dismissed",
	"shift", "items"}

// UnmarshalYAML implements yaml.Unmarshaler.
func (c *fileCorrection) UnmarshalYAML(node *yaml.Node) error {
	c.line = node.Line
	if node.Kind == yaml.ScalarNode && node.Value == "off" {
		c.off = true
		return nil
	}
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: learned_here is off, or what `refrain lexicon learn` wrote",
			node.Line)
	}
	for i := 0; i < len(node.Content); i += 2 {
		key := node.Content[i]
		if !slices.Contains(correctionFields, key.Value) { // a decoder within one is lenient
			return fmt.Errorf("line %d: learned_here has no field %q%s; it has %s", key.Line,
				key.Value, fault.DidYouMean(key.Value, correctionFields),
				strings.Join(correctionFields, ", "))
		}
	}
	return node.Decode(&c.written)
}

// fileItem is an Item as a row: its weight, two counts, its kind and its text.
type fileItem Item

// UnmarshalYAML implements yaml.Unmarshaler.
func (i *fileItem) UnmarshalYAML(node *yaml.Node) error {
	into := []any{&i.Weight, &i.Confirmed, &i.Dismissed, &i.Kind, &i.Text}
	if node.Kind != yaml.SequenceNode || len(node.Content) != len(into) {
		return fmt.Errorf("line %d: expected a weight, two counts, a kind and a text; run "+
			"`refrain lexicon learn` again", node.Line)
	}
	i.Line = node.Line
	for k, value := range node.Content {
		if err := value.Decode(into[k]); err != nil {
			return err
		}
	}
	i.Text = strings.TrimSpace(i.Text)
	return nil
}

// correction reads what was learned here; known are the lexicon's classes.
func (b *builder) correction(f fileCorrection, known []Class) *Correction {
	w := f.written
	if f.line == 0 {
		return nil
	}
	c := &Correction{Off: f.off || !orTrue(w.Enabled), Upon: w.Upon, Model: w.Model,
		Confirmed: w.Confirmed.value, Dismissed: w.Dismissed.value, Shift: w.Shift.value}
	var err error
	if c.Made, err = time.Parse(time.RFC3339, w.Made.value); err != nil && !f.off {
		b.fail(max(w.Made.line, f.line), "made %q: write a time such as 2026-05-01T09:30:00Z",
			w.Made.value)
	}
	if c.Confirmed < 0 || c.Dismissed < 0 {
		b.fail(f.line, "counts of decisions under 0")
	}
	if !(math.Abs(c.Shift) <= MostCorrection) {
		b.fail(w.Shift.line, "shift %v: use a number from %v to %v", c.Shift, -MostCorrection,
			MostCorrection)
	}
	if len(w.Items) > MostItems {
		b.fail(f.line, "learned_here has %d items; the most is %d", len(w.Items), MostItems)
	}
	c.Items = b.items(w.Items, known)
	return c
}

func (b *builder) items(list []fileItem, known []Class) []Item {
	seen := map[[2]string]int{}
	var items []Item
	for _, f := range list {
		i := Item(f)
		key := [2]string{string(i.Kind), i.Text}
		if line, twice := seen[key]; twice {
			b.fail(i.Line, "%s %q is there already, at line %d", i.Kind, i.Text, line)
		}
		seen[key] = i.Line
		if !(math.Abs(i.Weight) <= MostCorrection) {
			b.fail(i.Line, "weight %v: use a number from %v to %v", i.Weight, -MostCorrection,
				MostCorrection)
		}
		if i.Confirmed < 0 || i.Dismissed < 0 {
			b.fail(i.Line, "counts under 0")
		}
		b.item(i, known)
		items = append(items, i)
	}
	return items
}

// item checks what i speaks of.
func (b *builder) item(i Item, known []Class) {
	gone := false
	switch i.Kind {
	case Run:
		if !isRun(i.Text) {
			b.fail(i.Line, "run %q: write %d to %d characters without spaces and punctuation",
				i.Text, ShortestRun, LongestRun)
		}
	case OfPhrase:
		gone = b.seen[i.Text] == 0
	case OfClass:
		gone = !slices.ContainsFunc(known, func(c Class) bool { return c.ID == i.Text })
	case Unnamed:
		if i.Text != "" {
			b.fail(i.Line, "no_phrase %q: it has no text; write \"\"", i.Text)
		}
	case Length:
		if n, err := strconv.Atoi(i.Text); err != nil || n < 0 || LengthOf(n) != i.Text {
			b.fail(i.Line, "length %q: write 0, or a multiple of %d up to %d", i.Text, LengthStep,
				LongLength)
		}
	default:
		b.fail(i.Line, "kind %q: there is no such thing%s; there are %s", string(i.Kind),
			fault.DidYouMean(string(i.Kind), itemKinds), strings.Join(itemKinds, ", "))
	}
	if gone {
		b.odd = append(b.odd, Error{Line: i.Line, What: fmt.Sprintf("%s %q is none of this "+
			"lexicon any more, so what was learned of it does nothing; run `refrain lexicon "+
			"learn` again", i.Kind, i.Text)})
	}
}

func isRun(text string) bool {
	n := utf8.RuneCountInString(text)
	return n >= ShortestRun && n <= LongestRun && !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r)
	})
}
