package output

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTableLinesUpWideCharacters(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	tab := Table{rows: [][]string{{"CALL", "SAID", "SCORE"}, {"c-1", "我没兴趣", "0.90"},
		{"c-22", "", "0.00"}, {"c-3", "ok，再见", ""}}}
	require.NoError(t, tab.Write(&out))
	require.Equal(t, "CALL  SAID      SCORE\nc-1   我没兴趣  0.90\nc-22            0.00\n"+
		"c-3   ok，再见\n", out.String())
}

func TestShortened(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text  string
		cells int
		want  string
	}{
		{"short", 5, "short"},
		{"longer", 5, "long…"},
		{"我没兴趣", 8, "我没兴趣"},
		{"我没兴趣了", 8, "我没兴…"},
		{"", 1, ""},
	} {
		require.Equal(t, tt.want, Shorten(tt.text, tt.cells))
	}
}
