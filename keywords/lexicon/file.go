package lexicon

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/refrain-asr/refrain/fault"
)

// These types are the file as it is written; build turns them into a Lexicon.

type file struct {
	Version   string       `yaml:"version"`
	Words     fileLists    `yaml:"words"`
	Classes   []fileClass  `yaml:"classes"`
	Compounds []fileText   `yaml:"compounds"`
	Sounds    []fileText   `yaml:"sounds"`
	Around    fileAround   `yaml:"around"`
	Vetoes    fileVetoes   `yaml:"vetoes"`
	Answers   *fileAnswers `yaml:"answers"`
	Learned   fileText     `yaml:"learned"`
	Measured  fileMeasured `yaml:"measured"`
	// Correction is what was learned from decisions.
	Correction fileCorrection `yaml:"learned_here"`
}

type fileClass struct {
	ID      located[string]            `yaml:"id"`
	Label   string                     `yaml:"label"`
	Says    map[string]located[string] `yaml:"says"`
	Freeze  located[string]            `yaml:"freeze"`
	Weight  located[float64]           `yaml:"weight"`
	Asked   bool                       `yaml:"asked"`
	Despite []fileText                 `yaml:"despite"`
	// Suffices is true where it is not given.
	Suffices *bool `yaml:"suffices"`
	// Review is read from lexicons of old, in which it never had an effect.
	Review  located[bool]   `yaml:"review"`
	Track   located[string] `yaml:"track"`
	First   located[string] `yaml:"first"`
	Last    located[string] `yaml:"last"`
	Unless  []fileText      `yaml:"unless"`
	Phrases []filePhrase    `yaml:"phrases"`
}

type fileAround struct {
	Before []fileText `yaml:"before"`
	After  []fileText `yaml:"after"`
}

type fileVetoes struct {
	Negated       fileBefore   `yaml:"negated"`
	Question      fileQuestion `yaml:"question"`
	Condition     fileQuestion `yaml:"condition"`
	Reported      fileBefore   `yaml:"reported"`
	Narrowed      []fileText   `yaml:"narrowed"`
	Deferred      []fileText   `yaml:"deferred"`
	Announcement  []fileText   `yaml:"announcement"`
	Hallucination []fileText   `yaml:"hallucination"`
}

type fileAnswers struct {
	Class fileText   `yaml:"class"`
	No    []fileText `yaml:"no"`
	None  []fileText `yaml:"none"`
	Offer []fileText `yaml:"offer"`
	Other []fileText `yaml:"other"`
}

type fileBefore struct {
	Before  []fileText `yaml:"before"`
	Between []fileText `yaml:"between"`
	Far     []fileText `yaml:"far"`
	After   []fileText `yaml:"after"`
	Unless  []fileText `yaml:"unless"`
}

type fileQuestion struct {
	Before []fileText `yaml:"before"`
	After  []fileText `yaml:"after"`
	Unless []fileText `yaml:"unless"`
}

// fileLists are the lists under words, in the order of the file.
type fileLists []fileList

type fileList struct {
	name  string
	line  int
	words []fileText
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (l *fileLists) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: words has lists with names, such as 我: [我, 我们]", node.Line)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		list := fileList{name: strings.TrimSpace(node.Content[i].Value), line: node.Content[i].Line}
		if err := node.Content[i+1].Decode(&list.words); err != nil {
			return err
		}
		*l = append(*l, list)
	}
	return nil
}

// located is a plain value with the line it stands in.
type located[T any] struct {
	value T
	line  int
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (l *located[T]) UnmarshalYAML(node *yaml.Node) error {
	l.line = node.Line
	return node.Decode(&l.value)
}

// fileText is a scalar: YAML's own readings of it (null, 12315 as a number) are not
// wanted.
type fileText Text

// UnmarshalYAML implements yaml.Unmarshaler.
func (t *fileText) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: expected a piece of text", node.Line)
	}
	t.Text, t.Line = strings.TrimSpace(node.Value), node.Line
	return nil
}

// fileTexts are one text or a list of them.
type fileTexts []fileText

// UnmarshalYAML implements yaml.Unmarshaler.
func (t *fileTexts) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.SequenceNode {
		return node.Decode((*[]fileText)(t))
	}
	var one fileText
	err := one.UnmarshalYAML(node)
	*t = fileTexts{one}
	return err
}

// filePhrase is either a text or a mapping with the fields of phraseFields.
type filePhrase struct {
	fileText
	weight   *float64
	whole    bool
	suffices *bool
	despite  []fileText
	unless   []fileText
	finds    fileTexts
	skips    fileTexts
}

var phraseFields = []string{
	"text", "finds", "skips", "weight", "whole", "suffices", "despite", "unless",
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (p *filePhrase) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return p.fileText.UnmarshalYAML(node)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if err := p.field(node.Content[i], node.Content[i+1]); err != nil {
			return err
		}
	}
	p.Line = node.Line
	return nil
}

func (p *filePhrase) field(key, value *yaml.Node) error {
	switch key.Value {
	case "text":
		return p.fileText.UnmarshalYAML(value)
	case "weight":
		return value.Decode(&p.weight)
	case "whole":
		return value.Decode(&p.whole)
	case "suffices":
		return value.Decode(&p.suffices)
	case "despite":
		return value.Decode(&p.despite)
	case "unless":
		return value.Decode(&p.unless)
	case "finds":
		return value.Decode(&p.finds)
	case "skips":
		return value.Decode(&p.skips)
	}
	return fmt.Errorf("line %d: a phrase has no field %q%s; it has %s",
		key.Line, key.Value, fault.DidYouMean(key.Value, phraseFields),
		strings.Join(phraseFields, ", "))
}

// period reads "60d" or "until_released", which is 0.
func period(text string) (time.Duration, error) {
	const most = 3650
	if text == "until_released" {
		return 0, nil
	}
	digits, isDays := strings.CutSuffix(text, "d")
	days, err := strconv.Atoi(digits)
	if !isDays || err != nil || days < 1 || days > most {
		return 0, fmt.Errorf("freeze %q: write a number of days from 1d to %dd, or until_released",
			text, most)
	}
	return time.Duration(days) * 24 * time.Hour, nil
}

// seconds reads "30s"; "" is 0.
func seconds(text string) (time.Duration, error) {
	const most = 3600
	if text == "" {
		return 0, nil
	}
	digits, isSeconds := strings.CutSuffix(text, "s")
	n, err := strconv.Atoi(digits)
	if !isSeconds || err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%q: write a number of seconds from 1s to %ds", text, most)
	}
	return time.Duration(n) * time.Second, nil
}
