package lexicon

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProblems(t *testing.T) {
	t.Parallel()
	_, parsed := Parse([]byte("version: x\nclases: []\n"))
	for name, tt := range map[string]struct {
		err  error
		want []int
	}{
		"none":           {nil, nil},
		"the reader's":   {parsed, []int{2}},
		"a list of ours": {errors.Join(Error{Line: 3, What: "a"}, Error{What: "b"}), []int{3, 0}},
		"something else": {errors.New("disk on fire"), []int{0}},
		"no YAML":        {errors.New("yaml: line 7: did not find expected node"), []int{7}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lines []int
			for _, p := range Problems(tt.err) {
				lines = append(lines, p.Line)
				require.NotEmpty(t, p.What)
			}
			require.Equal(t, tt.want, lines)
		})
	}
}
