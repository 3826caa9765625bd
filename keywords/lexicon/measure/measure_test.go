package measure

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

const source = `version: v1
classes:
  - {id: no_need, label: 不需要, freeze: 60d, phrases: [不需要, 够用了]}
vetoes:
  question: {after: [吗]}
`

const labelled = "text\tlabel\tclass\tkind\n" +
	"不需要，真不需要\trefusal\tno_need\tplain\n" +
	"不需要吗\tother\t\tquestion\n够用了\tother\t\tplain\n"

func TestCounter(t *testing.T) {
	t.Parallel()
	c, err := New([]byte(source))
	require.NoError(t, err)
	require.NoError(t, c.Labelled(strings.NewReader(labelled)))
	require.NoError(t, c.Ordinary(strings.NewReader("够用了，谢谢\n\n好的\n不需要\n")))
	m := c.Measured()
	lines := []int{m.Refusals, m.Others, m.Ordinary}
	require.Equal(t, []int{1, 2, 3}, lines, "an empty line is none")
	require.Equal(t, []lexicon.Count{ // once a line, and not where it is vetoed
		{Phrase: "不需要", Refusals: 1, Ordinary: 1, Weight: m.Weigh(1, 0, 1)},
		{Phrase: "够用了", Others: 1, Ordinary: 1, Weight: m.Weigh(0, 1, 1)},
	}, m.Phrases)

	again, err := New(lexicon.WithMeasured([]byte(source), m))
	require.NoError(t, err)
	require.NoError(t, again.Labelled(strings.NewReader(labelled)))
	require.Equal(t, m.Phrases[0].Refusals, again.Measured().Phrases[0].Refusals)
}

func TestCounterRefuses(t *testing.T) {
	t.Parallel()
	_, err := New([]byte("version: v1\n"))
	require.ErrorContains(t, err, "at least one class")
	c, err := New([]byte(source))
	require.NoError(t, err)
	require.ErrorContains(t, c.Labelled(strings.NewReader("不需要\n")), "header")
	long := "好\n" + strings.Repeat("好", longestLine)
	require.ErrorContains(t, c.Ordinary(strings.NewReader(long)), "line 2")
}
