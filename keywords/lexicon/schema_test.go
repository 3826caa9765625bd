package lexicon

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSchema checks that the schema and the parser know the same fields.
func TestSchema(t *testing.T) {
	t.Parallel()
	var schema map[string]any
	require.NoError(t, json.Unmarshal(Schema, &schema))
	known := map[string]bool{}
	collect(schema, known)
	want := map[string]bool{}
	for _, name := range append(slices.Clone(fields), phraseFields...) {
		want[name] = true
	}
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(known)))
}

func collect(node any, names map[string]bool) {
	switch n := node.(type) {
	case map[string]any:
		if properties, ok := n["properties"].(map[string]any); ok {
			for name := range properties {
				names[name] = true
			}
		}
		for _, child := range n {
			collect(child, names)
		}
	case []any:
		for _, child := range n {
			collect(child, names)
		}
	}
}
