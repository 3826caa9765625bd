package keywords

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// call is one of testdata/labelled/calls.yaml, whose head explains the fields.
type call struct {
	ID           string  `yaml:"id"`
	AnswerOffset float64 `yaml:"answer_offset"`
	Turns        []struct {
		Side       asr.Side
		Start, End float64
		Text       string
	}
	Expect struct {
		Suspect bool
		Class   Class
		At      []float64
		Vetoed  []struct {
			Start float64
			Why   VetoReason
		}
	}
}

func calls(t *testing.T) []call {
	t.Helper()
	source, err := os.ReadFile("testdata/labelled/calls.yaml")
	require.NoError(t, err)
	var file struct{ Calls []call }
	require.NoError(t, yaml.Unmarshal(source, &file))
	require.NotEmpty(t, file.Calls)
	return file.Calls
}

func TestDialogue(t *testing.T) {
	t.Parallel()
	for _, c := range calls(t) {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			var turns []Turn
			for _, turn := range c.Turns {
				turns = append(turns, Turn{turn.Side, turn.Text, span(turn.Start, turn.End)})
			}
			v := byDefault().Dialogue(turns, seconds(c.AnswerOffset))
			require.Equal(t, c.Expect.Suspect, v.Suspect, summary(v))
			at, vetoed := map[float64]bool{}, map[float64]VetoReason{}
			for _, h := range v.Hits {
				start := c.Turns[h.Segment].Start
				if h.Veto == nil {
					at[start] = true
				} else {
					vetoed[start] = h.Veto.Reason
				}
			}
			for _, start := range c.Expect.At {
				require.True(t, at[start], "%v: %s", start, summary(v))
			}
			for _, veto := range c.Expect.Vetoed {
				require.False(t, at[veto.Start], "%v: %s", veto.Start, summary(v))
			}
		})
	}
}

func TestDialogueWithoutTimes(t *testing.T) {
	t.Parallel()
	v := byDefault().Dialogue([]Turn{
		{Side: asr.Agent, Text: "您不需要的话我就不打扰了"},
		{Side: asr.Customer, Text: "喂"},
		{Side: asr.Customer, Text: "我不需要，谢谢"},
	}, 0)
	require.Len(t, v.Hits, 1)
	require.Equal(t, 2, v.Hits[0].Segment)
	require.True(t, v.Suspect)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	_, wrong, hints := Check(lexicon.Default().Source())
	require.Empty(t, wrong)
	require.Empty(t, hints)
	_, wrong, _ = Check([]byte("version: v1\nclasses:\n- id: a\n  label: A\n  freeze: 1d\n  phrases: [没(兴趣, 不要]\n  wieght: 1\n"))
	require.NotEmpty(t, wrong)
	require.Equal(t, 7, wrong[0].Line)
	require.Contains(t, wrong[0].What, `did you mean "weight"?`)
	lex, wrong, hints := Check([]byte("version: v1\nclasses:\n- id: a\n  label: A\n  freeze: 1d\n  phrases:\n  - 没[有]兴趣\n  - 没兴趣\n"))
	require.NotNil(t, lex)
	require.Empty(t, wrong)
	require.Equal(t, []lexicon.Error{{Line: 8, What: `phrase "没兴趣" is hit as "没[有]兴趣" at line 7 already`}}, hints)
}

// TestDocumentedExample keeps the example in docs/lexicon.md true.
func TestDocumentedExample(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/lexicon.md")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	source, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	lex, wrong, hints := Check([]byte(source))
	require.Empty(t, wrong)
	require.Empty(t, hints)
	j, err := New(lex, Options{Unlearned: true})
	require.NoError(t, err)
	for text, suspect := range map[string]bool{
		"我们家用不上": true, "不用，谢谢": true, "不用担心": false, "不需要付押金吗": false, "不需要抵押": false,
		"能不能别再给我打": true, "我不是真的不需要": false, "别打折": false,
	} {
		require.Equal(t, suspect, j.Text(text).Suspect, text)
	}
}
