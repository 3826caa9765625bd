package visible

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestVisible(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, cell, lines string }{
		{"plain", "我没兴趣 🙋🏽‍♀️ é", "我没兴趣 🙋🏽‍♀️ é", "我没兴趣 🙋🏽‍♀️ é"},
		{"a colour", "\x1b[31mred", `\u001b[31mred`, `\u001b[31mred`},
		{"C1", "\u009b31m", `\u009b31m`, `\u009b31m`},
		{"C1 as a byte", "\x9b31m", "\ufffd31m", "\ufffd31m"},
		{"a title", "\x1b]0;x\x07", `\u001b]0;x\u0007`, `\u001b]0;x\u0007`},
		{"overwritten", "no\ryes\b\x7f", `no\u000dyes\u0008\u007f`, `no\u000dyes\u0008\u007f`},
		{"lines", "a\tb\nc", `a\u0009b\u000ac`, "a\tb\nc"},
		{"other ends of lines", "a\u2028b\u2029c\u0085d", `a\u2028b\u2029c\u0085d`, `a\u2028b\u2029c\u0085d`},
		{"directions", "\u202e\u2066\u2069\u200f\u061c\ufeff", `\u202e\u2066\u2069\u200f\u061c\ufeff`, `\u202e\u2066\u2069\u200f\u061c\ufeff`},
		{"nothing", "\x00", `\u0000`, `\u0000`},
	} {
		require.Equal(t, tt.cell, Cell(tt.text), tt.name)
		require.Equal(t, tt.lines, Text(tt.text), tt.name)
	}
}

func FuzzVisible(f *testing.F) {
	f.Add("a\x1b[2J\u202e\x9b\n")
	f.Fuzz(func(t *testing.T, s string) {
		for _, got := range []string{Cell(s), Text(s)} {
			require.True(t, utf8.ValidString(got))
			for _, r := range got {
				require.True(t, !steers(r) || r == '\n' || r == '\t')
			}
		}
		require.NotContains(t, Cell(s), "\n")
		plain, err := json.Marshal(s)
		require.NoError(t, err)
		var before, after string
		require.NoError(t, json.Unmarshal(plain, &before))
		require.NoError(t, json.Unmarshal(JSON(plain), &after))
		require.Equal(t, before, after)
		require.Equal(t, string(JSON(plain)), Cell(string(JSON(plain))))
	})
}
