package lexicon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWeigh(t *testing.T) {
	t.Parallel()
	m := Measured{Refusals: 4000, Others: 4000, Ordinary: 100_000}
	for name, c := range map[string]struct {
		refusals, others, ordinary int
		least, most                float64
	}{
		"unknown":              {0, 0, 0, 0.75, 0.9},
		"sure":                 {100, 0, 0, measuredMost, measuredMost},
		"half of the labelled": {100, 100, 0, 0.45, 0.55},
		"said all day":         {3, 0, 500, measuredLeast, 0.1},
		"now and then":         {30, 2, 20, 0.5, 0.8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			weight := m.Weigh(c.refusals, c.others, c.ordinary)
			require.GreaterOrEqual(t, weight, c.least)
			require.LessOrEqual(t, weight, c.most)
		})
	}
	require.Greater(t, m.Weigh(9, 1, 1), m.Weigh(9, 1, 9))
	require.Greater(t, m.Weigh(9, 1, 1), m.Weigh(5, 1, 1))
}

var measured = Measured{
	Refusals: 10, Others: 20, Ordinary: 30,
	Phrases: []Count{{"不需要", 4, 1, 2, 0.7}, {"别打了", 3, 0, 0, 0.9}},
}

func TestMeasuredDecides(t *testing.T) {
	t.Parallel()
	source := WithMeasured([]byte(small), measured)
	lex, err := Parse(source)
	require.NoError(t, err, string(source))
	require.Equal(t, measured, lex.Measured)
	require.Equal(t, 60, lex.Measured.Lines())
	phrases := lex.Classes[0].Phrases
	require.InDelta(t, 0.7, phrases[0].Weight, 0, "rather than the class's")
	require.Equal(t, &measured.Phrases[0], phrases[0].Count)
	require.InDelta(t, 0.5, phrases[1].Weight, 0, "its own, written by hand")
	require.InDelta(t, 0.8, phrases[2].Weight, 0, "the class's, as it was not measured")
	require.Nil(t, phrases[2].Count)
}

func TestMeasuredIsReplaced(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"at the end":   small,
		"no last line": strings.TrimSuffix(small, "\n"),
		"own comment":  small + "\n# mine\n",
		"in the middle": "version: v1\n" + string(measured.YAML()) + strings.TrimPrefix(small,
			"version: v1\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			once := WithMeasured([]byte(source), measured)
			twice := WithMeasured(once, Measured{Ordinary: 1, Phrases: measured.Phrases})
			require.Equal(t, 1, strings.Count(string(twice), "measured:"))
			lex, err := Parse(twice)
			require.NoError(t, err)
			require.Equal(t, 1, lex.Measured.Ordinary)
			require.Equal(t, strings.Count(source, "# mine"), strings.Count(string(twice),
				"# mine"))
			bare, err := Parse(WithoutMeasured(twice))
			require.NoError(t, err)
			require.Zero(t, bare.Measured.Lines())
		})
	}
}

func TestSetMeasured(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, parts))
	counts := Measured{Ordinary: 3, Phrases: []Count{{"打错了", 1, 0, 0, 0.6}}}
	for range 2 {
		require.NoError(t, SetMeasured(dir, counts))
	}
	lex, err := Load(dir)
	require.NoError(t, err)
	require.Equal(t, counts, lex.Measured)
	require.InDelta(t, 0.6, lex.Classes[1].Phrases[0].Weight, 0)

	name := filepath.Join(dir, "flow.txt")
	flow := `{version: v1, classes: [{id: a, label: A, freeze: 1d, phrases: [x]}]}`
	require.NoError(t, os.WriteFile(name, []byte(flow), 0o640))
	require.ErrorContains(t, SetMeasured(name, counts), "is it a block of lines")
	kept, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, flow, string(kept), "what can't be read again is left alone")
}

// TestDefaultIsReadable keeps the default lexicon one that a supervisor can read.
func TestDefaultIsReadable(t *testing.T) {
	t.Parallel()
	const mostPhrases, mostCharacters = 249, 80
	lex := Default()
	require.LessOrEqual(t, lex.Phrases(), mostPhrases)
	readable := func(marks ...Mark) {
		for _, m := range marks {
			require.LessOrEqual(t, len([]rune(m.Text)), mostCharacters, m.Text)
		}
	}
	v := lex.Vetoes
	for _, marks := range [][]Mark{
		v.Narrowed, v.Deferred, v.Announcement, v.Hallucination, v.Negated.After, v.Reported.After,
	} {
		readable(marks...)
	}
	for _, class := range lex.Classes {
		readable(class.Unless...)
		for _, p := range class.Phrases {
			readable(Mark{Text: p.Text})
			readable(p.Unless...)
			require.NotEmpty(t, p.Finds, p.Text)
			require.NotEmpty(t, p.Skips, p.Text)
			require.NotNil(t, p.Count, "%s is not measured: run refrain lexicon measure", p.Text)
		}
	}
}
