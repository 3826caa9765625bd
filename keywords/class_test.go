package keywords

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// TestSeventhClass: a class is declared in the lexicon, and nowhere else.
func TestSeventhClass(t *testing.T) {
	t.Parallel()
	source := string(lexicon.Default().Source())
	const seventh = "classes:\n  - id: moved\n    label: 搬走\n" +
		"    says: {zh: 已搬走, en: has moved}\n    freeze: 90d\n    phrases: [早就搬走了]\n"
	lex, err := lexicon.Parse([]byte(strings.Replace(source, "\nclasses:\n", "\n"+seventh, 1)))
	require.NoError(t, err)
	j, err := New(lex, Options{})
	require.NoError(t, err)
	v := j.Text("我早就搬走了")
	require.Contains(t, counting(v), Class("moved"))
	require.Equal(t, "已搬走", lex.Says("moved", "zh"))
	require.Equal(t, "has moved", lex.Says("moved", "en"))
	require.Equal(t, "moved", lex.Says("moved", "fr"))
	require.Equal(t, lexicon.Default().Says("no_need", "en"), lex.Says("no_need", "en"))
}

// TestOldLexiconSays: a lexicon without the field speaks of the default's classes as that does.
func TestOldLexiconSays(t *testing.T) {
	t.Parallel()
	require.Equal(t, "stop calling", small(t, "").Says("stop_calling", "en"))
	require.Equal(t, "别再打", small(t, "").Says("stop_calling", "zh"))
}

func TestEveryClassSaysWhatItMeans(t *testing.T) {
	t.Parallel()
	for _, class := range lexicon.Default().Classes {
		for _, language := range lexicon.Languages {
			require.NotEmpty(t, class.Says[language], "%s in %s", class.ID, language)
		}
	}
}
