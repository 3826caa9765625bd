package config

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/refrain-asr/refrain/calls"
)

// RuleSet is the rules that the configuration gives, nil where it gives none. Lines in
// its errors are counted from the key rules.
func (c Config) RuleSet() (*calls.RuleSet, error) {
	if c.Rules.IsZero() {
		return nil, nil //nolint:nilnil // no rules is no mistake
	}
	source, err := yaml.Marshal(&c.Rules)
	if err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	return calls.Parse(source)
}
