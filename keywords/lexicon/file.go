package lexicon

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// These types are the file as it is written; build turns them into a Lexicon.

type file struct {
	Version   string      `yaml:"version"`
	Classes   []fileClass `yaml:"classes"`
	Compounds []fileText  `yaml:"compounds"`
	Around    fileAround  `yaml:"around"`
	Vetoes    fileVetoes  `yaml:"vetoes"`
}

type fileClass struct {
	ID      located[string]  `yaml:"id"`
	Label   string           `yaml:"label"`
	Freeze  located[string]  `yaml:"freeze"`
	Weight  located[float64] `yaml:"weight"`
	Asked   bool             `yaml:"asked"`
	Phrases []filePhrase     `yaml:"phrases"`
}

type fileAround struct {
	Before []fileText `yaml:"before"`
	After  []fileText `yaml:"after"`
}

type fileVetoes struct {
	Negated struct {
		Before  []fileText `yaml:"before"`
		Between []fileText `yaml:"between"`
		Unless  []fileText `yaml:"unless"`
	} `yaml:"negated"`
	Question struct {
		Before []fileText `yaml:"before"`
		After  []fileText `yaml:"after"`
		Unless []fileText `yaml:"unless"`
	} `yaml:"question"`
	Hallucination []fileText `yaml:"hallucination"`
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

// filePhrase is either a text or {text, weight, whole}.
type filePhrase struct {
	fileText
	weight *float64
	whole  bool
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
	}
	return fmt.Errorf("line %d: a phrase has no field %q; it has text, weight and whole", key.Line, key.Value)
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
		return 0, fmt.Errorf("freeze %q: write a number of days from 1d to %dd, or until_released", text, most)
	}
	return time.Duration(days) * 24 * time.Hour, nil
}
