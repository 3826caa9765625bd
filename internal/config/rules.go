package config

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/refrain-asr/refrain/calls"
)

// configuredName is what rules of the configuration are called where it gives no name.
const configuredName = "configured"

// RuleSet is the rules that the configuration gives, nil where it gives none. Lines in
// its errors are counted from the key rules.
func (c Config) RuleSet() (*calls.RuleSet, error) {
	if c.Rules.IsZero() {
		return nil, nil //nolint:nilnil // no rules is no mistake
	}
	whole, err := completed(&c.Rules)
	if err != nil {
		return nil, err
	}
	source, err := yaml.Marshal(whole)
	if err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	return calls.Parse(source)
}

// completed adds what is left out, so that one line can turn the calling hours on: the
// name and the list of rules, and the zone, as its own default might become another. The
// parts of hours and guard have their defaults already. It is added at the end, so that
// the lines above stay where they are.
func completed(given *yaml.Node) (*yaml.Node, error) {
	if given.Kind != yaml.MappingNode {
		return given, nil // which calls.Parse refuses
	}
	var shipped yaml.Node
	if err := yaml.Unmarshal(calls.Default().Source(), &shipped); err != nil {
		return nil, fmt.Errorf("read the rules that come with Refrain: %w", err)
	}
	whole := *given
	whole.Style = 0 // a list over lines does not fit into braces
	whole.Content = append([]*yaml.Node{}, given.Content...)
	for _, key := range []string{"name", "zone", "rules"} {
		if value(given, key) != nil {
			continue
		}
		added := value(shipped.Content[0], key)
		if key == "name" {
			added = &yaml.Node{Kind: yaml.ScalarNode, Value: configuredName}
		}
		whole.Content = append(whole.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, added)
	}
	return &whole, nil
}

// value is what a mapping gives for a key, nil for nothing.
func value(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}
